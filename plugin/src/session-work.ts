import { type AlibiError, asAlibiError, isAbort } from './errors.ts';
import type { Progress } from './pipeline/pipeline.ts';
import type { Work } from './session-types.ts';

/** What a task is given: the signal of everything that may end it, and where it tells how far it is. */
export type Task<T> = (work: {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}) => Promise<T>;

/** What a session is doing, to be shown and cancelled; the lifetime's end cancels all of it. */
export class WorkList {
  #list: readonly Work[] = [];
  readonly #lifetime: AbortSignal;
  readonly #events: { readonly changed: () => void; readonly failed: (error: AlibiError) => void };
  #started = 0;

  constructor(
    lifetime: AbortSignal,
    events: { readonly changed: () => void; readonly failed: (error: AlibiError) => void },
  ) {
    this.#lifetime = lifetime;
    this.#events = events;
  }

  get list(): readonly Work[] {
    return this.#list;
  }

  /**
   * Run a task, listed under `title` while it runs. Its failure is announced once and rethrown as a member
   * of the family; an abort is only rethrown.
   */
  async run<T>(title: string, caller: AbortSignal | undefined, task: Task<T>): Promise<T> {
    const cancelled = new AbortController();
    const signal = AbortSignal.any([cancelled.signal, this.#lifetime, ...(caller ? [caller] : [])]);
    const id = `work-${++this.#started}`;
    const show = (progress: Progress | null): void => {
      if (signal.aborted) return;
      const work: Work = { id, title, progress, cancel: () => cancelled.abort() };
      this.#set([...this.#list.filter((old) => old.id !== id), work]);
    };
    const drop = (): void => {
      if (this.#list.some((work) => work.id === id)) this.#set(this.#list.filter((work) => work.id !== id));
    };
    // What is being cancelled is no longer listed, however long it takes to let go.
    signal.addEventListener('abort', drop, { once: true });
    show(null);
    try {
      return await task({ signal, onProgress: show });
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = asAlibiError(error, title);
      this.#events.failed(failure);
      throw failure;
    } finally {
      signal.removeEventListener('abort', drop);
      drop();
    }
  }

  #set(list: readonly Work[]): void {
    this.#list = list;
    this.#events.changed();
  }
}

/** Run a task, listed under its title while it runs; the end of the session and the signal abort it. */
export type RunTask = <T>(title: string, signal: AbortSignal | undefined, task: Task<T>) => Promise<T>;
