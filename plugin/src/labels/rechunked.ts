import type { DataType, LazyArray } from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';

/** The same array in chunks of another shape; where it has that shape already, itself. */
export function rechunked<T extends DataType>(
  lazy: LazyArray<T>,
  chunkShape: readonly number[],
): LazyArray<T> {
  // A nominal chunk larger than the array is the same one chunk along that axis.
  const same = chunkShape.every(
    (size, axis) =>
      size === lazy.chunkShape[axis] || (size >= lazy.shape[axis]! && lazy.chunkShape[axis]! >= size),
  );
  const { axes, shape, dtype, fillValue, transform } = lazy;
  return {
    axes,
    shape,
    chunkShape,
    dtype,
    fillValue,
    transform,
    get revision() {
      return lazy.revision;
    },
    async getChunk(index, options) {
      if (same) return lazy.getChunk(index, options);
      const region = chunkRegion({ shape, chunkShape }, index);
      return readRegion(lazy, region, options);
    },
  };
}
