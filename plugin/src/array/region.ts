import {
  type Chunk,
  type ChunkOptions,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
} from './lazy-array.ts';

/** Half-open box of elements, one entry an axis. */
export interface Region {
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

/** The region chunk `index` covers, clipped to the array. */
export function chunkRegion(
  array: Pick<LazyArray, 'shape' | 'chunkShape'>,
  index: readonly number[],
): Region {
  const start = index.map((position, axis) => position * (array.chunkShape[axis] ?? 1));
  const stop = start.map((begin, axis) =>
    Math.min(begin + (array.chunkShape[axis] ?? 1), array.shape[axis] ?? 0),
  );
  return { start, stop };
}

/** Indices of the chunks that touch `region`, in C order. The region must lie inside the array. */
export function chunksOf(array: Pick<LazyArray, 'chunkShape'>, region: Region): number[][] {
  let indices: number[][] = [[]];
  region.start.forEach((start, axis) => {
    const size = array.chunkShape[axis] ?? 1;
    const stop = region.stop[axis] ?? start;
    const next: number[][] = [];
    for (const prefix of indices) {
      for (let c = Math.floor(start / size); c * size < stop; c++) next.push([...prefix, c]);
    }
    indices = next;
  });
  return indices;
}

/**
 * Read a box of elements, whatever chunks it spans.
 *
 * @param region  half-open; must lie inside the array
 * @returns       a chunk of the region's shape, C order; the caller owns the buffer
 */
export async function readRegion<T extends DataType>(
  array: LazyArray<T>,
  region: Region,
  options: ChunkOptions,
): Promise<Chunk<T>> {
  const shape = region.start.map((start, axis) => (region.stop[axis] ?? start) - start);
  const data = createData(array.dtype, elementCount(shape));
  await Promise.all(
    chunksOf(array, region).map(async (index) => {
      const chunk = await array.getChunk(index, options);
      copyOverlap(chunk, chunkRegion(array, index).start, { data, shape }, region.start);
    }),
  );
  return { data, shape };
}

/** Copy the elements that both boxes cover; `fromStart` and `toStart` place them in one index space. */
export function copyOverlap<T extends DataType>(
  from: Chunk<T>,
  fromStart: readonly number[],
  to: Chunk<T>,
  toStart: readonly number[],
): void {
  const rank = to.shape.length;
  const begin: number[] = [];
  const end: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    begin.push(Math.max(fromStart[axis]!, toStart[axis]!));
    end.push(Math.min(fromStart[axis]! + from.shape[axis]!, toStart[axis]! + to.shape[axis]!));
    if (begin[axis]! >= end[axis]!) return;
  }
  const isWhole = (axis: number): boolean => {
    const length = end[axis]! - begin[axis]!;
    return length === from.shape[axis] && length === to.shape[axis];
  };
  // Trailing axes that are whole on both sides lie one after the other: they are copied at once.
  let last = rank - 1;
  let inner = 1;
  while (last > 0 && isWhole(last)) inner *= from.shape[last--]!;
  const walk = (axis: number, fromOffset: number, toOffset: number): void => {
    const fromBase = fromOffset * from.shape[axis]! + begin[axis]! - fromStart[axis]!;
    const toBase = toOffset * to.shape[axis]! + begin[axis]! - toStart[axis]!;
    const length = end[axis]! - begin[axis]!;
    if (axis === last) {
      const run = (from.data as Uint8Array).subarray(fromBase * inner, (fromBase + length) * inner);
      // Same dtype on both sides by the signature; `set` wants one concrete element type.
      (to.data as Uint8Array).set(run, toBase * inner);
      return;
    }
    for (let i = 0; i < length; i++) walk(axis + 1, fromBase + i, toBase + i);
  };
  if (rank === 0) (to.data as Uint8Array).set(from.data as Uint8Array);
  else walk(0, 0, 0);
}
