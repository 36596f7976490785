/**
 * Values loaded once for many callers. One caller's abort ends its own wait; the load is aborted when the last caller
 * has left. A failed load is forgotten, a finished one kept, the least recently asked for dropped first.
 */
export class SharedLoad<V> {
  readonly #load: (key: string, signal: AbortSignal) => Promise<V>;
  readonly #limit: number;
  readonly #entries = new Map<string, Entry<V>>();

  /** @param limit  how many finished values are kept */
  constructor(load: (key: string, signal: AbortSignal) => Promise<V>, limit: number) {
    this.#load = load;
    this.#limit = limit;
  }

  /** @throws whatever the load threw, or this caller's abort reason */
  async get(key: string, signal: AbortSignal | undefined): Promise<V> {
    signal?.throwIfAborted();
    const entry = this.#entries.get(key) ?? this.#start(key);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.callers++;
    try {
      return await untilAbort(entry.promise, signal);
    } finally {
      entry.callers--;
      if (entry.callers === 0 && !entry.finished) {
        this.#forget(key, entry);
        entry.controller.abort();
      }
    }
  }

  #start(key: string): Entry<V> {
    const controller = new AbortController();
    const entry: Entry<V> = {
      promise: this.#load(key, controller.signal),
      controller,
      callers: 0,
      finished: false,
    };
    entry.promise.then(
      () => {
        entry.finished = true;
        this.#trim();
      },
      () => {
        entry.finished = true;
        this.#forget(key, entry);
      },
    );
    return entry;
  }

  #forget(key: string, entry: Entry<V>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  #trim(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit) return;
      if (entry.finished) this.#entries.delete(key);
    }
  }
}

interface Entry<V> {
  readonly promise: Promise<V>;
  readonly controller: AbortController;
  callers: number;
  finished: boolean;
}

/** `promise`, or the signal's abort reason as soon as it aborts. */
function untilAbort<V>(promise: Promise<V>, signal: AbortSignal | undefined): Promise<V> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
