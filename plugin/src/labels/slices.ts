import { axisIndex, createData, type DataType, elementCount, type LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';

/**
 * The array with everything outside the chosen slices at its fill value 0, and not computed.
 *
 * @param lazy    canonical, with a chunk of one along z and t
 * @param slices  indices along z and t that count; an axis the array lacks is not looked at
 */
export function onlySlices<T extends DataType>(
  lazy: LazyArray<T>,
  slices: { readonly z: readonly number[]; readonly t: readonly number[] },
): LazyArray<T> {
  const chosen = [
    { axis: axisIndex(lazy.axes, 'z'), indices: new Set(slices.z) },
    { axis: axisIndex(lazy.axes, 't'), indices: new Set(slices.t) },
  ].filter(({ axis }) => axis !== -1);
  return {
    axes: lazy.axes,
    shape: lazy.shape,
    chunkShape: lazy.chunkShape,
    dtype: lazy.dtype,
    fillValue: lazy.fillValue,
    transform: lazy.transform,
    get revision() {
      return lazy.revision;
    },
    async getChunk(index, options) {
      const { start, stop } = chunkRegion(lazy, index);
      if (chosen.every(({ axis, indices }) => indices.has(start[axis]!)))
        return lazy.getChunk(index, options);
      const shape = start.map((begin, axis) => stop[axis]! - begin);
      return { data: createData(lazy.dtype, elementCount(shape)), shape };
    },
  };
}
