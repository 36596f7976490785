import { onAbort } from './on-abort.ts';

export interface QueueOptions {
  readonly signal?: AbortSignal;
  /** Smaller is sooner; read again whenever a slot is given away. Absent means 0. */
  readonly priority?: () => number;
  /**
   * What an abort does to a task that has started. `release` (default): the caller gets the abort and the
   * slot is free at once. `finish`: the task cannot be stopped, so it keeps its slot to the end and the
   * caller gets its result all the same.
   */
  readonly whenAborted?: 'release' | 'finish';
}

export interface Queue {
  readonly slots: number;
  readonly waiting: number;
  readonly running: number;
  /**
   * Run `task` when a slot is free and nothing more urgent waits.
   *
   * @throws what the task throws, or the signal's abort reason
   */
  run<R>(task: () => Promise<R>, options?: QueueOptions): Promise<R>;
}

interface Entry {
  readonly priority: () => number;
  start(): void;
}

/**
 * A queue that runs at most `slots` tasks at once: most urgent first, first come first served among
 * equals. Slots are given away in a microtask, so that tasks handed in together compete by priority.
 */
export function createQueue({ slots }: { readonly slots: number }): Queue {
  const waiting: Entry[] = [];
  let running = 0;
  let pumpPending = false;

  const pump = (): void => {
    pumpPending = false;
    while (running < slots && waiting.length > 0) {
      const [entry] = waiting.splice(mostUrgent(waiting), 1);
      running++;
      entry!.start();
    }
  };
  const requestPump = (): void => {
    if (pumpPending) return;
    pumpPending = true;
    queueMicrotask(pump);
  };
  const release = (): void => {
    running--;
    requestPump();
  };

  return {
    slots,
    get waiting() {
      return waiting.length;
    },
    get running() {
      return running;
    },
    run<R>(
      task: () => Promise<R>,
      { signal, priority, whenAborted = 'release' }: QueueOptions = {},
    ): Promise<R> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise<R>((resolve, reject) => {
        let state: 'waiting' | 'running' | 'over' = 'waiting';
        const over = (): void => {
          if (state === 'running') release();
          state = 'over';
          forget();
        };
        const abort = (): void => {
          if (state === 'running' && whenAborted === 'finish') return;
          if (state === 'waiting') waiting.splice(waiting.indexOf(entry), 1);
          over();
          reject(signal?.reason);
        };
        const entry: Entry = {
          priority: priority ?? (() => 0),
          start() {
            state = 'running';
            // `then` both ways rather than `finally`: after an abort the late outcome is of no interest.
            Promise.resolve()
              .then(task)
              .then(
                (value) => {
                  if (state === 'over') return;
                  over();
                  resolve(value);
                },
                (error: unknown) => {
                  if (state === 'over') return;
                  over();
                  reject(error);
                },
              );
          },
        };
        const forget = onAbort(signal, abort);
        waiting.push(entry);
        requestPump();
      });
    },
  };
}

function mostUrgent(entries: readonly Entry[]): number {
  let best = 0;
  let bestPriority = Number.POSITIVE_INFINITY;
  entries.forEach((entry, position) => {
    const priority = entry.priority();
    if (priority < bestPriority) {
      best = position;
      bestPriority = priority;
    }
  });
  return best;
}
