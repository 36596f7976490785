import { AlibiError } from '../errors.ts';
import type { OpeningStage, Progress, WorkOptions } from './pipeline.ts';
import { openingId, type Reply, type Request } from './protocol.ts';

export interface CallOptions extends WorkOptions {
  /** Takes what comes before the result. */
  readonly onPart?: (part: unknown) => void;
}

/** Calls across a port, each answered under its id. */
export interface Caller<C> {
  send(call: C, options: CallOptions): Promise<unknown>;
  wait(id: number, options: CallOptions): Promise<unknown>;
  fail(error: AlibiError): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly onPart: ((part: unknown) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @param onStage  hears what the other side says unasked */
export function createCaller<C>(port: MessagePort, onStage?: (stage: OpeningStage) => void): Caller<C> {
  const pending = new Map<number, Pending>();
  let nextId = openingId + 1;
  let failure: AlibiError | null = null;
  const post = (request: Request<C>): void => port.postMessage(request);

  port.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind === 'stage') return onStage?.(data.stage);
    const entry = pending.get(data.id);
    if (entry === undefined) return;
    if (data.kind === 'progress') return entry.onProgress?.(data.progress);
    if (data.kind === 'part') return entry.onPart?.(data.part);
    pending.delete(data.id);
    if (data.kind === 'result') entry.resolve(data.value);
    else if (data.error === 'abort') {
      entry.reject(entry.signal?.reason ?? new DOMException('The operation was aborted.', 'AbortError'));
    } else entry.reject(AlibiError.fromPlain(data.error));
  };

  const wait = (id: number, { signal, onProgress, onPart }: CallOptions): Promise<unknown> => {
    if (failure !== null) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        pending.delete(id);
        post({ kind: 'abort', id });
        reject(signal?.reason);
      };
      const leave = (): void => signal?.removeEventListener('abort', onAbort);
      pending.set(id, {
        resolve: (value) => {
          leave();
          resolve(value);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
        onProgress,
        onPart,
        signal,
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };

  return {
    wait,
    send(call, work) {
      if (work.signal?.aborted) return Promise.reject(work.signal.reason);
      const id = nextId++;
      const outcome = wait(id, work);
      post({ kind: 'call', id, call });
      return outcome;
    },
    fail(error) {
      failure = error;
      for (const entry of pending.values()) entry.reject(error);
      pending.clear();
    },
  };
}
