import type { ChunkOptions, LazyArray } from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';
import type { SliceRegion } from './types.ts';

/** The rectangle of a slice that a chunk of (t?, z?, y, x, c) covers. */
export function sliceOfChunk(
  array: Pick<LazyArray, 'axes' | 'shape' | 'chunkShape'>,
  index: readonly number[],
): SliceRegion {
  const { start, stop } = chunkRegion(array, index);
  const along = (name: string, values: readonly number[]) =>
    values[array.axes.findIndex((axis) => axis.name === name)];
  return {
    t: along('t', start) ?? 0,
    z: along('z', start) ?? 0,
    y0: along('y', start)!,
    y1: along('y', stop)!,
    x0: along('x', start)!,
    x1: along('x', stop)!,
  };
}

/**
 * All values of the elements of a rectangle of a slice, which lies within the array.
 *
 * @param array  float32 (t?, z?, y, x, c)
 * @returns      float32 [height · width, c]; the caller owns the buffer
 */
export async function readSliceRegion(
  array: LazyArray<'float32'>,
  { t, z, y0, y1, x0, x1 }: SliceRegion,
  options: ChunkOptions,
): Promise<Float32Array> {
  const bounds = new Map<string, readonly [number, number]>([
    ['t', [t, t + 1]],
    ['z', [z, z + 1]],
    ['y', [y0, y1]],
    ['x', [x0, x1]],
    ['c', [0, array.shape.at(-1)!]],
  ]);
  const box = {
    start: array.axes.map(({ name }) => bounds.get(name)![0]),
    stop: array.axes.map(({ name }) => bounds.get(name)![1]),
  };
  return (await readRegion(array, box, options)).data;
}
