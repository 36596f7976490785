import { type Chunk, chunkCounts, type DataType, elementCount } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { type ArraySpec, assertArraySpec, metadataFiles, objectKey } from './array-spec.ts';
import { ChunkEncoder } from './chunk-encoder.ts';
import { holdsType } from './elements.ts';
import { joinKey } from './key.ts';
import { ShardAssembler } from './shard-assembler.ts';
import type { StoreOptions, WriteStore } from './store.ts';

export interface ArrayWriter<T extends DataType = DataType> {
  /**
   * Write one chunk; any order, several at a time. What is never written reads as the fill value.
   *
   * A chunk of a shard stays in memory until all chunks of its shard that lie in the array have come, and the shard is
   * stored with the last of them. A chunk may be written again (its write failed, or it changed), but not once its
   * shard is stored.
   *
   * @param chunk  clipped to the array's edge, C order; not kept, not changed
   * @returns      `empty`: all elements are the fill value, nothing is stored for it
   * @throws InvalidInputError  index, shape or type do not fit, or the writer is finished
   * @throws ConflictError      the chunk's shard is already stored
   */
  writeChunk(index: readonly number[], chunk: Chunk<T>, options?: StoreOptions): Promise<'written' | 'empty'>;
  /**
   * Store the shards that are incomplete, then the array's metadata, which makes it an array. May be called
   * again after it failed.
   *
   * @throws ConflictError  a chunk is being written, or its last write failed: the array would lack it silently
   */
  finish(options?: StoreOptions): Promise<void>;
}

/**
 * Write an array: Zarr v2, or v3 with or without shards.
 *
 * @throws InvalidInputError  the spec contradicts itself
 */
export function createArrayWriter<T extends DataType>(
  store: WriteStore,
  path: string,
  spec: ArraySpec<T>,
): ArrayWriter<T> {
  assertArraySpec(spec, joinKey(path, ''));
  return new StoreArrayWriter(store, path, spec);
}

class StoreArrayWriter<T extends DataType> implements ArrayWriter<T> {
  readonly #store: WriteStore;
  readonly #path: string;
  readonly #spec: ArraySpec<T>;
  readonly #encoder: ChunkEncoder<T>;
  readonly #shards: ShardAssembler | undefined;
  /** By chunk number: being written, or written in vain. */
  readonly #unsettled = new Map<number, 'writing' | 'failed'>();
  /** Chunk numbers stored as an object of their own, which must go if the chunk turns out empty later. */
  readonly #stored = new Set<number>();
  #state: 'open' | 'finishing' | 'finished' = 'open';

  constructor(store: WriteStore, path: string, spec: ArraySpec<T>) {
    this.#store = store;
    this.#path = path;
    this.#spec = spec;
    this.#encoder = new ChunkEncoder(spec);
    this.#shards =
      spec.shardShape &&
      new ShardAssembler(store, (shard) => joinKey(path, objectKey(spec, shard)), spec.shardShape, spec);
  }

  async writeChunk(
    index: readonly number[],
    chunk: Chunk<T>,
    options: StoreOptions = {},
  ): Promise<'written' | 'empty'> {
    if (this.#state !== 'open') throw this.#refused('a chunk comes after finish', 'Write all chunks first.');
    this.#assertFits(index, chunk);
    const counts = chunkCounts(this.#spec);
    const number = index.reduce((sum, i, axis) => sum * counts[axis]! + i, 0);
    if (this.#unsettled.get(number) === 'writing')
      throw this.#conflict(`chunk ${index.join(', ')} is being written`);
    this.#unsettled.set(number, 'writing');
    try {
      options.signal?.throwIfAborted();
      const bytes = await this.#encoder.encode(chunk, options);
      options.signal?.throwIfAborted();
      if (this.#shards === undefined) await this.#storeChunk(index, number, bytes, options);
      else await this.#shards.add(index, bytes, options);
      this.#unsettled.delete(number);
      return bytes === undefined ? 'empty' : 'written';
    } catch (error) {
      this.#unsettled.set(number, 'failed');
      throw error;
    }
  }

  async finish(options: StoreOptions = {}): Promise<void> {
    if (this.#state === 'finished') return;
    if (this.#state === 'finishing') throw this.#conflict('finish is under way');
    const { size } = this.#unsettled;
    if (size > 0) throw this.#conflict(`${size} chunks are being written, or their last write failed`);
    this.#state = 'finishing';
    try {
      await this.#shards?.flush(options);
      for (const [name, text] of metadataFiles(this.#spec)) {
        options.signal?.throwIfAborted();
        await this.#store.set(joinKey(this.#path, name), new TextEncoder().encode(text), options);
      }
      this.#state = 'finished';
    } finally {
      if (this.#state === 'finishing') this.#state = 'open';
    }
  }

  async #storeChunk(
    index: readonly number[],
    number: number,
    bytes: Uint8Array | undefined,
    options: StoreOptions,
  ): Promise<void> {
    const key = joinKey(this.#path, objectKey(this.#spec, index));
    if (bytes !== undefined) {
      // Noted before: a write that failed may still have left something.
      this.#stored.add(number);
      await this.#store.set(key, bytes, options);
    } else if (this.#stored.has(number)) {
      await this.#store.delete(key, options);
      this.#stored.delete(number);
    }
  }

  #assertFits(index: readonly number[], chunk: Chunk<T>): void {
    const { shape, dtype } = this.#spec;
    const counts = chunkCounts(this.#spec);
    const inside =
      index.length === shape.length &&
      index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < counts[axis]!);
    if (!inside)
      throw this.#refused(`there is no chunk ${index.join(', ')}`, 'Pass an index within the array.');
    const { start, stop } = chunkRegion(this.#spec, index);
    const due = start.map((begin, axis) => stop[axis]! - begin);
    const fits = due.length === chunk.shape.length && due.every((size, axis) => size === chunk.shape[axis]);
    if (!fits || chunk.data.length !== elementCount(due)) {
      throw this.#refused(
        `chunk ${index.join(', ')} has shape [${chunk.shape.join(', ')}] and ${chunk.data.length} elements`,
        `Pass the part that lies in the array: [${due.join(', ')}].`,
      );
    }
    if (!holdsType(chunk.data, dtype)) {
      throw this.#refused(
        `the chunk's data is a ${chunk.data.constructor.name}`,
        `Pass what holds ${dtype}.`,
      );
    }
  }

  #refused(what: string, remedy: string): AlibiError {
    return new AlibiError('InvalidInput', { what, where: joinKey(this.#path, ''), remedy });
  }

  #conflict(what: string): AlibiError {
    return new AlibiError('Conflict', {
      what,
      where: joinKey(this.#path, ''),
      remedy: 'Await every write, and write again the chunks whose write failed.',
    });
  }
}
