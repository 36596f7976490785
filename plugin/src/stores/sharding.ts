import { elementCount } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { parseCodecList, type StoredCodec } from './array-metadata.ts';
import { assertByteLimit } from './byte-limit.ts';
import { unsupportedCodec } from './chunk-codec.ts';
import { type ParsedShardIndex, parseShardIndex, type ShardEntry, shardIndexBytes } from './shard-index.ts';
import { SharedLoad } from './shared-load.ts';
import type { ByteRange, ReadStore, StoreOptions } from './store.ts';

/** The configuration of a `sharding_indexed` codec. */
export interface Sharding {
  readonly chunkShape: readonly number[];
  readonly codecs: readonly StoredCodec[];
  /** Chunks along each axis of a shard. */
  readonly counts: readonly number[];
  readonly indexAtEnd: boolean;
  readonly indexChecked: boolean;
  readonly indexLittleEndian: boolean;
}

/** What all kept indices may take together. */
const indexMemoryBytes = 64 * 2 ** 20;
const bytesPerEntry = 16;
/** So that one index takes 32 MiB at most; shards in use hold some thousands. */
const chunksPerShard = 2 ** 21;

/** @throws UnsupportedFormatError  naming what of the configuration is not known */
export function parseSharding(codec: StoredCodec, shardShape: readonly number[], where: string): Sharding {
  const { chunk_shape: chunkShape, index_location: location = 'end' } = codec.configuration;
  const sound =
    Array.isArray(chunkShape) &&
    chunkShape.length === shardShape.length &&
    chunkShape.every(
      (size, axis) => Number.isSafeInteger(size) && size >= 1 && shardShape[axis]! % size === 0,
    );
  if (!sound) throw unsupportedCodec(codec, where, 'has a chunk_shape that does not divide the shard');
  if (location !== 'end' && location !== 'start')
    throw unsupportedCodec(codec, where, 'has an unknown index_location');
  const counts = shardShape.map((size, axis) => size / Number(chunkShape[axis]));
  if (elementCount(counts) > chunksPerShard) {
    throw unsupportedCodec(codec, where, `puts more than ${chunksPerShard} chunks into a shard`);
  }
  const codecs = parseCodecList(codec.configuration.codecs, where);
  if (codecs.some((inner) => inner.name === 'sharding_indexed')) {
    throw unsupportedCodec(codec, where, 'inside another one is not supported');
  }
  const [bytes, check, ...others] = parseCodecList(codec.configuration.index_codecs, where);
  if (bytes?.name !== 'bytes' || others.length > 0 || (check !== undefined && check.name !== 'crc32c')) {
    throw unsupportedCodec(codec, where, 'has index_codecs other than bytes and crc32c');
  }
  return {
    chunkShape: chunkShape.map(Number),
    codecs,
    counts,
    indexAtEnd: location === 'end',
    indexChecked: check !== undefined,
    indexLittleEndian: bytes.configuration.endian !== 'big',
  };
}

/** Reads chunks out of shards; a shard's index is fetched once, for all who ask for its chunks. */
export class ShardReader {
  readonly #store: ReadStore;
  readonly #sharding: Sharding;
  readonly #location: string;
  readonly #indices: SharedLoad<ParsedShardIndex | undefined>;

  constructor(store: ReadStore, sharding: Sharding, location: string) {
    this.#store = store;
    this.#sharding = sharding;
    this.#location = location;
    const indexBytes = bytesPerEntry * elementCount(sharding.counts);
    const limit = Math.max(1, Math.floor(indexMemoryBytes / indexBytes));
    this.#indices = new SharedLoad((key, signal) => this.#loadIndex(asKey(key), signal), limit);
  }

  /**
   * @param key       of the shard
   * @param position  of the chunk in the shard, counted in C order
   * @returns         the chunk's stored bytes, or nothing where the chunk or the whole shard is missing
   */
  async read(key: `/${string}`, position: number, options: StoreOptions): Promise<Uint8Array | undefined> {
    const index = await this.#indices.get(key, options.signal);
    const entry = index?.entry(position);
    if (entry === undefined) return undefined;
    assertByteLimit(entry.length, options.byteLimit, this.#location + key);
    const bytes = await readRange(this.#store, key, entry, options);
    if (bytes?.length === entry.length) return bytes;
    throw this.#damaged(key, entry, bytes?.length);
  }

  async #loadIndex(key: `/${string}`, signal: AbortSignal): Promise<ParsedShardIndex | undefined> {
    const { counts, indexAtEnd, indexChecked, indexLittleEndian } = this.#sharding;
    const length = shardIndexBytes(counts, indexChecked);
    const range = indexAtEnd ? { suffixLength: length } : { offset: 0, length };
    const bytes = await readRange(this.#store, key, range, { signal });
    if (bytes === undefined) return undefined;
    try {
      return parseShardIndex(bytes, counts, { checked: indexChecked, littleEndian: indexLittleEndian });
    } catch (cause) {
      throw new AlibiError('Integrity', {
        what: `the index of shard ${key} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
        where: this.#location + key,
        remedy: 'Copy or write the shard again; it is damaged.',
        cause,
        data: { key },
      });
    }
  }

  #damaged(key: string, entry: ShardEntry, found: number | undefined): AlibiError {
    return new AlibiError('Integrity', {
      what: `shard ${key} has ${found ?? 'no'} bytes from ${entry.offset} on where its index says ${entry.length}`,
      where: this.#location + key,
      remedy: 'Copy or write the shard again; it is damaged, or was replaced while it was open.',
      data: { key },
    });
  }
}

function asKey(key: string): `/${string}` {
  return `/${key.slice(1)}`;
}

/** Part of a value; of a store without ranges, cut out of the whole. */
async function readRange(
  store: ReadStore,
  key: `/${string}`,
  range: ByteRange,
  options: StoreOptions,
): Promise<Uint8Array | undefined> {
  if (store.getRange !== undefined) return store.getRange(key, range, options);
  const bytes = await store.get(key, options);
  if (bytes === undefined || 'suffixLength' in range)
    return bytes?.subarray(Math.max(0, bytes.length - lengthOf(range)));
  return bytes.subarray(range.offset, range.offset + range.length);
}

function lengthOf(range: ByteRange): number {
  return 'suffixLength' in range ? range.suffixLength : range.length;
}
