import { setTimeout as sleep } from 'node:timers/promises';

/** Waits that a server may ask for; longer ones are for the person to decide. */
const LONGEST_WAIT_MS = 60_000;

export interface RetryOptions {
  readonly attempts: number;
  /** Before the second attempt; doubled for each further one. */
  readonly delayMs: number;
  readonly signal: AbortSignal;
  /** Wait for the network, too: it was there a moment ago. */
  readonly evenUnreached?: boolean;
  /** Told before every wait. */
  readonly onWait?: (reason: string, waitMs: number) => void;
}

/** A failure that may pass: 5xx, 408, 429, a lost connection. */
export class Transient extends Error {
  override readonly name = 'Transient';
  /** What the server asked for, in ms. */
  readonly retryAfterMs: number | undefined;
  /** No server was reached at all: waiting a few seconds does not bring a network back. */
  readonly unreached: boolean;

  constructor(message: string, o: { retryAfterMs?: number | undefined; unreached?: boolean } = {}) {
    super(message);
    this.retryAfterMs = o.retryAfterMs;
    this.unreached = o.unreached ?? false;
  }
}

/**
 * Call again after a {@link Transient} failure, with growing waits; every other failure is the caller's at once.
 *
 * @param work  called with `progressed`, to be called when something was gained: attempts then count anew
 */
export async function withRetries<T>(
  work: (progressed: () => void) => Promise<T>,
  o: RetryOptions,
): Promise<T> {
  let failed = 0;
  for (;;) {
    try {
      return await work(() => {
        failed = 0;
      });
    } catch (error) {
      failed++;
      if (!(error instanceof Transient) || failed >= o.attempts) throw error;
      if (error.unreached && o.evenUnreached !== true) throw error;
      const waitMs = error.retryAfterMs ?? o.delayMs * 2 ** (failed - 1) * (1 + Math.random() / 4);
      if (waitMs > LONGEST_WAIT_MS) throw error;
      o.onWait?.(error.message, waitMs);
      await sleep(waitMs, undefined, { signal: o.signal });
    }
  }
}
