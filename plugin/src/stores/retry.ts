import type { AlibiError } from '../errors.ts';

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Pause before the second try; it doubles from try to try. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** A server that asks for a longer pause (Retry-After) than this is not waited for. */
  readonly maxRetryAfterMs: number;
  /** In [0, 1); a test hands in its own. */
  readonly random: () => number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 4,
  baseDelayMs: 250,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 60_000,
  random: Math.random,
};

/** Tries of a write, some half a minute in all: what it would lose is worth more waiting than an image that is looked at. */
export const writeRetries = 8;

/** Thrown by an attempt that another may better; `error` is what the caller gets when none is left. */
export class TransientFailure {
  readonly error: AlibiError;
  readonly retryAfterMs: number | undefined;

  constructor(error: AlibiError, retryAfterMs?: number) {
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Run `attempt` until it succeeds, fails for good, or has used up the policy's tries. Pauses grow
 * exponentially, between half and all of their nominal length, so that clients that failed together do not come
 * back together; an abort ends a pause at once.
 *
 * @throws the last `TransientFailure`'s error, whatever else `attempt` threw, or the signal's abort reason
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (failure) {
      signal?.throwIfAborted();
      if (!(failure instanceof TransientFailure)) throw failure;
      const nominalMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tries - 1));
      const pauseMs = Math.max(nominalMs * (0.5 + policy.random() / 2), failure.retryAfterMs ?? 0);
      if (tries >= policy.attempts || (failure.retryAfterMs ?? 0) > policy.maxRetryAfterMs)
        throw failure.error;
      await pause(pauseMs, signal);
    }
  }
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Milliseconds that a Retry-After header asks for: seconds, or an HTTP date. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
