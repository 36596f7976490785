import type { AlibiError } from '../errors.ts';
import { assertByteLimit } from './byte-limit.ts';
import { fileSystemFault } from './file-system-fault.ts';
import { keySegments } from './key.ts';
import type { ByteRange, StoreOptions, WriteStore } from './store.ts';

/**
 * A store in a folder that a person picked (File System Access API), or in one of the origin's private file system.
 * `set` replaces a file as a whole once all of it is written; it asks for permission if that is still due, which
 * works only in answer to a click.
 */
export function createFolderStore(handle: FileSystemDirectoryHandle): WriteStore {
  return new FolderStore(handle);
}

class FolderStore implements WriteStore {
  readonly #root: FileSystemDirectoryHandle;
  /** Folders found so far by path; walking down costs a round trip a step. */
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async get(key: `/${string}`, { signal, byteLimit }: StoreOptions = {}): Promise<Uint8Array | undefined> {
    const file = await this.#file(key, signal);
    assertByteLimit(file?.size ?? 0, byteLimit, key);
    return file && this.#bytes(file, key, signal);
  }

  async getRange(
    key: `/${string}`,
    range: ByteRange,
    { signal }: StoreOptions = {},
  ): Promise<Uint8Array | undefined> {
    const file = await this.#file(key, signal);
    if (file === undefined) return undefined;
    const part =
      'offset' in range
        ? file.slice(range.offset, range.offset + range.length)
        : file.slice(Math.max(0, file.size - range.suffixLength));
    return this.#bytes(part, key, signal);
  }

  async set(key: `/${string}`, value: Uint8Array, { signal }: StoreOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    try {
      await this.#write(key, value, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isMissing(error)) throw this.#fault(error, key);
      // A folder we knew was removed meanwhile: once more from the root.
      this.#folders.clear();
      await this.#write(key, value, signal).catch((again: unknown) => {
        signal?.throwIfAborted();
        throw this.#fault(again, key);
      });
    }
  }

  async delete(key: `/${string}`, { signal }: StoreOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const segments = keySegments(key);
    try {
      const folder = await this.#folder(segments.slice(0, -1), false);
      await folder.removeEntry(segments.at(-1) ?? '');
    } catch (error) {
      if (isMissing(error)) this.#folders.clear();
      else throw this.#fault(error, key);
    }
  }

  async *list(prefix: `/${string}`, { signal }: StoreOptions = {}): AsyncIterable<`/${string}`> {
    signal?.throwIfAborted();
    const segments = prefix === '/' ? [] : keySegments(prefix.replace(/\/$/, ''));
    let folder: FileSystemDirectoryHandle;
    try {
      folder = await this.#folder(segments, false);
    } catch (error) {
      if (isMissing(error)) return;
      throw this.#fault(error, prefix);
    }
    for await (const entry of folder.values()) {
      signal?.throwIfAborted();
      const key: `/${string}` = `${prefix}${entry.name}`;
      if (entry.kind === 'directory') yield* this.list(`${key}/`, signal === undefined ? {} : { signal });
      // Chromium's own temporary files.
      else if (!entry.name.endsWith('.crswap')) yield key;
    }
  }

  async tidy(folder: `/${string}`, { signal }: StoreOptions = {}): Promise<void> {
    const segments = keySegments(folder);
    this.#folders.clear();
    try {
      await removeEmpty(await this.#folder(segments, false), signal);
      for (let depth = segments.length; depth > 0; depth--) {
        const parent = await this.#folder(segments.slice(0, depth - 1), false);
        // Without `recursive` this refuses a folder that is not empty.
        await parent.removeEntry(segments[depth - 1]!);
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isMissing(error) && !isNotEmpty(error)) throw this.#fault(error, folder);
    } finally {
      this.#folders.clear();
    }
  }

  async free(): Promise<number | undefined> {
    // Of a folder on a disk a page cannot ask; of its own storage it can.
    const own = await navigator.storage?.getDirectory?.().catch(() => undefined);
    if (own === undefined || (await own.resolve(this.#root)) === null) return undefined;
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? undefined : quota - (usage ?? 0);
  }

  async #write(key: string, value: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const segments = keySegments(key);
    const folder = await this.#folder(segments.slice(0, -1), true);
    const file = await folder.getFileHandle(segments.at(-1) ?? '', { create: true });
    const stream = await file.createWritable();
    try {
      signal?.throwIfAborted();
      await stream.write(new Uint8Array(value));
      signal?.throwIfAborted();
    } catch (error) {
      await stream.abort().catch(() => undefined);
      throw error;
    }
    await stream.close();
  }

  async #folder(segments: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    if (segments.length === 0) return this.#root;
    const path = segments.join('/');
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const parent = await this.#folder(segments.slice(0, -1), create);
    const folder = await parent.getDirectoryHandle(segments.at(-1) ?? '', { create });
    this.#folders.set(path, folder);
    return folder;
  }

  async #file(key: string, signal: AbortSignal | undefined): Promise<File | undefined> {
    signal?.throwIfAborted();
    const segments = keySegments(key);
    try {
      const folder = await this.#folder(segments.slice(0, -1), false);
      const handle = await folder.getFileHandle(segments.at(-1) ?? '');
      const file = await handle.getFile();
      signal?.throwIfAborted();
      return file;
    } catch (error) {
      signal?.throwIfAborted();
      if (isMissing(error)) {
        this.#folders.clear();
        return undefined;
      }
      throw this.#fault(error, key);
    }
  }

  async #bytes(part: Blob, key: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    try {
      const bytes = new Uint8Array(await part.arrayBuffer());
      signal?.throwIfAborted();
      return bytes;
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#fault(error, key);
    }
  }

  #fault(error: unknown, key: string): AlibiError {
    return fileSystemFault(error, `${this.#root.name}${key}`, { key });
  }
}

async function removeEmpty(
  folder: FileSystemDirectoryHandle,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const entry of folder.values()) {
    signal?.throwIfAborted();
    if (!(entry instanceof FileSystemDirectoryHandle)) continue;
    await removeEmpty(entry, signal);
    await folder.removeEntry(entry.name).catch((error: unknown) => {
      if (!isNotEmpty(error) && !isMissing(error)) throw error;
    });
  }
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidModificationError';
}

/** No such file or folder, or a folder where a file would be (and the other way round). */
function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotFoundError' || error.name === 'TypeMismatchError');
}
