/** Long enough that yielding costs little (a browser's timer takes about 4 ms), short enough to stay responsive. */
const sliceMs = 30;

/**
 * Keeps a long computation abortable and its thread responsive. Call the pacer between steps of at most a
 * few milliseconds; it rejects with the abort's reason, and gives way to other work every 30 ms.
 */
export function createPacer(signal: AbortSignal | undefined): () => Promise<void> {
  let sliceStart = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - sliceStart < sliceMs) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    sliceStart = performance.now();
    signal?.throwIfAborted();
  };
}
