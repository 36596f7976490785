import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import { assertByteLimit } from './byte-limit.ts';
import { keySegments } from './key.ts';
import type { ByteRange, StoreOptions, WriteStore } from './store.ts';

/**
 * A store in a folder of the file system, which is created by the first write. `set` is atomic: it writes a temporary file
 * beside the target and renames it, so a reader sees the old value or the new one.
 *
 * Keys that would leave the folder are refused (symbolic links inside it are followed).
 */
export function createNodeStore(directory: string): WriteStore {
  return new NodeStore(resolve(directory));
}

class NodeStore implements WriteStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get(key: `/${string}`, { signal, byteLimit }: StoreOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const path = this.#pathOf(key);
    if (byteLimit !== undefined) {
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      assertByteLimit(size, byteLimit, path);
    }
    const bytes = await readFile(path, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      return missingOrThrow(error, path);
    });
    // Not the Buffer itself: its `slice` shares memory, unlike every other Uint8Array's.
    return bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async getRange(
    key: `/${string}`,
    range: ByteRange,
    { signal }: StoreOptions = {},
  ): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const path = this.#pathOf(key);
    const file = await open(path, 'r').catch((error: unknown) => missingOrThrow(error, path));
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const start = 'offset' in range ? Math.min(range.offset, size) : Math.max(0, size - range.suffixLength);
      const stop = 'offset' in range ? Math.min(range.offset + range.length, size) : size;
      const bytes = new Uint8Array(stop - start);
      let done = 0;
      while (done < bytes.length) {
        signal?.throwIfAborted();
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new Error('the file became shorter while it was read');
        done += bytesRead;
      }
      signal?.throwIfAborted();
      return bytes;
    } catch (error) {
      signal?.throwIfAborted();
      return missingOrThrow(error, path);
    } finally {
      await file.close();
    }
  }

  async set(key: `/${string}`, value: Uint8Array, { signal }: StoreOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const path = this.#pathOf(key);
    const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
    try {
      await makeFolder(dirname(path));
      await writeFile(temporary, value, { signal });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      signal?.throwIfAborted();
      throw fileError(error, path);
    }
  }

  async delete(key: `/${string}`, { signal }: StoreOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const path = this.#pathOf(key);
    await rm(path, { force: true }).catch((error: unknown) => missingOrThrow(error, path));
  }

  async *list(prefix: `/${string}`, { signal }: StoreOptions = {}): AsyncIterable<`/${string}`> {
    const path = prefix === '/' ? this.#root : this.#pathOf(prefix.replace(/\/$/, ''));
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) =>
      missingOrThrow(error, path),
    );
    for (const entry of entries ?? []) {
      signal?.throwIfAborted();
      const key: `/${string}` = `${prefix}${entry.name}`;
      if (entry.isDirectory()) yield* this.list(`${key}/`, signal === undefined ? {} : { signal });
      else if (!isTemporary(entry.name)) yield key;
    }
  }

  async tidy(folder: `/${string}`): Promise<void> {
    let path = this.#pathOf(folder);
    await tidyFolder(path);
    while (path !== this.#root && (await isEmpty(path))) {
      await rmdir(path).catch(() => undefined);
      path = dirname(path);
    }
  }

  /** Of the nearest folder that is there. */
  async free(): Promise<number | undefined> {
    for (let path = this.#root; ; path = dirname(path)) {
      const found = await statfs(path).catch(() => undefined);
      if (found !== undefined) return found.bavail * found.bsize;
      if (dirname(path) === path) return undefined;
    }
  }

  #pathOf(key: string): string {
    return join(this.#root, ...keySegments(key));
  }
}

/** What a `set` writes before it renames it. */
function isTemporary(name: string): boolean {
  return /^\.[0-9a-f-]{36}\.tmp$/.test(name);
}

async function tidyFolder(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const full = join(path, entry.name);
    if (entry.isDirectory()) {
      await tidyFolder(full);
      if (await isEmpty(full)) await rmdir(full).catch(() => undefined);
    } else if (isTemporary(entry.name)) await rm(full, { force: true });
  }
}

/** A folder that is not there is as good as removed. */
async function isEmpty(path: string): Promise<boolean> {
  return (await readdir(path).catch(() => [])).length === 0;
}

/**
 * A folder with those above it. Node's own `recursive` never returns where the file system says ENOENT for a
 * new folder in one that is there, as /proc does (seen with Node 20).
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: unknown) => {
      if (errorCode(again) !== 'EEXIST') throw again;
    });
  }
}

/** ENOENT, ENOTDIR (a file where a folder would be) and EISDIR (a folder, not a value) mean missing. */
function missingOrThrow(error: unknown, path: string): undefined {
  if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error))) return undefined;
  throw fileError(error, path);
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const remedies: Readonly<Record<string, string>> = {
  EDQUOT: 'Your quota on this disk is used up; free some space and try again.',
  EACCES: 'Change the permissions of the file or folder.',
  EPERM: 'Change the permissions of the file or folder.',
  EROFS: 'The file system is read-only; choose another folder.',
  ENOSPC: 'The disk is full; free some space and try again.',
  EMFILE: 'Too many files are open; close other programs or raise the limit (ulimit -n).',
};

function fileError(error: unknown, path: string): AlibiError {
  const code = errorCode(error);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new AlibiError(denied ? 'PermissionDenied' : 'Environment', {
    what: error instanceof Error ? error.message : String(error),
    where: path,
    remedy: remedies[code] ?? 'Check the disk and the path.',
    cause: error,
    data: { code },
  });
}
