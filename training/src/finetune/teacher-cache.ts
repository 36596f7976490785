import { AlibiError } from 'alibi-zarr/checkpoint';
import { createArrayWriter, createNodeStore, openZarrArray, type WriteStore } from 'alibi-zarr/node';
import { roundToFloat16 } from '../onnx/float16.ts';
import type { ViewTokens } from './batches.ts';

/** Views of one shard: one file of some megabytes. */
const VIEWS_PER_SHARD = 16;

export interface TeacherCacheOptions {
  /** A folder; the array lies in it under `view-N`, N the tokens along a side. */
  readonly dir: string;
  /** Of everything that the tokens are a function of. */
  readonly fingerprint: string;
  /** Views of the deck. */
  readonly deck: number;
  /** Along a side of a view. */
  readonly viewTokens: number;
  readonly dim: number;
  /** Asks the teacher: [viewTokens², dim]. */
  readonly ask: ViewTokens;
  say(text: string): void;
}

export interface TeacherCache {
  readonly tokens: ViewTokens;
  /** Stores what is not stored yet. */
  flush(): Promise<void>;
}

/**
 * The teacher's tokens of a deck's views on disk: a sharded Zarr v3 array [deck, rows, cols, dim] of float16, NaN where a view
 * was not asked for yet. Fresh tokens are rounded to float16 too, so that a run does not depend on what is stored.
 *
 * A shard is stored whole when all of its views are there, and at every flush; each file is put in place whole, so that a
 * kill loses what was not stored and nothing else. A shard that cannot be read is said and computed again.
 *
 * @throws AlibiError  Conflict: the tokens there are of another teacher, data or settings
 */
export async function openTeacherCache(o: TeacherCacheOptions): Promise<TeacherCache> {
  const cache = new DiskCache(o);
  await cache.open();
  return {
    tokens: (n, image) => cache.tokens(n, image),
    flush: () => cache.flush(),
  };
}

class DiskCache {
  readonly #o: TeacherCacheOptions;
  readonly #store: WriteStore;
  readonly #path: string;
  /** By shard: views not stored yet, by number. */
  readonly #pending = new Map<number, Map<number, Float32Array>>();
  /** Shards that cannot be read: what is in them does not count. */
  readonly #broken = new Set<number>();
  #writing: Promise<void> = Promise.resolve();
  #array: Awaited<ReturnType<typeof openZarrArray>> | undefined;

  constructor(o: TeacherCacheOptions) {
    this.#o = o;
    this.#store = createNodeStore(o.dir);
    this.#path = `view-${o.viewTokens}`;
  }

  async open(): Promise<void> {
    const stored = await this.#store.get(`/${this.#path}/zarr.json`);
    if (stored === undefined) {
      // The metadata alone: an array whose views are all still to be asked for.
      await this.#writer().finish();
    } else {
      this.#assertOurs(new TextDecoder().decode(stored));
    }
    this.#array = await openZarrArray(this.#store, this.#path, { zarrFormat: 3, location: this.#o.dir });
  }

  async tokens(n: number, image: () => Promise<Float32Array>): Promise<Float32Array> {
    const shard = Math.floor(n / VIEWS_PER_SHARD);
    const known = this.#pending.get(shard)?.get(n) ?? (await this.#stored(n));
    if (known !== undefined) return known;
    const tokens = roundToFloat16(await this.#o.ask(n, image));
    const views = this.#pending.get(shard) ?? new Map<number, Float32Array>();
    this.#pending.set(shard, views.set(n, tokens));
    if (views.size === this.#viewsOf(shard).length) await this.#storeShard(shard);
    return tokens;
  }

  async flush(): Promise<void> {
    for (const shard of [...this.#pending.keys()]) await this.#storeShard(shard);
  }

  /** Undefined: not asked for yet, or not to be read. */
  async #stored(n: number): Promise<Float32Array | undefined> {
    const shard = Math.floor(n / VIEWS_PER_SHARD);
    if (this.#array === undefined || this.#broken.has(shard)) return undefined;
    try {
      const { data } = await this.#array.lazy.getChunk([n, 0, 0, 0], {});
      if (!(data instanceof Float32Array)) throw new TypeError('float16 is held as float32');
      return Number.isNaN(data[0]) ? undefined : data;
    } catch (error) {
      if (!(error instanceof AlibiError) || error.tag !== 'Integrity') throw error;
      this.#broken.add(shard);
      this.#o.say(`${error.what} (${error.where}): its views are computed again`);
      return undefined;
    }
  }

  /** What is pending with what the shard holds already. */
  #storeShard(shard: number): Promise<void> {
    // One after the other: a flush may come while the next batch is drawn.
    const after = this.#writing.then(() => this.#storeNow(shard));
    this.#writing = after.catch(() => {});
    return after;
  }

  async #storeNow(shard: number): Promise<void> {
    const pending = new Map(this.#pending.get(shard));
    if (pending.size === 0) return;
    const writer = this.#writer();
    const { viewTokens: side, dim } = this.#o;
    for (const n of this.#viewsOf(shard)) {
      const data = pending.get(n) ?? (await this.#stored(n));
      if (data !== undefined) await writer.writeChunk([n, 0, 0, 0], { shape: [1, side, side, dim], data });
    }
    await writer.finish();
    this.#broken.delete(shard);
    // Opened again: what was read of the shard's index before is not true any more.
    this.#array = await openZarrArray(this.#store, this.#path, { zarrFormat: 3, location: this.#o.dir });
    const left = this.#pending.get(shard);
    for (const n of pending.keys()) left?.delete(n);
    if (left?.size === 0) this.#pending.delete(shard);
  }

  #viewsOf(shard: number): number[] {
    const first = shard * VIEWS_PER_SHARD;
    return Array.from({ length: Math.min(VIEWS_PER_SHARD, this.#o.deck - first) }, (_, i) => first + i);
  }

  #writer() {
    const { deck, viewTokens: side, dim, fingerprint } = this.#o;
    return createArrayWriter(this.#store, this.#path, {
      zarrFormat: 3,
      shape: [deck, side, side, dim],
      chunkShape: [1, side, side, dim],
      shardShape: [VIEWS_PER_SHARD, side, side, dim],
      dtype: 'float16',
      fillValue: Number.NaN,
      dimensionNames: ['view', 'row', 'column', 'channel'],
      compression: 'zstd',
      attributes: { format: 'alibi-train/teacher-tokens/1', fingerprint },
    });
  }

  #assertOurs(text: string): void {
    let stored: unknown;
    try {
      const metadata: unknown = JSON.parse(text);
      const attributes = field(metadata, 'attributes');
      if (field(attributes, 'format') === 'alibi-train/teacher-tokens/1')
        stored = field(attributes, 'fingerprint');
    } catch {
      // Not JSON: not ours.
    }
    if (stored === this.#o.fingerprint) return;
    throw new AlibiError('Conflict', {
      what: 'it holds tokens of another teacher, other images or other settings',
      where: `${this.#o.dir}/${this.#path}`,
      remedy: 'Give another --teacher-cache, or remove this one.',
      data: { stored: typeof stored === 'string' ? stored : null, given: this.#o.fingerprint },
    });
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
