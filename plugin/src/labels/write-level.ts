import { chunkCounts, type DataType, elementCount, type LazyArray } from '../array/lazy-array.ts';
import { type ArrayWriter, createArrayWriter } from '../stores/array-writer.ts';
import { crc32c } from '../stores/crc32c.ts';
import type { StoreOptions, WriteStore } from '../stores/store.ts';
import { forEachConcurrent } from './concurrent.ts';
import type { Journal } from './journal.ts';
import type { Pause } from './pause.ts';
import type { PlannedLevel, PyramidPlan } from './pyramid-plan.ts';
import { plannedKeys, valueKey } from './revision.ts';

/**
 * Objects are made strip by strip, each this wide at most: from one row of a strip to the next what a chunk shares with the one above it (the
 * transformer's windows, features) still lies in the caches, however wide the image is. Measured with a classifier on 8192²: in rows over the whole
 * width 2.1 times as many windows are run as there are, on 4096² 1.01 times.
 */
const stripPx = 4096;
/** A row of a strip has no more pixels, where an object has none more: high shards are in narrower strips. */
const stripRowPixels = 2 ** 21;

/** Chunks computed, encoded and sent at once: hides the latency of a store, bounds memory. */
const chunksAtOnce = 4;

export interface WrittenLevel {
  readonly written: number;
  readonly skipped: number;
}

export interface WriteLevelOptions {
  readonly signal?: AbortSignal | undefined;
  /** After every chunk that was made, and for all chunks of an object that was there already; `bytes`: of the object it ended. */
  readonly onChunk: (chunks: number, how: 'made' | 'found', bytes: number) => void;
  /** While it is paused no chunk is begun. */
  readonly pause?: Pause | undefined;
  /** Records every stored object; what it has already is neither computed nor stored again. */
  readonly journal?: Journal;
}

/**
 * Write one array chunk by chunk, its metadata last. Holds no more than a few chunks and the shards they
 * belong to, whose chunks are asked for one shard after the other.
 *
 * @param array   axes, shape and chunks as planned
 */
export async function writeLevel<T extends DataType>(
  store: WriteStore,
  path: `/${string}`,
  {
    plan,
    level,
    array,
  }: { readonly plan: PyramidPlan; readonly level: PlannedLevel; readonly array: LazyArray<T> },
  { signal, onChunk, pause, journal }: WriteLevelOptions,
): Promise<WrittenLevel> {
  const options = signal === undefined ? {} : { signal };
  const objects = new LevelObjects(path, plan, level, journal);
  const writer: ArrayWriter<T> = createArrayWriter(objects.noting(store), path, {
    zarrFormat: plan.zarrFormat,
    shape: level.shape,
    chunkShape: level.chunkShape,
    ...(level.shardShape === undefined ? {} : { shardShape: level.shardShape }),
    dtype: array.dtype,
    fillValue: 0,
    dimensionNames: plan.axes.map((axis) => axis.name),
    compression: plan.compression,
  });
  let written = 0;
  let skipped = 0;
  await forEachConcurrent(objects.chunks(onChunk), chunksAtOnce, async ({ index, object }) => {
    signal?.throwIfAborted();
    await pause?.passed(signal);
    const chunk = await array.getChunk(index, options);
    const answer = await writer.writeChunk(index, chunk, options);
    if (answer === 'written') written++;
    else skipped++;
    onChunk(1, 'made', await objects.settle(object, answer, options));
  });
  signal?.throwIfAborted();
  await writer.finish(options);
  return { written, skipped };
}

/** Number of chunks of a level. */
export function chunkTotal(level: PlannedLevel): number {
  return elementCount(chunkCounts(level));
}

/** A stored object on its way: a chunk, or a shard with its chunks. */
interface OpenObject {
  readonly key: `/${string}`;
  /** Chunks that have not been written yet. */
  due: number;
  written: number;
  skipped: number;
}

/** The objects a level is stored as, in the order in which they are made. */
class LevelObjects {
  readonly #path: `/${string}`;
  readonly #plan: PyramidPlan;
  readonly #level: PlannedLevel;
  readonly #journal: Journal | undefined;
  /** What was stored under a key and is not recorded yet. */
  readonly #stored = new Map<string, { readonly bytes: number; readonly crc32c: number }>();

  constructor(path: `/${string}`, plan: PyramidPlan, level: PlannedLevel, journal: Journal | undefined) {
    this.#path = path;
    this.#plan = plan;
    this.#level = level;
    this.#journal = journal;
  }

  /** The store, remembering what was written to it. */
  noting(store: WriteStore): WriteStore {
    if (this.#journal === undefined) return store;
    return {
      get: (key, options) => store.get(key, options),
      delete: (key, options) => store.delete(key, options),
      set: async (key, value, options) => {
        await store.set(key, value, options);
        this.#stored.set(key, { bytes: value.length, crc32c: crc32c(value) });
      },
    };
  }

  /** Every chunk that is still to be made, shard after shard in strips, C order within. */
  *chunks(
    onChunk: WriteLevelOptions['onChunk'],
  ): Generator<{ readonly index: readonly number[]; readonly object: OpenObject }> {
    const { chunkShape, shardShape, shape } = this.#level;
    const counts = chunkCounts(this.#level);
    const perObject = chunkShape.map((size, axis) => Math.round((shardShape?.[axis] ?? size) / size));
    const keys = plannedKeys(this.#path, this.#plan.zarrFormat, shape, shardShape ?? chunkShape);
    const objects = counts.map((count, axis) => Math.ceil(count / perObject[axis]!));
    const x = this.#plan.axes.findIndex(({ name }) => name === 'x');
    const y = this.#plan.axes.findIndex(({ name }) => name === 'y');
    const [height = 1, width = 1] = [y, x].map((axis) => (shardShape ?? chunkShape)[axis]);
    const perStrip = Math.max(1, Math.floor(Math.min(stripPx, stripRowPixels / height) / width));
    for (const position of inStrips(objects, { x, y, perStrip })) {
      const first = position.map((place, axis) => place * perObject[axis]!);
      const inside = first.map((start, axis) => Math.min(perObject[axis]!, counts[axis]! - start));
      const due = elementCount(inside);
      const object: OpenObject = { key: valueKey(keys, position), due, written: 0, skipped: 0 };
      const finished = this.#journal?.finished.get(object.key);
      if (finished !== undefined) {
        onChunk(due, 'found', finished.bytes);
        continue;
      }
      for (const offset of positions(inside))
        yield { index: offset.map((value, axis) => first[axis]! + value), object };
    }
  }

  /** A chunk is written; with the last of its object the object is recorded, and its bytes are answered. */
  async settle(object: OpenObject, answer: 'written' | 'empty', options: StoreOptions): Promise<number> {
    object.due--;
    if (answer === 'written') object.written++;
    else object.skipped++;
    if (this.#journal === undefined || object.due > 0) return 0;
    const { key, written, skipped } = object;
    const stored = this.#stored.get(key) ?? { bytes: 0, crc32c: 0 };
    this.#stored.delete(key);
    await this.#journal.record({ op: 'object', key, ...stored, written, skipped }, options);
    return stored.bytes;
  }
}

/** All index tuples below `counts`: slice by slice in C order, of a slice strips of `perStrip` along x, row by row. */
function* inStrips(
  counts: readonly number[],
  { x, y, perStrip }: { readonly x: number; readonly y: number; readonly perStrip: number },
): Generator<number[]> {
  const [rows, columns] = [counts[y] ?? 1, counts[x] ?? 1];
  for (const slice of positions(counts.map((count, axis) => (axis === x || axis === y ? 1 : count)))) {
    for (let from = 0; from < columns; from += perStrip) {
      for (const [row, column] of positions([rows, Math.min(perStrip, columns - from)])) {
        yield slice.map((value, axis) => (axis === y ? row! : axis === x ? from + column! : value));
      }
    }
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
