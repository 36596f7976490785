import { type ChunkCache, createChunkCache } from './chunk-cache.ts';
import type { DataType, LazyArray } from './lazy-array.ts';
import { wrapped } from './wrapped.ts';

export type CachedOptions =
  | { readonly byteLimit: number; readonly onEvict?: (index: readonly number[]) => void }
  | { readonly cache: ChunkCache; readonly onEvict?: (index: readonly number[]) => void };

/**
 * Keep the chunks used last, bounded in bytes: in a cache of its own (`byteLimit`) or in one that serves
 * several arrays (`cache`). Entries belong to a `revision`; an edited array is asked anew. Concurrent
 * requests of a missing chunk are the business of `shared`.
 *
 * @param options.onEvict  runs when a chunk is dropped to make room for another
 */
export function cached<T extends DataType>(lazy: LazyArray<T>, options: CachedOptions): LazyArray<T> {
  const cache = 'cache' in options ? options.cache : createChunkCache({ byteLimit: options.byteLimit });
  const chunks = cache.scope<T>((key) => {
    const [revision, index] = key.split(':');
    if (Number(revision) === lazy.revision) options.onEvict?.((index ?? '').split(',').map(Number));
  });
  return wrapped(lazy, async (index, request) => {
    request.signal?.throwIfAborted();
    const key = `${lazy.revision}:${index.join()}`;
    const kept = chunks.get(key);
    if (kept !== undefined) return kept;
    const chunk = await lazy.getChunk(index, request);
    chunks.set(key, chunk);
    return chunk;
  });
}
