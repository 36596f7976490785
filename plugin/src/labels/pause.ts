import { onAbort } from '../array/on-abort.ts';

/** Holds up work that asks before each step. What is under way when it is paused ends, and is kept. */
export interface Pause {
  readonly isPaused: boolean;
  /** Time it has been paused in all, up to now. */
  readonly pausedMs: number;
  pause(): void;
  resume(): void;
  /** At once, or when it is resumed; rejects with the signal's reason. */
  passed(signal?: AbortSignal): Promise<void>;
}

export function createPause(now = () => performance.now()): Pause {
  const waiting = new Set<() => void>();
  let sinceMs: number | null = null;
  let beforeMs = 0;
  return {
    get isPaused() {
      return sinceMs !== null;
    },
    get pausedMs() {
      return beforeMs + (sinceMs === null ? 0 : now() - sinceMs);
    },
    pause() {
      sinceMs ??= now();
    },
    resume() {
      if (sinceMs === null) return;
      beforeMs += now() - sinceMs;
      sinceMs = null;
      for (const go of [...waiting]) go();
    },
    async passed(signal) {
      signal?.throwIfAborted();
      if (sinceMs === null) return;
      await new Promise<void>((resolve, reject) => {
        const leave = onAbort(signal, () => {
          waiting.delete(go);
          reject(signal?.reason);
        });
        const go = (): void => {
          waiting.delete(go);
          leave();
          resolve();
        };
        waiting.add(go);
      });
    },
  };
}
