/** Progress of one piece of work; `etaMs` is absent until it can be told. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly etaMs?: number;
  /** Stored so far, where something is stored. */
  readonly bytes?: number;
}

export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Counts steps of equal size and estimates the time left from the mean so far.
 *
 * @param total  number of steps
 * @param report called after every step; absent: counting costs nothing
 */
export function createProgress(
  total: number,
  report: ((progress: Progress) => void) | undefined,
  now = () => performance.now(),
) {
  const startMs = now();
  let done = 0;
  report?.({ done, total });
  return {
    step(count = 1): void {
      done += count;
      const etaMs = ((now() - startMs) / done) * (total - done);
      report?.({ done, total, etaMs });
    },
  };
}
