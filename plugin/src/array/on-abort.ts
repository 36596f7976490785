const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Run `callback` once when `signal` aborts. However many callbacks a signal has, it gets one listener: a
 * region of thousands of chunks is read under one signal, and Node warns of a leak from eleven on.
 *
 * @returns a function that takes the callback back; the signal's listener goes with the last one
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const known = callbacks.get(signal);
  const set = known ?? new Set<() => void>();
  if (known === undefined) {
    callbacks.set(signal, set);
    signal.addEventListener('abort', fire);
  }
  // A function of its own: the same callback may be handed in twice.
  const entry = (): void => callback();
  set.add(entry);
  return () => {
    set.delete(entry);
    if (set.size > 0 || callbacks.get(signal) !== set) return;
    callbacks.delete(signal);
    signal.removeEventListener('abort', fire);
  };
}

function fire(this: AbortSignal): void {
  const set = callbacks.get(this);
  callbacks.delete(this);
  this.removeEventListener('abort', fire);
  for (const callback of set ?? []) callback();
}
