import type { Chunk, DataType, LazyArray } from './lazy-array.ts';
import { onAbort } from './on-abort.ts';
import { wrapped } from './wrapped.ts';

interface Flight<T extends DataType> {
  readonly outcome: Promise<Chunk<T>>;
  readonly controller: AbortController;
  /** How urgent each caller still waiting finds it; a `Set` of fresh objects, so equal callers count twice. */
  readonly callers: Set<{ readonly priority: () => number }>;
}

/**
 * One flight for many callers of a chunk. A caller's abort takes that caller out at once and nobody else;
 * when the last one leaves, the flight is aborted and forgotten. The flight is as urgent as its most urgent
 * caller. Nothing is kept after the flight has landed, least of all a rejection.
 */
export function shared<T extends DataType>(lazy: LazyArray<T>): LazyArray<T> {
  const flights = new Map<string, Flight<T>>();

  const depart = (key: string, index: readonly number[]): Flight<T> => {
    const controller = new AbortController();
    const callers: Flight<T>['callers'] = new Set();
    const priority = (): number => {
      let least = Number.POSITIVE_INFINITY;
      for (const caller of callers) least = Math.min(least, caller.priority());
      return least;
    };
    // Async, so that a synchronous throw is a rejection like any other.
    const outcome = (async () => lazy.getChunk(index, { signal: controller.signal, priority }))();
    const flight = { outcome, controller, callers };
    flights.set(key, flight);
    const land = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    outcome.then(land, land);
    return flight;
  };

  return wrapped(lazy, (index, { signal, priority }) => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    // A flight begun before an edit holds the old values: later callers want the new ones.
    const key = `${lazy.revision}:${index.join()}`;
    const flight = flights.get(key) ?? depart(key, index);
    const caller = { priority: priority ?? (() => 0) };
    flight.callers.add(caller);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.callers.delete(caller);
        forget();
      };
      const abort = (): void => {
        leave();
        if (flight.callers.size === 0) {
          if (flights.get(key) === flight) flights.delete(key);
          flight.controller.abort(signal?.reason);
        }
        reject(signal?.reason);
      };
      const forget = onAbort(signal, abort);
      flight.outcome.then(
        (chunk) => {
          leave();
          resolve(chunk);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  });
}
