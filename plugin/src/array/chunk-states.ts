import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { DataType, LazyArray } from './lazy-array.ts';
import type { Queue } from './queue.ts';
import { wrapped } from './wrapped.ts';

/** Where a chunk stands; the diagram is in docs/data-flow.md. A chunk nobody asked for has no state. */
export type ChunkState =
  | { readonly status: 'queued'; readonly attempts: number }
  | { readonly status: 'running'; readonly attempts: number }
  | { readonly status: 'ready' }
  | {
      readonly status: 'failed';
      readonly error: AlibiError;
      /** Not asked for again before then (milliseconds of `now`); `Infinity` where asking again cannot help. */
      readonly retryAtMs: number;
      readonly attempts: number;
    }
  | { readonly status: 'evicted' };

export type ChunkEvent =
  | { readonly kind: 'requested' }
  | { readonly kind: 'started' }
  | { readonly kind: 'arrived' }
  | { readonly kind: 'failed'; readonly error: AlibiError; readonly nowMs: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'retried' }
  | { readonly kind: 'evicted' };

/** First retry after 1 s, then twice as long each time, at most a minute. */
const RETRY_FIRST_MS = 1_000;
const RETRY_LONGEST_MS = 60_000;

/** The only place where a state changes. `undefined` is a chunk nobody wants. */
export function reduceChunk(state: ChunkState | undefined, event: ChunkEvent): ChunkState | undefined {
  const attempts = state !== undefined && 'attempts' in state ? state.attempts : 0;
  switch (event.kind) {
    case 'requested':
      return state?.status === 'queued' || state?.status === 'running'
        ? state
        : { status: 'queued', attempts };
    case 'started':
      return state?.status === 'queued' ? { status: 'running', attempts: attempts + 1 } : state;
    case 'arrived':
      return { status: 'ready' };
    case 'failed':
      return {
        status: 'failed',
        error: event.error,
        retryAtMs: isTransient(event.error) ? event.nowMs + backOffMs(attempts) : Number.POSITIVE_INFINITY,
        attempts,
      };
    case 'aborted':
      return state?.status === 'queued' || state?.status === 'running' ? undefined : state;
    case 'retried':
      return state?.status === 'failed' ? { ...state, retryAtMs: Number.NEGATIVE_INFINITY } : state;
    case 'evicted':
      return state?.status === 'ready' ? { status: 'evicted' } : state;
  }
}

function backOffMs(attempts: number): number {
  return Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.max(0, attempts - 1));
}

/** Whether asking again may help: a lost connection may come back, a malformed file will not mend. */
function isTransient(error: AlibiError): boolean {
  return error.tag === 'Network' || error.tag === 'Environment' || error.tag === 'Internal';
}

export interface TrackedArray<T extends DataType> extends LazyArray<T> {
  /** State of a chunk at the present revision. */
  state(index: readonly number[]): ChunkState | undefined;
  /** Number of chunks in each state. */
  counts(): Readonly<Record<ChunkState['status'], number>>;
  /** Let the next request of a failed chunk go ahead without waiting. */
  retry(index: readonly number[]): void;
  /** To be called by the cache below (`onEvict`). */
  evicted(index: readonly number[]): void;
}

export interface TrackedOptions {
  /** Where requests wait; without one a request is running as soon as it is made. */
  readonly queue?: Queue;
  readonly now?: () => number;
  readonly onChange?: (index: readonly number[], state: ChunkState | undefined) => void;
  /** Settled chunks remembered; the oldest are forgotten first (a person may pan over a huge image). */
  readonly limit?: number;
}

/**
 * `lazy` with an observable state per chunk. A failed chunk is not asked for again before its retry time:
 * until then requests reject with the same error, so that a view that asks every frame costs nothing.
 */
export function tracked<T extends DataType>(
  lazy: LazyArray<T>,
  options: TrackedOptions = {},
): TrackedArray<T> {
  const { queue, now = Date.now, onChange, limit = 65_536 } = options;
  const states = new Map<string, ChunkState>();
  const waiting = new Map<string, number>();
  const keyOf = (index: readonly number[]): string => `${lazy.revision}:${index.join()}`;

  const dispatch = (key: string, index: readonly number[], event: ChunkEvent): void => {
    const before = states.get(key);
    const after = reduceChunk(before, event);
    if (after === before) return;
    states.delete(key);
    if (after !== undefined) states.set(key, after);
    forgetOldest(states, limit);
    onChange?.(index, after);
  };

  const array = wrapped(lazy, async (index, request) => {
    request.signal?.throwIfAborted();
    const key = keyOf(index);
    const known = states.get(key);
    if (known?.status === 'failed' && now() < known.retryAtMs) throw known.error;
    waiting.set(key, (waiting.get(key) ?? 0) + 1);
    dispatch(key, index, { kind: 'requested' });
    try {
      const load = () => {
        dispatch(key, index, { kind: 'started' });
        return lazy.getChunk(index, request);
      };
      const chunk = await (queue === undefined ? load() : queue.run(load, request));
      dispatch(key, index, { kind: 'arrived' });
      return chunk;
    } catch (error) {
      if (!isAbort(error)) {
        const typed = asAlibiError(error, `chunk ${index.join(', ')}`);
        dispatch(key, index, { kind: 'failed', error: typed, nowMs: now() });
        throw typed;
      }
      // Somebody else may still be waiting for the same chunk.
      if (waiting.get(key) === 1) dispatch(key, index, { kind: 'aborted' });
      throw error;
    } finally {
      const others = (waiting.get(key) ?? 1) - 1;
      if (others === 0) waiting.delete(key);
      else waiting.set(key, others);
    }
  });

  // Defined on the object rather than spread: `revision` is a getter.
  return Object.assign(array, {
    state: (index: readonly number[]) => states.get(keyOf(index)),
    counts() {
      const counts = { queued: 0, running: 0, ready: 0, failed: 0, evicted: 0 };
      for (const state of states.values()) counts[state.status]++;
      return counts;
    },
    retry: (index: readonly number[]) => dispatch(keyOf(index), index, { kind: 'retried' }),
    evicted: (index: readonly number[]) => dispatch(keyOf(index), index, { kind: 'evicted' }),
  });
}

function forgetOldest(states: Map<string, ChunkState>, limit: number): void {
  if (states.size <= limit) return;
  for (const [key, state] of states) {
    if (state.status === 'queued' || state.status === 'running') continue;
    states.delete(key);
    if (states.size <= limit) return;
  }
}
