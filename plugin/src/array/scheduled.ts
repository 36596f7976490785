import type { DataType, LazyArray } from './lazy-array.ts';
import type { Queue } from './queue.ts';
import { wrapped } from './wrapped.ts';

/**
 * `lazy` with its requests in `queue`: chunks are asked for in the order of their callers' priorities.
 * An abort leaves the queue, or frees the slot, at once. One queue may serve many arrays.
 */
export function scheduled<T extends DataType>(lazy: LazyArray<T>, queue: Queue): LazyArray<T> {
  return wrapped(lazy, (index, options) => queue.run(() => lazy.getChunk(index, options), options));
}
