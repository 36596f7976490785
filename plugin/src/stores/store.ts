/**
 * Where bytes lie. The same structural interface as zarrita's `Readable`: a bare `Map<string, Uint8Array>`
 * is a store. Keys are absolute paths such as `/0/c/0/0`; a missing key is `undefined`, every other
 * failure is an {@link AlibiError}.
 */
export interface ReadStore {
  get(key: `/${string}`, options?: StoreOptions): Promise<Uint8Array | undefined>;
  /** Part of a value: a byte range, or the last `suffixLength` bytes. Absent where the store cannot. */
  getRange?(key: `/${string}`, range: ByteRange, options?: StoreOptions): Promise<Uint8Array | undefined>;
}

export type ByteRange =
  | { readonly offset: number; readonly length: number }
  | { readonly suffixLength: number };

export interface StoreOptions {
  readonly signal?: AbortSignal;
  /** A value that is longer is refused with an InvalidInput error, where its length is known before it is read. Of `get` alone. */
  readonly byteLimit?: number;
}

export interface WriteStore extends ReadStore {
  set(key: `/${string}`, value: Uint8Array, options?: StoreOptions): Promise<void>;
  /** Deleting what is not there is not an error. */
  delete(key: `/${string}`, options?: StoreOptions): Promise<void>;
  /** Every key below `prefix` (which ends in `/`); absent where the store cannot list (plain HTTP). */
  list?(prefix: `/${string}`, options?: StoreOptions): AsyncIterable<`/${string}`>;
  /** Remove what writes that were cut off have left below `folder`, and folders that are empty, itself and those above too. */
  tidy?(folder: `/${string}`, options?: StoreOptions): Promise<void>;
  /** Absent where a write cannot depend on what is there. */
  readonly conditional?: ConditionalAccess;
  /** Bytes that can still be written, as far as it is known. */
  free?(options?: StoreOptions): Promise<number | undefined>;
}

/** Writes that depend on what is there. A server may ignore the condition; only a try tells (`setWatched`). */
export interface ConditionalAccess {
  /** A value with its version's tag; without a tag its version cannot be named in a condition. */
  get(
    key: `/${string}`,
    options?: StoreOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly tag: string | undefined } | undefined>;
  /**
   * Write if the value still has this tag; `null`: if there is none.
   *
   * @returns `refused`: the condition does not hold; `unsupported`: no conditions here. Nothing is written then
   */
  set(
    key: `/${string}`,
    value: Uint8Array,
    tag: string | null,
    options?: StoreOptions,
  ): Promise<'written' | 'refused' | 'unsupported'>;
}

/** What a person can hand us as an image. */
export type Source = string | URL | ReadStore | FileSystemDirectoryHandle | File;

export function isWritable(store: ReadStore): store is WriteStore {
  return 'set' in store && typeof store.set === 'function' && 'delete' in store;
}
