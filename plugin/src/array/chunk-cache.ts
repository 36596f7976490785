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
  readonly scope: object;
  readonly evicted: () => void;
}

export function createChunkCache({ byteLimit }: { readonly byteLimit: number }): ChunkCache {
  // A Map keeps the order of insertion: the first entry is the one used longest ago.
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let scopes = 0;

  const drop = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    bytes -= entry.chunk.data.byteLength;
  };
  const makeRoom = (needed: number): void => {
    for (const [key, entry] of entries) {
      if (bytes + needed <= byteLimit) return;
      drop(key);
      entry.evicted();
    }
  };

  return {
    byteLimit,
    get bytes() {
      return bytes;
    },
    get size() {
      return entries.size;
    },
    scope<T extends DataType>(onEvict?: (key: string) => void): CacheScope<T> {
      const prefix = `${scopes++}/`;
      const scope = {};
      return {
        get(key) {
          const entry = entries.get(prefix + key);
          if (entry === undefined) return undefined;
          entries.delete(prefix + key);
          entries.set(prefix + key, entry);
          // Only this scope writes under its prefix, and only chunks of T.
          return entry.chunk as Chunk<T>;
        },
        set(key, chunk) {
          drop(prefix + key);
          const needed = chunk.data.byteLength;
          if (needed > byteLimit) return;
          makeRoom(needed);
          entries.set(prefix + key, { chunk, scope, evicted: () => onEvict?.(key) });
          bytes += needed;
        },
        clear() {
          for (const [key, entry] of entries) if (entry.scope === scope) drop(key);
        },
      };
    },
  };
}
