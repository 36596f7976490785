import { type ChunkData, createData, type DataType, elementCount } from '../array/lazy-array.ts';
import type { Region } from '../array/region.ts';

/** A box of elements somewhere in a larger array. */
export interface Block<T extends DataType> {
  /** C order, of `region`'s shape. */
  readonly data: ChunkData[T];
  readonly region: Region;
}

export interface ModeOptions {
  /** Source elements per target element along each axis, at least 1; need not be whole. */
  readonly factors: readonly number[];
  /** Shape of the whole source array. */
  readonly sourceShape: readonly number[];
}

/** Rounding noise of `i · f` forgiven when it lands beside a whole number: 15 · 2.2 must be 33. */
const noise = 1e-9;

/**
 * Source elements along one axis that target element `i` covers: `[floor(i·f), ceil((i+1)·f))`, clipped to the
 * source; beyond its end, the last element.
 */
export function coveredRange(i: number, factor: number, size: number): { start: number; stop: number } {
  const start = Math.min(Math.floor(i * factor * (1 + noise)), size - 1);
  const stop = Math.min(Math.ceil((i + 1) * factor * (1 - noise)), size);
  return { start, stop: Math.max(stop, start + 1) };
}

/** The source region that `target` (a region of the coarser array) is computed from. */
export function modeSourceRegion(target: Region, { factors, sourceShape }: ModeOptions): Region {
  const range = (i: number, axis: number) => coveredRange(i, factors[axis]!, sourceShape[axis]!);
  return {
    start: target.start.map((i, axis) => range(i, axis).start),
    stop: target.stop.map((i, axis) => range(i - 1, axis).stop),
  };
}

/**
 * Downsample ids by their mode: each target element takes the id that most of the elements it covers have.
 * Ties go to the smallest id; 0 counts like any id.
 *
 * @param source  at least {@link modeSourceRegion} of `target`
 * @param target  region of the coarser array to compute
 * @returns       C order, of `target`'s shape; the caller owns the buffer
 */
export function modeDownsample<T extends DataType>(
  dtype: T,
  source: Block<T>,
  target: Region,
  options: ModeOptions,
): ChunkData[T] {
  const shape = target.start.map((start, axis) => target.stop[axis]! - start);
  const out = createData(dtype, elementCount(shape));
  if (out.length === 0) return out;
  const axes = axisRanges(source.region, target, options);
  const scratch = createData(dtype, Math.max(1, elementCount(axes.map(({ longest }) => longest))));
  // One concrete element type to index with; ids of 64 bits are bigints, which compare alike.
  const from = source.data as Uint32Array;
  const to = out as Uint32Array;
  const ids = scratch as Uint32Array;
  const rank = shape.length;
  let at = 0;
  let count = 0;
  const gather = (axis: number, base: number, index: readonly number[]): void => {
    const { starts, stops, stride } = axes[axis]!;
    const begin = starts[index[axis]!]!;
    const end = stops[index[axis]!]!;
    if (axis < rank - 1) {
      for (let i = begin; i < end; i++) gather(axis + 1, base + i * stride, index);
      return;
    }
    for (let i = begin; i < end; i++) ids[count++] = from[base + i]!;
  };
  const index = shape.map(() => 0);
  const last = rank - 1;
  const fastPairs = rank >= 2 && isPairs(axes);
  const walk = (axis: number, base: number): void => {
    const { starts } = axes[axis]!;
    if (fastPairs && axis === rank - 2) {
      at = pairs(from, to, { at, base, rows: axes[axis]!, cols: axes[last]! });
      return;
    }
    for (let i = 0; i < starts.length; i++) {
      index[axis] = i;
      if (axis < last) {
        // Axes of factor 1 are walked, not gathered, on the fast path.
        walk(axis + 1, fastPairs ? base + starts[i]! * axes[axis]!.stride : 0);
        continue;
      }
      count = 0;
      gather(0, 0, index);
      to[at++] = modeOf(ids, count);
    }
  };
  walk(0, 0);
  return out;
}

interface AxisRanges {
  readonly starts: Int32Array;
  readonly stops: Int32Array;
  readonly stride: number;
  readonly longest: number;
}

function axisRanges(source: Region, target: Region, { factors, sourceShape }: ModeOptions): AxisRanges[] {
  let stride = 1;
  const axes: AxisRanges[] = [];
  for (let axis = target.start.length - 1; axis >= 0; axis--) {
    const origin = source.start[axis]!;
    const first = target.start[axis]!;
    const size = target.stop[axis]! - first;
    const starts = new Int32Array(size);
    const stops = new Int32Array(size);
    let longest = 0;
    for (let i = 0; i < size; i++) {
      const { start, stop } = coveredRange(first + i, factors[axis]!, sourceShape[axis]!);
      starts[i] = start - origin;
      stops[i] = stop - origin;
      longest = Math.max(longest, stop - start);
    }
    axes.unshift({ starts, stops, stride, longest });
    stride *= source.stop[axis]! - origin;
  }
  return axes;
}

/** True where the last two axes are halved and no other axis shrinks: by far the most common pyramid. */
function isPairs(axes: readonly AxisRanges[]): boolean {
  return axes.every(({ longest, starts, stops }, axis) => {
    const wanted = axis >= axes.length - 2 ? 2 : 1;
    return longest <= wanted && starts.every((start, i) => stops[i]! - start <= wanted);
  });
}

function pairs(
  from: Uint32Array,
  to: Uint32Array,
  place: { at: number; readonly base: number; readonly rows: AxisRanges; readonly cols: AxisRanges },
): number {
  const { base, rows, cols } = place;
  let at = place.at;
  for (let y = 0; y < rows.starts.length; y++) {
    const upper = base + rows.starts[y]! * rows.stride;
    const lower = base + (rows.stops[y]! - 1) * rows.stride;
    for (let x = 0; x < cols.starts.length; x++) {
      const left = cols.starts[x]!;
      const right = cols.stops[x]! - 1;
      const a = from[upper + left]!;
      const b = from[upper + right]!;
      const c = from[lower + left]!;
      const d = from[lower + right]!;
      to[at++] = a === b && c === d && a === c ? a : modeOfFour(a, b, c, d);
    }
  }
  return at;
}

function modeOfFour(a: number, b: number, c: number, d: number): number {
  let best = a;
  let votes = 1 + +(a === b) + +(a === c) + +(a === d);
  const bVotes = 1 + +(b === a) + +(b === c) + +(b === d);
  if (bVotes > votes || (bVotes === votes && b < best)) {
    best = b;
    votes = bVotes;
  }
  const cVotes = 1 + +(c === a) + +(c === b) + +(c === d);
  if (cVotes > votes || (cVotes === votes && c < best)) {
    best = c;
    votes = cVotes;
  }
  const dVotes = 1 + +(d === a) + +(d === b) + +(d === c);
  return dVotes > votes || (dVotes === votes && d < best) ? d : best;
}

/** Mode of the first `count` ids; sorts them in place where they differ. */
function modeOf(ids: Uint32Array, count: number): number {
  const first = ids[0]!;
  let same = 1;
  while (same < count && ids[same] === first) same++;
  if (same === count) return first;
  const sorted = ids.subarray(0, count).sort();
  let best = sorted[0]!;
  let bestVotes = 0;
  let start = 0;
  for (let i = 1; i <= count; i++) {
    if (i < count && sorted[i] === sorted[start]) continue;
    // Strictly more: an equal count of a later, larger id loses.
    if (i - start > bestVotes) {
      bestVotes = i - start;
      best = sorted[start]!;
    }
    start = i;
  }
  return best;
}
