import { AlibiError } from '../errors.ts';
import { assertByteLimit } from './byte-limit.ts';
import { inflate } from './compression.ts';
import { crc32 } from './crc32c.ts';
import { keySegments } from './key.ts';
import { blobAccess, type RandomAccess } from './random-access.ts';
import { SharedLoad } from './shared-load.ts';
import type { ByteRange, ReadStore, StoreOptions } from './store.ts';
import { deflated, localHeaderBytes, readZipDirectory, stored, type ZipEntry } from './zip-directory.ts';

/**
 * A store in a ZIP file (.zip, .ozx), read on demand. Its root is the file's own, or, where the Zarr metadata does
 * not lie there, the one folder at the top that holds everything.
 *
 * @param location  file name or URL, for messages
 * @throws UnsupportedFormatError  no ZIP file, or one with encrypted entries or unknown compression
 * @throws InvalidInputError       one that could harm: see `readZipDirectory`
 */
export async function openZipStore(
  source: Blob | RandomAccess,
  { location = 'zip file', signal }: StoreOptions & { location?: string } = {},
): Promise<ReadStore> {
  const access = source instanceof Blob ? blobAccess(source) : source;
  const entries = await readZipDirectory(access, location, signal);
  const root = rootOf([...entries.keys()]);
  return new ZipStore(access, entries, { root, location });
}

const metadataNames: ReadonlySet<string> = new Set(['zarr.json', '.zgroup', '.zattrs', '.zarray']);

/** `''`, or the one top folder with a slash at its end. */
function rootOf(names: readonly string[]): string {
  // Finder's and Explorer's additions are no part of the archive.
  const own = names.filter((name) => !/^__MACOSX\/|(^|\/)(\.DS_Store|Thumbs\.db)$/.test(name));
  if (own.some((name) => metadataNames.has(name))) return '';
  const folder = own[0]?.slice(0, own[0].indexOf('/') + 1) ?? '';
  const single = folder !== '' && own.every((name) => name.startsWith(folder));
  return single && own.some((name) => metadataNames.has(name.slice(folder.length))) ? folder : '';
}

/** Local extra fields may be longer than the directory tells; with this much room one read is nearly always enough. */
const extraRoomBytes = 64;
/** What is unpacked as a whole has to fit into memory; shards are read in parts only where they are stored as they are. */
const unpackedByteLimit = 256 * 2 ** 20;

class ZipStore implements ReadStore {
  readonly #access: RandomAccess;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #root: string;
  readonly #location: string;
  readonly #dataOffsets = new Map<ZipEntry, number>();
  /** The last packed entry that a part was read of: the chunks of a shard come one by one. */
  readonly #unpacked = new SharedLoad((key, signal) => this.get(`/${key.slice(1)}`, { signal }), 1);

  constructor(
    access: RandomAccess,
    entries: ReadonlyMap<string, ZipEntry>,
    { root, location }: { root: string; location: string },
  ) {
    this.#access = access;
    this.#entries = entries;
    this.#root = root;
    this.#location = location;
  }

  async get(key: `/${string}`, options: StoreOptions = {}): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    const entry = this.#entryOf(key);
    if (entry === undefined) return undefined;
    assertByteLimit(entry.uncompressedSize, options.byteLimit, this.#location + key);
    if (entry.compressionMethod !== stored) this.#assertUnpackable(entry, key);
    const packed = await this.#packed(entry, key, options);
    const bytes =
      entry.compressionMethod === stored ? packed : await this.#inflated(packed, key, entry.uncompressedSize);
    options.signal?.throwIfAborted();
    if (bytes.length !== entry.uncompressedSize || crc32(bytes) !== entry.signature) {
      throw this.#damaged(key, 'its length or checksum does not agree');
    }
    return bytes;
  }

  async getRange(
    key: `/${string}`,
    range: ByteRange,
    options: StoreOptions = {},
  ): Promise<Uint8Array | undefined> {
    options.signal?.throwIfAborted();
    const entry = this.#entryOf(key);
    if (entry === undefined) return undefined;
    const size = entry.uncompressedSize;
    const start = 'offset' in range ? Math.min(range.offset, size) : Math.max(0, size - range.suffixLength);
    const stop = 'offset' in range ? Math.min(range.offset + range.length, size) : size;
    if (entry.compressionMethod !== stored)
      return (await this.#unpacked.get(key, options.signal))?.subarray(start, stop);
    const offset = await this.#dataOffset(entry, key, options);
    return this.#access.read(offset + start, stop - start, options);
  }

  #entryOf(key: string): ZipEntry | undefined {
    const entry = this.#entries.get(this.#root + keySegments(key).join('/'));
    const readable = entry?.compressionMethod === stored || entry?.compressionMethod === deflated;
    if (entry === undefined || (readable && !entry.encrypted)) return entry;
    throw new AlibiError('UnsupportedFormat', {
      what: entry.encrypted ? `${key} is encrypted` : `${key} is packed by method ${entry.compressionMethod}`,
      where: this.#location,
      remedy: 'Pack the image again, stored or deflated and without a password.',
    });
  }

  /** The entry's bytes as they lie in the file: header and data in one read where their distance allows it. */
  async #packed(entry: ZipEntry, key: string, options: StoreOptions): Promise<Uint8Array> {
    const known = this.#dataOffsets.get(entry);
    if (known !== undefined) return this.#access.read(known, entry.compressedSize, options);
    const guess = localHeaderBytes + entry.rawFilename.length + extraRoomBytes + entry.compressedSize;
    const available = Math.min(guess, this.#access.size - entry.offset);
    const bytes = await this.#access.read(entry.offset, available, options);
    const start = this.#noteOffset(entry, key, bytes) - entry.offset;
    if (start + entry.compressedSize <= bytes.length)
      return bytes.subarray(start, start + entry.compressedSize);
    return this.#access.read(entry.offset + start, entry.compressedSize, options);
  }

  async #dataOffset(entry: ZipEntry, key: string, options: StoreOptions): Promise<number> {
    const known = this.#dataOffsets.get(entry);
    if (known !== undefined) return known;
    return this.#noteOffset(
      entry,
      key,
      await this.#access.read(entry.offset, localHeaderBytes + entry.rawFilename.length, options),
    );
  }

  /** Where the data begins, from the local header (APPNOTE.TXT 4.3.7). */
  #noteOffset(entry: ZipEntry, key: string, header: Uint8Array): number {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (header.length < localHeaderBytes || view.getUint32(0, true) !== 0x04034b50) {
      throw this.#damaged(key, 'its local header is missing');
    }
    // Another name here than in the directory: other programs would see another archive.
    if (!startsWith(header.subarray(localHeaderBytes), entry.rawFilename)) {
      throw this.#damaged(key, 'its local header names another file');
    }
    const offset = entry.offset + localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
    this.#dataOffsets.set(entry, offset);
    return offset;
  }

  #assertUnpackable(entry: ZipEntry, key: string): void {
    if (entry.uncompressedSize <= unpackedByteLimit) return;
    throw new AlibiError('UnsupportedFormat', {
      what: `${key} becomes ${entry.uncompressedSize} bytes when it is unpacked`,
      where: this.#location,
      remedy: 'Pack the image again without compression (stored), as .ozx files are.',
      data: { key },
    });
  }

  async #inflated(packed: Uint8Array, key: string, byteLimit: number): Promise<Uint8Array> {
    try {
      return await inflate(packed, byteLimit);
    } catch {
      throw this.#damaged(key, 'it cannot be unpacked');
    }
  }

  #damaged(key: string, why: string): AlibiError {
    return new AlibiError('Integrity', {
      what: `${key} in the ZIP file is damaged: ${why}`,
      where: this.#location,
      remedy: 'Copy or download the file again.',
      data: { key },
    });
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, i) => byte === bytes[i]);
}
