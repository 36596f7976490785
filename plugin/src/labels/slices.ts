import {
  axisIndex,
  type ChunkData,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
} from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { wrapped } from '../array/wrapped.ts';

/**
 * The array with everything outside the chosen slices at 0; a chunk that holds none of them is not computed.
 *
 * @param lazy    the fill value is 0
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
  return wrapped(lazy, async (index, options) => {
    const { start, stop } = chunkRegion(lazy, index);
    const left = chosen.map(({ axis, indices }) => ({
      axis,
      out: range(start[axis]!, stop[axis]!).filter((slice) => !indices.has(slice)),
    }));
    const isWhole = left.every(({ out }) => out.length === 0);
    if (isWhole) return lazy.getChunk(index, options);
    const shape = start.map((begin, axis) => stop[axis]! - begin);
    const isEmpty = left.some(({ axis, out }) => out.length === shape[axis]);
    if (isEmpty) return { data: createData(lazy.dtype, elementCount(shape)), shape };
    const { data } = await lazy.getChunk(index, options);
    const kept = data.slice() as ChunkData[T];
    for (const { axis, out } of left)
      clearSlices(
        kept,
        shape,
        axis,
        out.map((slice) => slice - start[axis]!),
      );
    return { data: kept, shape };
  });
}

function clearSlices<T extends DataType>(
  data: ChunkData[T],
  shape: readonly number[],
  axis: number,
  slices: readonly number[],
): void {
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  for (let i = 0; i < outer; i++) {
    for (const slice of slices) {
      const start = (i * shape[axis]! + slice) * inner;
      if (data instanceof BigInt64Array || data instanceof BigUint64Array)
        data.fill(0n, start, start + inner);
      else data.fill(0, start, start + inner);
    }
  }
}

function range(start: number, stop: number): number[] {
  return Array.from({ length: stop - start }, (_, i) => start + i);
}
