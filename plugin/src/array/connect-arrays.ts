import { AlibiError } from '../errors.ts';
import type { Chunk, ChunkData, DataType, LazyArray } from './lazy-array.ts';
import { onAbort } from './on-abort.ts';
import {
  type ArrayHandle,
  type ArrayPort,
  type ArrayReply,
  type ArrayRequest,
  messageOf,
} from './remote-messages.ts';

export interface ArrayClient {
  /** The array behind a handle that the other side published. */
  open<T extends DataType>(handle: ArrayHandle<T>): LazyArray<T>;
  /** Read the priorities of all pending requests again and send those that have changed. */
  reprioritise(): void;
  /** Reject everything pending with `error` and stop listening. */
  close(error?: AlibiError): void;
  readonly pending: number;
}

interface Pending {
  readonly settle: (reply: ArrayReply | AlibiError) => void;
  readonly priority: () => number;
  sent: number;
}

/**
 * Lazy arrays served by {@link serveArrays} at the other end of `port`. Aborts are forwarded and take
 * effect here at once. Priorities are read when a request is sent and again whenever another one is sent or
 * answered. When the port dies (`close`, `error`, `messageerror`) everything pending rejects.
 */
export function connectArrays(port: ArrayPort): ArrayClient {
  const pending = new Map<number, Pending>();
  const revisions = new Map<number, number>();
  let nextId = 0;
  let dead: AlibiError | undefined;
  let refreshPending = false;
  const send = (request: ArrayRequest): void => port.postMessage(request, []);

  const reprioritise = (): void => {
    refreshPending = false;
    for (const [id, entry] of pending) {
      const priority = entry.priority();
      if (priority === entry.sent) continue;
      entry.sent = priority;
      send({ kind: 'priority', id, priority });
    }
  };
  const refreshSoon = (): void => {
    if (refreshPending) return;
    refreshPending = true;
    queueMicrotask(reprioritise);
  };
  const onMessage = (event: Event): void => {
    const reply = messageOf<ArrayReply>(event, ['chunk', 'failed', 'aborted', 'revision']);
    if (reply === undefined) return;
    if (reply.kind === 'revision') revisions.set(reply.array, reply.revision);
    else pending.get(reply.id)?.settle(reply);
    refreshSoon();
  };
  const die = (error: AlibiError): void => {
    if (dead !== undefined) return;
    dead = error;
    port.removeEventListener('message', onMessage);
    for (const type of DEATHS) port.removeEventListener(type, onDeath);
    for (const entry of [...pending.values()]) entry.settle(error);
  };
  const onDeath = (event: Event): void => die(portDied(event.type));
  port.addEventListener('message', onMessage);
  for (const type of DEATHS) port.addEventListener(type, onDeath);
  port.start?.();

  const request = <T extends DataType>(
    array: number,
    index: readonly number[],
    signal: AbortSignal | undefined,
    priority: () => number,
  ): Promise<Chunk<T>> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      const leave = (): void => {
        pending.delete(id);
        forget();
      };
      const abort = (): void => {
        leave();
        send({ kind: 'abort', id });
        reject(signal?.reason);
      };
      const settle = (reply: ArrayReply | AlibiError): void => {
        leave();
        if (reply instanceof AlibiError) reject(reply);
        else if (reply.kind === 'failed') reject(AlibiError.fromPlain(reply.error));
        // The handle's dtype says which typed array the other side sends.
        else if (reply.kind === 'chunk') resolve({ data: reply.data as ChunkData[T], shape: reply.shape });
        else reject(new DOMException('The work was aborted on the other side.', 'AbortError'));
      };
      const sent = priority();
      pending.set(id, { settle, priority, sent });
      const forget = onAbort(signal, abort);
      send({ kind: 'get', id, array, index, priority: sent });
      refreshSoon();
    });

  return {
    get pending() {
      return pending.size;
    },
    reprioritise,
    close: (error) => die(error ?? portDied('close')),
    open<T extends DataType>(handle: ArrayHandle<T>): LazyArray<T> {
      const { array, axes, shape, chunkShape, dtype, fillValue, transform } = handle;
      return {
        axes,
        shape,
        chunkShape,
        dtype,
        fillValue,
        transform,
        get revision() {
          return Math.max(handle.revision, revisions.get(array) ?? 0);
        },
        async getChunk(index, { signal, priority }) {
          signal?.throwIfAborted();
          if (dead !== undefined) throw dead;
          return request(array, index, signal, priority ?? (() => 0));
        },
      };
    },
  };
}

const DEATHS = ['close', 'error', 'messageerror'] as const;

function portDied(how: string): AlibiError {
  return new AlibiError('Internal', {
    what: `the connection to the worker ended (${how})`,
    where: 'array port',
    remedy: 'Reload the page; if it happens again, please report it with the browser console open.',
  });
}
