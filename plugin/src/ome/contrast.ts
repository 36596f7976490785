import {
  axisIndex,
  type Chunk,
  chunkCounts,
  type DataType,
  elementCount,
  type LazyArray,
} from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import type { ReadOptions } from './metadata-file.ts';

/** Contrast limits of one channel in stored values. */
export interface Contrast {
  /** 0.1 and 99.9 percentiles; `end > start` always. */
  readonly start: number;
  readonly end: number;
  /** Smallest and largest value seen. */
  readonly min: number;
  readonly max: number;
}

/** Elements read at most, over all channels: a few hundred milliseconds of decoding. */
const elementLimit = 2 ** 24;
/** Chunks in flight: what a browser opens to one server. */
const concurrency = 6;
const lowQuantile = 0.001;
const highQuantile = 0.999;

/**
 * Contrast limits from the pixels of a level, over all its z and t.
 *
 * Exact (as `numpy.percentile`, linear between neighbours) up to 2^24 elements; beyond that from chunks
 * spread evenly over the level, the same ones every time. NaN and infinities are left out; a channel
 * of one value v gives v … v + 1, one without any finite value 0 … 1. Damaged chunks are left out:
 * they show as failed where they are drawn.
 *
 * @param level     any axis order; `c` may be missing (then the only channel is 0)
 * @param channels  indices along `c`
 * @returns         one entry for each of `channels`, in their order
 * @throws AlibiError of the store, or the signal's abort reason
 */
export async function estimateContrast(
  level: LazyArray,
  channels: readonly number[],
  options: ReadOptions = {},
): Promise<Contrast[]> {
  const result: Contrast[] = [];
  for (const group of groupsOf(channels, level)) result.push(...(await estimateGroup(level, group, options)));
  return result;
}

/** Channels at a time: their histograms take 64 MiB at most, and nearly every image is one group. */
const channelsAtATime = 128;

/** Groups end where chunks do, unless a chunk holds more channels than a group: then it is decoded once for each. */
function groupsOf(channels: readonly number[], level: LazyArray): number[][] {
  const axis = axisIndex(level.axes, 'c');
  const inChunk = axis < 0 ? 1 : level.chunkShape[axis]!;
  const size = inChunk > channelsAtATime ? channelsAtATime : channelsAtATime - (channelsAtATime % inChunk);
  const groups: number[][] = [];
  for (let at = 0; at < channels.length; at += size) groups.push(channels.slice(at, at + size));
  return groups;
}

async function estimateGroup(
  level: LazyArray,
  channels: readonly number[],
  options: ReadOptions,
): Promise<Contrast[]> {
  const tallies = new Map(channels.map((channel) => [channel, createTally(level.dtype)]));
  const axis = axisIndex(level.axes, 'c');
  const indices = sampleChunks(level, axis, channels);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < indices.length) {
      options.signal?.throwIfAborted();
      const index = indices[next++]!;
      const chunk = await level.getChunk(index, options).catch((error: unknown) => {
        if (!(error instanceof AlibiError && error.tag === 'Integrity')) throw error;
        return undefined;
      });
      if (chunk === undefined) continue;
      tallyChunk(chunk, axis, axis < 0 ? 0 : chunkRegion(level, index).start[axis]!, tallies);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, indices.length) }, work));
  return channels.map((channel) => summarise(tallies.get(channel)!));
}

/** Chunks to read: all that hold a wanted channel, or as many evenly spread ones as the limit allows. */
function sampleChunks(level: LazyArray, axis: number, channels: readonly number[]): number[][] {
  const counts = chunkCounts(level);
  const size = axis < 0 ? 1 : (level.chunkShape[axis] ?? 1);
  const along = axis < 0 ? [0] : [...new Set(channels.map((channel) => Math.floor(channel / size)))];
  const places = elementCount(counts.filter((_, i) => i !== axis));
  const perPlace = along.length * elementCount(level.chunkShape);
  const keep = Math.max(1, Math.min(places, Math.floor(elementLimit / Math.max(1, perPlace))));
  const result: number[][] = [];
  for (let k = 0; k < keep; k++) {
    // The middle of each of `keep` equal stretches of the C-ordered chunks.
    let rest = Math.floor(((k + 0.5) * places) / keep);
    const index = new Array<number>(counts.length).fill(0);
    for (let i = counts.length - 1; i >= 0; i--) {
      if (i === axis) continue;
      index[i] = rest % counts[i]!;
      rest = Math.floor(rest / counts[i]!);
    }
    for (const position of along) {
      result.push(axis < 0 ? index : index.map((v, i) => (i === axis ? position : v)));
    }
  }
  return result;
}

interface Tally {
  /** Occurrences of each value of an 8- or 16-bit integer, from `offset` on. */
  readonly histogram?: Float64Array;
  readonly offset: number;
  /** Values of the wider types, in pieces. */
  readonly pieces: Float64Array[];
}

const histograms: Partial<Record<DataType, { readonly offset: number; readonly length: number }>> = {
  bool: { offset: 0, length: 256 },
  uint8: { offset: 0, length: 256 },
  int8: { offset: -128, length: 256 },
  uint16: { offset: 0, length: 65536 },
  int16: { offset: -32768, length: 65536 },
};

function createTally(dtype: DataType): Tally {
  const range = histograms[dtype];
  if (range === undefined) return { offset: 0, pieces: [] };
  return { histogram: new Float64Array(range.length), offset: range.offset, pieces: [] };
}

function tallyChunk(
  chunk: Chunk<DataType>,
  axis: number,
  first: number,
  tallies: ReadonlyMap<number, Tally>,
): void {
  const inner = axis < 0 ? elementCount(chunk.shape) : elementCount(chunk.shape.slice(axis + 1));
  const size = axis < 0 ? 1 : chunk.shape[axis]!;
  const outer = axis < 0 ? 1 : elementCount(chunk.shape.slice(0, axis));
  for (let c = 0; c < size; c++) {
    const tally = tallies.get(first + c);
    if (tally === undefined) continue;
    const values = tally.histogram === undefined ? new Float64Array(outer * inner) : undefined;
    let finite = 0;
    for (let o = 0; o < outer; o++) {
      const begin = (o * size + c) * inner;
      for (let i = begin; i < begin + inner; i++) {
        const value = Number(chunk.data[i]);
        if (tally.histogram !== undefined) tally.histogram[value - tally.offset]!++;
        else if (Number.isFinite(value)) values![finite++] = value;
      }
    }
    if (values !== undefined) tally.pieces.push(values.subarray(0, finite));
  }
}

function summarise(tally: Tally): Contrast {
  const at =
    tally.histogram === undefined ? ofValues(tally.pieces) : ofHistogram(tally.histogram, tally.offset);
  if (at === undefined) return { start: 0, end: 1, min: 0, max: 1 };
  const [min, start, end, max] = [at(0), at(lowQuantile), at(highQuantile), at(1)];
  return end > start
    ? { start, end, min, max }
    : { start, end: start + Math.max(1, Math.abs(start) * 1e-6), min, max: Math.max(max, start + 1) };
}

type Quantile = (fraction: number) => number;

function ofValues(pieces: readonly Float64Array[]): Quantile | undefined {
  const sorted = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let length = 0;
  for (const piece of pieces) {
    sorted.set(piece, length);
    length += piece.length;
  }
  sorted.sort();
  return length === 0 ? undefined : interpolated(length, (rank) => sorted[rank]!);
}

function ofHistogram(histogram: Float64Array, offset: number): Quantile | undefined {
  // Counts up to and including each bin, in place: the tally is not needed again.
  for (let bin = 1; bin < histogram.length; bin++) histogram[bin]! += histogram[bin - 1]!;
  const total = histogram.at(-1)!;
  if (total === 0) return undefined;
  return interpolated(total, (rank) => firstAbove(histogram, rank) + offset);
}

/** The first place whose value is above `rank` in a list that never falls; the last where none is. */
function firstAbove(rising: Float64Array, rank: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

function interpolated(length: number, valueAt: (rank: number) => number): Quantile {
  return (fraction) => {
    const position = fraction * (length - 1);
    const rank = Math.floor(position);
    const low = valueAt(rank);
    const high = valueAt(Math.min(rank + 1, length - 1));
    return low + (high - low) * (position - rank);
  };
}
