import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** One piece of work of an element: drawn as busy while it runs, cancelled with the element. */
export class RunningTask implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #running: AbortController | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get isBusy(): boolean {
    return this.#running !== null;
  }

  cancel(): void {
    this.#running?.abort();
  }

  hostDisconnected(): void {
    this.cancel();
  }

  /** Failures are the session's to announce, as an `error` event; here they only end the work. */
  async run(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    this.#running = abort;
    this.#host.requestUpdate();
    try {
      await task(abort.signal);
    } catch {
      // Announced by the session.
    } finally {
      this.#running = null;
      this.#host.requestUpdate();
    }
  }
}
