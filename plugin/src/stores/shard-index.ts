import { elementCount } from '../array/lazy-array.ts';
import { checkedCrc32c, withCrc32c } from './crc32c.ts';

/** Where a chunk lies in its shard, in bytes from the shard's start. */
export interface ShardEntry {
  readonly offset: number;
  readonly length: number;
}

/** One entry an inner chunk, C order; nothing where the chunk is missing. */
export type ShardIndex = readonly (ShardEntry | undefined)[];

/** Offset and length of a chunk that is not stored. */
const missing = 2n ** 64n - 1n;

/** An index as it lies in a shard: an entry is read when it is asked for, since a shard may have a million. */
export interface ParsedShardIndex {
  /** Of the chunk at a position, counted in C order; undefined where it is not stored. */
  entry(position: number): ShardEntry | undefined;
}

/** Bytes of an index for shards of `counts` chunks along each axis. */
export function shardIndexBytes(counts: readonly number[], checked: boolean): number {
  return 16 * elementCount(counts) + (checked ? 4 : 0);
}

/**
 * Source: Zarr v3 `sharding_indexed` codec, version 1.0.
 *
 * @param checked  a crc32c follows the entries
 * @throws Error   the index is cut or its checksum does not agree
 */
export function parseShardIndex(
  bytes: Uint8Array,
  counts: readonly number[],
  { checked, littleEndian }: { checked: boolean; littleEndian: boolean },
): ParsedShardIndex {
  const due = shardIndexBytes(counts, checked);
  if (bytes.length !== due)
    throw new Error(`the shard's index has ${bytes.length} bytes where ${due} are due`);
  const body = checked ? checkedCrc32c(bytes) : bytes;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return {
    entry(position) {
      const offset = view.getBigUint64(16 * position, littleEndian);
      const length = view.getBigUint64(16 * position + 8, littleEndian);
      return offset === missing && length === missing
        ? undefined
        : { offset: Number(offset), length: Number(length) };
    },
  };
}

/** Little-endian, with its checksum: what the index codecs `bytes`, `crc32c` give. */
export function encodeShardIndex(index: ShardIndex): Uint8Array {
  const bytes = new Uint8Array(16 * index.length);
  const view = new DataView(bytes.buffer);
  index.forEach((entry, i) => {
    view.setBigUint64(16 * i, entry === undefined ? missing : BigInt(entry.offset), true);
    view.setBigUint64(16 * i + 8, entry === undefined ? missing : BigInt(entry.length), true);
  });
  return withCrc32c(bytes);
}
