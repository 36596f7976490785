import {
  type Chunk,
  chunkCounts,
  createData,
  type DataType,
  elementCount,
} from '../../src/array/lazy-array.ts';
import { chunkRegion, chunksOf, copyOverlap } from '../../src/array/region.ts';
import type { ArraySpec, Compression } from '../../src/stores/array-spec.ts';
import { fillValueOf } from '../../src/stores/array-spec.ts';
import { filledData, narrowToHalf, widenHalf } from '../../src/stores/elements.ts';

/** A random array: what to write, and all its elements in C order. */
export interface ArrayCase {
  readonly name: string;
  readonly spec: ArraySpec;
  readonly data: Chunk<DataType>['data'];
}

const dtypes: readonly DataType[] = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
];
const compressions: readonly Compression[] = ['zstd', 'blosc', 'gzip', 'none'];

/** mulberry32: small, seeded, good enough to draw test cases. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` cases that go through all types, both formats, all compressions, 1 to 5 dimensions, sharded and not. */
export function arrayCases(seed: number, count: number): ArrayCase[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => arrayCase(i, random));
}

function arrayCase(i: number, random: () => number): ArrayCase {
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const rank = 1 + (i % 5);
  const most = [0, 60, 20, 9, 6, 5][rank]!;
  const shape = Array.from({ length: rank }, () => whole(1, most));
  const chunkShape = shape.map((size) => whole(1, size + 1));
  const zarrFormat = i % 3 === 0 ? 2 : 3;
  const dtype = dtypes[i % dtypes.length]!;
  const compression = compressions[whole(0, 3)]!;
  const sharded = zarrFormat === 3 && random() < 0.7;
  const spec: ArraySpec = {
    zarrFormat,
    shape,
    chunkShape,
    dtype,
    compression,
    fillValue: drawFill(dtype, random),
    ...(sharded ? { shardShape: chunkShape.map((size) => size * whole(1, 3)) } : {}),
    ...(random() < 0.5 ? { dimensionSeparator: '.' } : {}),
    ...(random() < 0.5 ? { dimensionNames: shape.map((_, axis) => (axis === 0 ? null : `d${axis}`)) } : {}),
  };
  const kind = sharded ? `shards [${spec.shardShape}]` : 'no shards';
  const name = `v${zarrFormat} ${dtype} [${shape}] chunks [${chunkShape}] ${kind} ${compression}`;
  return { name, spec, data: drawData(spec, random) };
}

function drawFill(dtype: DataType, random: () => number): number | bigint {
  const draw = random();
  if (dtype === 'int64') return draw < 0.5 ? 0n : -(2n ** 63n) + 1n;
  if (dtype === 'uint64') return draw < 0.5 ? 0n : 2n ** 64n - 1n;
  if (dtype === 'bool') return draw < 0.5 ? 0 : 1;
  if (!dtype.startsWith('float')) return draw < 0.5 ? 0 : 7;
  return [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][Math.floor(draw * 5)]!;
}

/** Random elements; about a third of the chunks are all fill value, some are another constant. */
function drawData(spec: ArraySpec, random: () => number): Chunk<DataType>['data'] {
  const fill = fillValueOf(spec);
  const whole = { data: filledData(spec.dtype, elementCount(spec.shape), fill), shape: spec.shape };
  const origin = spec.shape.map(() => 0);
  for (const index of chunkIndices(spec)) {
    const draw = random();
    if (draw < 0.35) continue;
    const { start, stop } = chunkRegion(spec, index);
    const shape = start.map((begin, axis) => stop[axis]! - begin);
    const data = createData(spec.dtype, elementCount(shape));
    const constant = drawValue(spec.dtype, random);
    for (let i = 0; i < data.length; i++) {
      const value = draw < 0.5 ? constant : drawValue(spec.dtype, random);
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
      else data[i] = Number(value);
    }
    copyOverlap({ data, shape }, start, whole, origin);
  }
  return whole.data;
}

function drawValue(dtype: DataType, random: () => number): number | bigint {
  if (dtype === 'bool') return random() < 0.5 ? 0 : 1;
  if (dtype === 'int64' || dtype === 'uint64') {
    return (BigInt(Math.floor(random() * 2 ** 32)) << 31n) | BigInt(Math.floor(random() * 2 ** 31));
  }
  const value = (random() - 0.5) * 2 ** 17;
  if (dtype === 'float16') return widenHalf(narrowToHalf(value / 8));
  return dtype.startsWith('float') ? value : Math.floor(value);
}

/** All chunk indices of the array, C order. */
export function chunkIndices(spec: Pick<ArraySpec, 'shape' | 'chunkShape'>): number[][] {
  if (chunkCounts(spec).includes(0)) return [];
  return chunksOf(spec, { start: spec.shape.map(() => 0), stop: spec.shape });
}

/** The chunk as `LazyArray` would give it. */
export function chunkOf(item: Pick<ArrayCase, 'spec' | 'data'>, index: readonly number[]): Chunk<DataType> {
  const { start, stop } = chunkRegion(item.spec, index);
  const shape = start.map((begin, axis) => stop[axis]! - begin);
  const data = createData(item.spec.dtype, elementCount(shape));
  copyOverlap(
    { data: item.data, shape: item.spec.shape },
    item.spec.shape.map(() => 0),
    { data, shape },
    start,
  );
  return { data, shape };
}
