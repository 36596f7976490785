import { AlibiError, asAlibiError, isAbort, type PlainError } from '../errors.ts';
import type { Chunk, DataType, LazyArray } from './lazy-array.ts';
import {
  type ArrayHandle,
  type ArrayPort,
  type ArrayReply,
  type ArrayRequest,
  messageOf,
} from './remote-messages.ts';

export interface ArrayServer {
  /** Make an array reachable from the other side; the handle is plain data to be posted there. */
  publish<T extends DataType>(lazy: LazyArray<T>): ArrayHandle<T>;
  /** Requests for it fail from now on. */
  withdraw(handle: Pick<ArrayHandle, 'array'>): void;
  /** Tell the other side that the array's revision has grown. */
  announce(handle: Pick<ArrayHandle, 'array'>): void;
  /** Abort everything under way and stop listening. */
  close(): void;
  readonly pending: number;
}

interface Pending {
  readonly controller: AbortController;
  priority: number;
}

/**
 * Serve lazy arrays to the other side of a port. Chunks are shared and may be cached here, so a copy is
 * made and its buffer transferred: one copy in all. Errors travel as plain data, aborts as themselves.
 */
export function serveArrays(port: ArrayPort): ArrayServer {
  const arrays = new Map<number, LazyArray>();
  const pending = new Map<number, Pending>();
  let published = 0;
  const reply = (message: ArrayReply, transfer: Transferable[] = []): void =>
    port.postMessage(message, transfer);

  const fail = (id: number, error: PlainError): void => {
    try {
      reply({ kind: 'failed', id, error });
    } catch {
      // Data that cannot be cloned: the caller must hear of the failure all the same.
      const { data: _, ...rest } = error;
      reply({ kind: 'failed', id, error: rest });
    }
  };

  const answer = async (request: ArrayRequest & { kind: 'get' }): Promise<void> => {
    const { id, index } = request;
    const entry: Pending = { controller: new AbortController(), priority: request.priority };
    pending.set(id, entry);
    try {
      const lazy = arrays.get(request.array);
      if (lazy === undefined) throw withdrawn(request.array);
      const chunk = await lazy.getChunk(index, {
        signal: entry.controller.signal,
        priority: () => entry.priority,
      });
      const data = copyOf(chunk);
      if (pending.has(id)) reply({ kind: 'chunk', id, data, shape: chunk.shape }, [data.buffer]);
    } catch (error) {
      if (!pending.has(id)) return;
      if (isAbort(error)) reply({ kind: 'aborted', id });
      else fail(id, asAlibiError(error, `chunk ${index.join(', ')}`).toPlain());
    } finally {
      pending.delete(id);
    }
  };

  const onMessage = (event: Event): void => {
    const request = messageOf<ArrayRequest>(event, ['get', 'priority', 'abort']);
    if (request === undefined) return;
    if (request.kind === 'get') void answer(request);
    else if (request.kind === 'abort') {
      // The caller is gone already and expects no reply.
      const entry = pending.get(request.id);
      pending.delete(request.id);
      entry?.controller.abort();
    } else {
      const entry = pending.get(request.id);
      if (entry !== undefined) entry.priority = request.priority;
    }
  };
  const close = (): void => {
    port.removeEventListener('message', onMessage);
    port.removeEventListener('close', close);
    arrays.clear();
    for (const [id, entry] of pending) {
      pending.delete(id);
      entry.controller.abort();
    }
  };
  port.addEventListener('message', onMessage);
  port.addEventListener('close', close);
  port.start?.();

  return {
    get pending() {
      return pending.size;
    },
    publish<T extends DataType>(lazy: LazyArray<T>): ArrayHandle<T> {
      const array = published++;
      arrays.set(array, lazy);
      const { axes, shape, chunkShape, dtype, fillValue, transform, revision } = lazy;
      return { array, axes, shape, chunkShape, dtype, fillValue, transform, revision };
    },
    withdraw({ array }) {
      arrays.delete(array);
    },
    announce({ array }) {
      const lazy = arrays.get(array);
      if (lazy !== undefined) reply({ kind: 'revision', array, revision: lazy.revision });
    },
    close,
  };
}

function copyOf(chunk: Chunk<DataType>): ArrayBufferView & { readonly buffer: ArrayBuffer } {
  // `slice` of a typed array always gives a buffer of its own, never a SharedArrayBuffer.
  return chunk.data.slice() as ArrayBufferView & { readonly buffer: ArrayBuffer };
}

function withdrawn(array: number): AlibiError {
  return new AlibiError('NotFound', {
    what: 'the array is no longer served',
    where: `array ${array}`,
    remedy: 'Ask for the layer again.',
  });
}
