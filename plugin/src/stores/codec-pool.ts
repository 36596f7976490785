import { createQueue } from '../array/queue.ts';
import { AlibiError } from '../errors.ts';
import type { CodecJob, CodecReply, CodecRequest } from './codec-messages.ts';
import { isBrowser, startAgain } from './start-again.ts';

/** The page's end of a codec worker; `Worker` is one, a test may have another. */
export interface CodecWorker {
  postMessage(request: CodecRequest, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<CodecReply>) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  terminate(): void;
}

export interface CodecPoolOptions {
  readonly createWorker: () => CodecWorker;
  /** Workers at most; each is created when there is work and none is idle. */
  readonly size: number;
  /** After this long without work all workers are terminated; the next job starts new ones. Default 30 s. */
  readonly idleMs?: number;
}

export interface CodecPool {
  /**
   * Do a job in a worker, first come first served.
   *
   * @param job  its bytes are copied when its turn comes, never transferred: the caller keeps them
   * @param options.signal  an abort takes a waiting job out of the queue; one that is running runs to its end (milliseconds)
   *   and rejects then
   * @returns    the caller owns the buffer
   * @throws Error             the bytes are damaged
   * @throws EnvironmentError  the worker died, could not be started, or the codec cannot run in it
   */
  run(job: CodecJob, options?: { readonly signal?: AbortSignal | undefined }): Promise<Uint8Array>;
}

/** A worker that dies is replaced once; a second death with no answer in between is taken to be the rule. */
const deathsAllowed = 1;

export function createCodecPool({ createWorker, size, idleMs = 30_000 }: CodecPoolOptions): CodecPool {
  const queue = createQueue({ slots: size });
  const idle: Link[] = [];
  let deathsInARow = 0;
  let failure: AlibiError | null = null;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const died = (link: Link | null, cause: unknown): AlibiError => {
    const error = workerDied(cause);
    deathsInARow++;
    if (deathsInARow > deathsAllowed) failure = error;
    if (link !== null && idle.includes(link)) idle.splice(idle.indexOf(link), 1);
    return error;
  };
  const connect = (): Link => {
    try {
      return new Link(createWorker(), died);
    } catch (cause) {
      throw died(null, cause);
    }
  };
  const releaseWhenIdle = (): void => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (queue.running > 0) return;
      for (const link of idle.splice(0)) link.close();
    }, idleMs);
    // In Node a pool that waits to be released is no reason to stay alive.
    if (isReleasable(idleTimer)) idleTimer.unref();
  };
  const work = async (job: CodecJob): Promise<Uint8Array> => {
    if (failure !== null) throw failure;
    const link = idle.pop() ?? connect();
    const reply = await link.ask(job);
    deathsInARow = 0;
    idle.push(link);
    releaseWhenIdle();
    if (reply.kind === 'done') return reply.bytes;
    throw reply.kind === 'damaged' ? new Error(reply.what) : AlibiError.fromPlain(reply.error);
  };

  return {
    async run(job, { signal } = {}) {
      const bytes = await queue.run(() => work(job), {
        whenAborted: 'finish',
        ...(signal === undefined ? {} : { signal }),
      });
      signal?.throwIfAborted();
      return bytes;
    },
  };
}

interface Pending {
  readonly id: number;
  resolve(reply: CodecReply): void;
  reject(error: AlibiError): void;
}

/** One worker, one job at a time. */
class Link {
  readonly #worker: CodecWorker;
  #pending: Pending | null = null;
  #lastId = 0;

  constructor(worker: CodecWorker, died: (link: Link, cause: unknown) => AlibiError) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }) => {
      if (data.id !== this.#pending?.id) return;
      this.#pending.resolve(data);
      this.#pending = null;
    });
    const end = (event: Event): void => {
      // Shown by the error below; the browser need not report it a second time.
      event.preventDefault();
      worker.terminate();
      const error = died(this, 'message' in event ? event.message : 'a message could not be read');
      this.#pending?.reject(error);
      this.#pending = null;
    };
    worker.addEventListener('error', end);
    worker.addEventListener('messageerror', end);
  }

  ask(job: CodecJob): Promise<CodecReply> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#pending = { id, resolve, reject };
      // A copy: the caller's bytes may be part of a cached shard, and stay readable.
      const bytes = new Uint8Array(job.bytes);
      this.#worker.postMessage({ ...job, bytes, id }, [bytes.buffer]);
    });
  }

  close(): void {
    this.#worker.terminate();
  }
}

function workerDied(cause: unknown): AlibiError {
  const text = cause instanceof Error ? cause.message : cause;
  const why = typeof text === 'string' && text !== '' ? text : 'its script could not be loaded';
  return new AlibiError('Environment', {
    what: `a codec worker cannot run: ${why}`,
    where: 'codec worker',
    remedy: isBrowser
      ? `${startAgain}. If it persists, see that the worker's script (codec-worker.js) is served and that worker-src of the Content-Security-Policy allows it, or hand in a worker with setCodecWorkers.`
      : `${startAgain}. If it persists, install alibi-zarr anew: the codecs' threads run its codec-worker.js.`,
    cause,
  });
}

/** A timer of Node, which keeps a process alive unless told otherwise. */
function isReleasable(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer;
}
