import { type Entry, Reader, ZipReader } from '@zip.js/zip.js/lib/zip-core-external.js';
import { AlibiError, isAbort } from '../errors.ts';
import type { RandomAccess } from './random-access.ts';

/** What is needed of an entry of the central directory. */
export type ZipEntry = Pick<
  Entry,
  | 'filename'
  | 'offset'
  | 'compressedSize'
  | 'uncompressedSize'
  | 'compressionMethod'
  | 'encrypted'
  | 'rawFilename'
> & { readonly signature: number | undefined };

export const stored = 0;
export const deflated = 8;
export const localHeaderBytes = 30;

/** Entries take about 100 bytes of the directory and several hundred of memory; a sharded image has some thousands. */
const entryLimit = 2 ** 20;
const directoryByteLimit = 256 * 2 ** 20;
/** Deflate codes 258 bytes with two bits at best, so that nothing it packed becomes more than 1,032 times as long. */
const deflateRatio = 1032;

/**
 * The entries of a ZIP file by their names, looked at before any is read: names that stay inside, each once; no links; sizes
 * that can be true; no two entries in the same bytes.
 *
 * @throws UnsupportedFormatError  no ZIP file
 * @throws InvalidInputError       an entry that could harm, by its name
 */
export async function readZipDirectory(
  access: RandomAccess,
  location: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  try {
    const reader = new ZipReader(new AccessReader(access, { location, signal }));
    let count = 0;
    // Names are looked at here, where a refusal can say which one it is.
    for await (const entry of reader.getEntriesGenerator({ filenameValidation: 'tolerant' })) {
      signal?.throwIfAborted();
      if (++count > entryLimit) throw hostile(`it has more than ${entryLimit} entries`, location);
      const name = entry.filename.replace(/^(?:\.\/)+/, '');
      const why = nameProblem(name) ?? (entry.directory ? undefined : entryProblem(entry, access.size));
      if (why !== undefined) throw hostile(`${JSON.stringify(name.slice(0, 200))} ${why}`, location);
      if (entry.directory) continue;
      if (entries.has(name)) throw hostile(`${JSON.stringify(name)} is in it twice`, location);
      entries.set(name, compact(entry));
    }
    signal?.throwIfAborted();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof AlibiError || isAbort(cause)) throw cause;
    throw new AlibiError('UnsupportedFormat', {
      what: `the ZIP directory cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      where: location,
      remedy: 'Check that the file is a whole ZIP file, or unpack it and open the folder.',
      cause,
    });
  }
  assertApart([...entries.values()], location);
  return entries;
}

/** Without what zip.js keeps of an entry besides. */
function compact(entry: Entry): ZipEntry {
  const { filename, offset, compressedSize, uncompressedSize, compressionMethod, encrypted, signature } =
    entry;
  const rawFilename = entry.rawFilename.slice();
  return {
    filename,
    offset,
    compressedSize,
    uncompressedSize,
    compressionMethod,
    encrypted,
    signature,
    rawFilename,
  };
}

/** What an unpacking program would do with such a name is not ours to find out. */
function nameProblem(name: string): string | undefined {
  if (name.includes('\0')) return 'holds a NUL in its name';
  if (name.includes('\\')) return 'holds a backslash in its name';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is an absolute path';
  return name.split('/').includes('..') ? 'leads out of the archive' : undefined;
}

const formatMask = 0o170000;
const symbolicLink = 0o120000;

function entryProblem(entry: Entry, fileSize: number): string | undefined {
  const { compressedSize, uncompressedSize, compressionMethod, offset } = entry;
  const mode = entry.unixMode ?? entry.externalFileAttributes >>> 16;
  if ((mode & formatMask) === symbolicLink) return 'is a symbolic link';
  const numbers = [offset, compressedSize, uncompressedSize];
  const inside =
    numbers.every(Number.isSafeInteger) && offset + localHeaderBytes + compressedSize <= fileSize;
  if (!inside) return 'claims to lie beyond the end of the file';
  // What is encrypted has a header of its own within its bytes; it is refused when it is asked for.
  if (entry.encrypted) return undefined;
  if (compressionMethod === stored && compressedSize !== uncompressedSize) return 'is stored with two sizes';
  if (compressionMethod === deflated && uncompressedSize > deflateRatio * compressedSize)
    return `claims to become ${uncompressedSize} bytes out of ${compressedSize}`;
  return undefined;
}

/** One stretch of bytes under many names is how a small file becomes a large one. */
function assertApart(entries: readonly ZipEntry[], location: string): void {
  const byOffset = entries.toSorted((a, b) => a.offset - b.offset);
  for (let i = 1; i < byOffset.length; i++) {
    const [before, next] = [byOffset[i - 1]!, byOffset[i]!];
    const end = before.offset + localHeaderBytes + before.rawFilename.length + before.compressedSize;
    if (end <= next.offset) continue;
    throw hostile(
      `${JSON.stringify(next.filename)} lies in the bytes of ${JSON.stringify(before.filename)}`,
      location,
    );
  }
}

function hostile(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `the ZIP file is not safe to open: ${what}`,
    where,
    remedy: 'Pack the image again with an ordinary program, from a source that you trust.',
  });
}

/** A `RandomAccess` as zip.js wants it, while it reads the directory. */
class AccessReader extends Reader<RandomAccess> {
  readonly #access: RandomAccess;
  readonly #location: string;
  readonly #signal: AbortSignal | undefined;

  constructor(
    access: RandomAccess,
    { location, signal }: { readonly location: string; readonly signal: AbortSignal | undefined },
  ) {
    super(access);
    this.#access = access;
    this.#location = location;
    this.#signal = signal;
    this.size = access.size;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length > directoryByteLimit) throw hostile(`its directory claims ${length} bytes`, this.#location);
    const inside = Math.max(0, Math.min(length, this.#access.size - index));
    const bytes = await this.#access.read(
      index,
      inside,
      this.#signal === undefined ? {} : { signal: this.#signal },
    );
    return new Uint8Array(bytes);
  }
}
