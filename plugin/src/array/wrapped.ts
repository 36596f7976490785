import type { Chunk, ChunkOptions, DataType, LazyArray } from './lazy-array.ts';

/**
 * The same array with another way to its chunks, and where `geometry` says so another shape. `revision` is
 * read through to `lazy` whenever it is asked for: a copy would go stale.
 */
export function wrapped<T extends DataType>(
  lazy: LazyArray<T>,
  getChunk: (index: readonly number[], options: ChunkOptions) => Promise<Chunk<T>>,
  geometry: Pick<LazyArray, 'axes' | 'shape' | 'chunkShape' | 'transform'> = lazy,
): LazyArray<T> {
  return {
    axes: geometry.axes,
    shape: geometry.shape,
    chunkShape: geometry.chunkShape,
    transform: geometry.transform,
    dtype: lazy.dtype,
    fillValue: lazy.fillValue,
    get revision() {
      return lazy.revision;
    },
    getChunk,
  };
}
