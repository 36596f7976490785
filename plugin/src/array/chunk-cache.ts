import { createByteCache } from './byte-cache.ts';
import type { Chunk, DataType } from './lazy-array.ts';

/**
 * Least recently used chunks, bounded in bytes. One cache may serve many arrays; keys are made unique by
 * {@link ChunkCache.scope}.
 */
export interface ChunkCache {
  readonly byteLimit: number;
  readonly bytes: number;
  readonly size: number;
  /** A name space of its own for one array's chunks. */
  scope<T extends DataType>(onEvict?: (key: string) => void): CacheScope<T>;
}

export interface CacheScope<T extends DataType> {
  get(key: string): Chunk<T> | undefined;
  /** Keep `chunk`, dropping the least recently used ones until it fits; one larger than the limit is not kept. */
  set(key: string, chunk: Chunk<T>): void;
  /** Drop everything of this scope, e.g. when its array is closed. `onEvict` is not called. */
  clear(): void;
}

interface Entry {
  readonly chunk: Chunk<DataType>;
  readonly evicted: () => void;
}

export function createChunkCache({ byteLimit }: { readonly byteLimit: number }): ChunkCache {
  const entries = createByteCache<Entry>({
    byteLimit,
    bytesOf: ({ chunk }) => chunk.data.byteLength,
    onEvict: ({ evicted }) => evicted(),
  });
  let scopes = 0;
  return {
    byteLimit,
    get bytes() {
      return entries.bytes;
    },
    get size() {
      return entries.size;
    },
    scope<T extends DataType>(onEvict?: (key: string) => void): CacheScope<T> {
      const prefix = `${scopes++}/`;
      return {
        get(key) {
          // Only this scope writes under its prefix, and only chunks of T.
          return entries.get(prefix + key)?.chunk as Chunk<T> | undefined;
        },
        set(key, chunk) {
          entries.set(prefix + key, { chunk, evicted: () => onEvict?.(key) });
        },
        clear() {
          entries.deleteAll(prefix);
        },
      };
    },
  };
}
