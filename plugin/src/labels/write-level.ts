import { chunkCounts, type DataType, elementCount, type LazyArray } from '../array/lazy-array.ts';
import { type ArrayWriter, createArrayWriter } from '../stores/array-writer.ts';
import type { WriteStore } from '../stores/store.ts';
import { forEachConcurrent } from './concurrent.ts';
import type { PlannedLevel, PyramidPlan } from './pyramid-plan.ts';

/** Chunks computed, encoded and sent at once: hides the latency of a store, bounds memory. */
const chunksAtOnce = 4;

export interface WrittenLevel {
  readonly written: number;
  readonly skipped: number;
}

/**
 * Write one array chunk by chunk, its metadata last. Holds no more than a few chunks and the shards they
 * belong to, whose chunks are asked for one shard after the other.
 *
 * @param array   axes, shape and chunks as planned
 * @param onChunk  after every chunk
 */
export async function writeLevel<T extends DataType>(
  store: WriteStore,
  path: `/${string}`,
  {
    plan,
    level,
    array,
  }: { readonly plan: PyramidPlan; readonly level: PlannedLevel; readonly array: LazyArray<T> },
  { signal, onChunk }: { readonly signal?: AbortSignal | undefined; readonly onChunk: () => void },
): Promise<WrittenLevel> {
  const writer: ArrayWriter<T> = createArrayWriter(store, path, {
    zarrFormat: plan.zarrFormat,
    shape: level.shape,
    chunkShape: level.chunkShape,
    ...(level.shardShape === undefined ? {} : { shardShape: level.shardShape }),
    dtype: array.dtype,
    fillValue: 0,
    dimensionNames: plan.axes.map((axis) => axis.name),
    compression: 'zstd',
  });
  const options = signal === undefined ? {} : { signal };
  let written = 0;
  let skipped = 0;
  await forEachConcurrent(chunkOrder(level), chunksAtOnce, async (index) => {
    signal?.throwIfAborted();
    const chunk = await array.getChunk(index, options);
    if ((await writer.writeChunk(index, chunk, options)) === 'written') written++;
    else skipped++;
    onChunk();
  });
  signal?.throwIfAborted();
  await writer.finish(options);
  return { written, skipped };
}

/** Number of chunks of a level. */
export function chunkTotal(level: PlannedLevel): number {
  return elementCount(chunkCounts(level));
}

/** Every chunk index, shard after shard, C order within. */
function* chunkOrder(level: PlannedLevel): Generator<number[]> {
  const counts = chunkCounts(level);
  const perShard = level.chunkShape.map((size, axis) =>
    Math.round((level.shardShape?.[axis] ?? size) / size),
  );
  const shards = counts.map((count, axis) => Math.ceil(count / perShard[axis]!));
  for (const shard of positions(shards)) {
    const first = shard.map((position, axis) => position * perShard[axis]!);
    const inside = first.map((start, axis) => Math.min(perShard[axis]!, counts[axis]! - start));
    for (const offset of positions(inside)) yield offset.map((value, axis) => first[axis]! + value);
  }
}

/** All index tuples below `counts`, C order. */
function* positions(counts: readonly number[]): Generator<number[]> {
  const total = elementCount(counts);
  for (let i = 0; i < total; i++) {
    const index = new Array<number>(counts.length);
    let rest = i;
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      index[axis] = rest % counts[axis]!;
      rest = Math.floor(rest / counts[axis]!);
    }
    yield index;
  }
}
