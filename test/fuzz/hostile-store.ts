import { keySegments } from '../../plugin/src/stores/key.ts';
import type { ReadStore, StoreOptions } from '../../plugin/src/stores/store.ts';

export type Files = Map<string, Uint8Array>;

export interface HostileStoreOptions {
  /** Below this key the whole store begins again, without end: a link to a folder above it. */
  readonly cycleAt?: string | undefined;
  readonly ranges: boolean;
}

/** A store in memory that answers as folders and servers do, and takes the keys that they take. */
export function hostileStore(files: Files, { cycleAt, ranges }: HostileStoreOptions): ReadStore {
  const find = (key: string): Uint8Array | undefined => {
    let path = `/${keySegments(key).join('/')}`;
    while (cycleAt !== undefined && path.startsWith(`${cycleAt}/`)) path = path.slice(cycleAt.length);
    return files.get(path);
  };
  const get = async (key: `/${string}`, { signal }: StoreOptions = {}): Promise<Uint8Array | undefined> => {
    signal?.throwIfAborted();
    return find(key)?.slice();
  };
  if (!ranges) return { get };
  return {
    get,
    async getRange(key, range, { signal } = {}) {
      signal?.throwIfAborted();
      const bytes = find(key);
      if (bytes === undefined) return undefined;
      return 'offset' in range
        ? bytes.slice(range.offset, range.offset + range.length)
        : bytes.slice(Math.max(0, bytes.length - range.suffixLength));
    },
  };
}
