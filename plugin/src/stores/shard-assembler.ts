import { elementCount } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { encodeShardIndex, type ShardEntry } from './shard-index.ts';
import type { StoreOptions, WriteStore } from './store.ts';

/** Encoded chunks by their place in the shard; a chunk that is all fill value is there with no bytes. */
interface OpenShard {
  readonly key: `/${string}`;
  readonly chunks: Map<number, Uint8Array | undefined>;
  /** Chunks of the shard that lie in the array. */
  readonly due: number;
  storing: boolean;
}

/** Collects encoded chunks and stores a shard once all its chunks have come. */
export class ShardAssembler {
  readonly #store: WriteStore;
  readonly #keyOf: (shard: readonly number[]) => `/${string}`;
  /** Chunks of the whole array, and of one shard, along each axis. */
  readonly #arrayCounts: readonly number[];
  readonly #shardCounts: readonly number[];
  readonly #open = new Map<string, OpenShard>();
  readonly #done = new Set<string>();

  constructor(
    store: WriteStore,
    keyOf: (shard: readonly number[]) => `/${string}`,
    shardShape: readonly number[],
    { shape, chunkShape }: { shape: readonly number[]; chunkShape: readonly number[] },
  ) {
    this.#store = store;
    this.#keyOf = keyOf;
    this.#arrayCounts = shape.map((size, axis) => Math.ceil(size / chunkShape[axis]!));
    this.#shardCounts = shardShape.map((size, axis) => size / chunkShape[axis]!);
  }

  /**
   * @param bytes  encoded chunk, kept; nothing for one that is all fill value
   * @throws ConflictError  the shard is already stored, or being stored
   */
  async add(index: readonly number[], bytes: Uint8Array | undefined, options: StoreOptions): Promise<void> {
    const place = index.map((i, axis) => i % this.#shardCounts[axis]!);
    const shard = this.#shardOf(index.map((i, axis) => Math.floor(i / this.#shardCounts[axis]!)));
    if (shard === undefined || shard.storing) {
      throw new AlibiError('Conflict', {
        what: `chunk ${index.join(', ')} comes when its shard is already stored`,
        where: this.#keyOf(index.map((i, axis) => Math.floor(i / this.#shardCounts[axis]!))),
        remedy: 'Write every chunk of a shard once.',
      });
    }
    shard.chunks.set(
      place.reduce((sum, i, axis) => sum * this.#shardCounts[axis]! + i, 0),
      bytes,
    );
    if (shard.chunks.size === shard.due) await this.#storeShard(shard, options);
  }

  /** Store what is incomplete. */
  async flush(options: StoreOptions): Promise<void> {
    for (const shard of [...this.#open.values()]) await this.#storeShard(shard, options);
  }

  #shardOf(index: readonly number[]): OpenShard | undefined {
    const key = this.#keyOf(index);
    if (this.#done.has(key)) return undefined;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const due = index.reduce((product, i, axis) => {
      const size = this.#shardCounts[axis]!;
      return product * Math.min(size, this.#arrayCounts[axis]! - i * size);
    }, 1);
    const shard: OpenShard = { key, chunks: new Map(), due, storing: false };
    this.#open.set(key, shard);
    return shard;
  }

  /** A shard whose every chunk is missing is not stored. One that cannot be stored stays open. */
  async #storeShard(shard: OpenShard, options: StoreOptions): Promise<void> {
    shard.storing = true;
    try {
      options.signal?.throwIfAborted();
      const bytes = assembleShard(shard.chunks, elementCount(this.#shardCounts));
      if (bytes !== undefined) await this.#store.set(shard.key, bytes, options);
      this.#open.delete(shard.key);
      this.#done.add(shard.key);
    } finally {
      shard.storing = false;
    }
  }
}

/** Chunks one after the other in C order, then the index with its checksum. */
function assembleShard(
  chunks: ReadonlyMap<number, Uint8Array | undefined>,
  count: number,
): Uint8Array | undefined {
  const index = new Array<ShardEntry | undefined>(count).fill(undefined);
  const parts: { offset: number; bytes: Uint8Array }[] = [];
  let offset = 0;
  for (let place = 0; place < count; place++) {
    const bytes = chunks.get(place);
    if (bytes === undefined) continue;
    index[place] = { offset, length: bytes.length };
    parts.push({ offset, bytes });
    offset += bytes.length;
  }
  if (parts.length === 0) return undefined;
  const indexBytes = encodeShardIndex(index);
  const shard = new Uint8Array(offset + indexBytes.length);
  for (const part of parts) shard.set(part.bytes, part.offset);
  shard.set(indexBytes, offset);
  return shard;
}
