/** Least recently used values, bounded in bytes. */
export interface ByteCache<V> {
  readonly bytes: number;
  readonly size: number;
  get(key: string): V | undefined;
  /** Keep `value`, dropping the least recently used ones until it fits; one larger than the limit is not kept. */
  set(key: string, value: V): void;
  /** Drop all whose keys begin so; `onEvict` is not called. */
  deleteAll(prefix: string): void;
}

/** @param options.onEvict  runs when a value is dropped to make room for another */
export function createByteCache<V>({
  byteLimit,
  bytesOf,
  onEvict,
}: {
  readonly byteLimit: number;
  readonly bytesOf: (value: V) => number;
  readonly onEvict?: (value: V) => void;
}): ByteCache<V> {
  // A Map keeps the order of insertion: the first entry is the one used longest ago.
  const entries = new Map<string, { readonly value: V; readonly size: number }>();
  let bytes = 0;

  const drop = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    bytes -= entry.size;
  };
  const makeRoom = (needed: number): void => {
    for (const [key, { value }] of entries) {
      if (bytes + needed <= byteLimit) return;
      drop(key);
      onEvict?.(value);
    }
  };

  return {
    get bytes() {
      return bytes;
    },
    get size() {
      return entries.size;
    },
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value) {
      drop(key);
      const size = bytesOf(value);
      if (size > byteLimit) return;
      makeRoom(size);
      entries.set(key, { value, size });
      bytes += size;
    },
    deleteAll(prefix) {
      for (const key of entries.keys()) if (key.startsWith(prefix)) drop(key);
    },
  };
}
