import { connectArrays } from '../array/connect-arrays.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import type { ArrayHandle } from '../array/remote-messages.ts';
import { serveArrays } from '../array/serve-arrays.ts';
import { AlibiError } from '../errors.ts';
import type { Column, TableBatch } from '../segment/measure/columns.ts';
import { createCaller } from './caller.ts';
import type { FoundInstances, ObjectsEngine } from './objects.ts';
import type { ArrayName, ObjectsCall, OpenObjectsMessage } from './objects-protocol.ts';

/** The end of the worker a page talks to; `Worker` is one. */
export interface ObjectsWorkerLike {
  postMessage(message: OpenObjectsMessage, transfer: Transferable[]): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  terminate(): void;
}

/**
 * An engine in a worker, which is started by the first call. When it dies everything pending rejects with an Environment error, and
 * the next call starts another; layers of the one that died fail.
 */
export function objectsInWorker(createWorker: () => ObjectsWorkerLike): ObjectsEngine {
  let running: Connection | null = null;
  const connection = (): Connection => {
    running ??= connect(createWorker(), () => {
      running = null;
    });
    return running;
  };
  return {
    async find(labels, recipe, { source, ...work }) {
      const { caller, nameOf, open } = connection();
      const call = { method: 'find', labels: nameOf(labels), recipe, source } as const;
      const found = await caller.send(call, work);
      const { fit, levels } = found as { fit: FoundInstances['fit']; levels: ArrayHandle<'uint32'>[] };
      return { fit, levels: levels.map(open) };
    },
    async measure({ labels, pixels, ...rest }, { onBatch, ...work }) {
      const { caller, nameOf } = connection();
      const named = { labels: nameOf(labels), pixels: pixels === undefined ? null : nameOf(pixels) };
      const onPart = (part: unknown) => onBatch(part as TableBatch);
      const columns = await caller.send({ method: 'measure', ...named, rest }, { onPart, ...work });
      return columns as readonly Column[];
    },
    async contours(labels, { pixelSize, names, onText, ...work }) {
      const { caller, nameOf } = connection();
      const call = { method: 'contours', labels: nameOf(labels), options: { pixelSize, names } } as const;
      return (await caller.send(call, { onPart: (part) => onText(String(part)), ...work })) as number;
    },
    async largestId(labels, work) {
      const { caller, nameOf } = connection();
      return (await caller.send({ method: 'largestId', labels: nameOf(labels) }, work)) as number | bigint;
    },
    close() {
      running?.stop();
      running = null;
    },
  };
}

type Connection = ReturnType<typeof connect>;

/** Replies are made by `serveObjects` of the same build, so their types are asserted above and nowhere else. */
function connect(worker: ObjectsWorkerLike, onDeath: () => void) {
  const calls = new MessageChannel();
  const page = new MessageChannel();
  const layers = new MessageChannel();
  const server = serveArrays(page.port1);
  const client = connectArrays(layers.port1);
  const caller = createCaller<ObjectsCall>(calls.port1);
  const published = new WeakMap<LazyArray, ArrayHandle>();
  const made = new WeakMap<LazyArray, number>();
  const stop = (error?: AlibiError): void => {
    if (error) caller.fail(error);
    client.close(error);
    server.close();
    calls.port1.close();
    worker.terminate();
  };
  const died = (event: Event): void => {
    onDeath();
    const text = 'message' in event ? String(event.message) : 'a message could not be read';
    stop(
      new AlibiError('Environment', {
        what: `the worker that finds objects stopped: ${text === '' ? 'its script could not be loaded' : text}`,
        where: 'worker',
        remedy: 'Find the objects again; if it stops again, use the command line: alibi-zarr instances.',
      }),
    );
  };
  worker.addEventListener('error', died);
  worker.addEventListener('messageerror', died);
  worker.postMessage(
    { kind: 'open-objects', calls: calls.port2, pagePort: page.port2, layerPort: layers.port2 },
    [calls.port2, page.port2, layers.port2],
  );
  return {
    caller,
    stop,
    nameOf(array: LazyArray): ArrayName {
      const own = made.get(array);
      if (own !== undefined) return { from: 'worker', array: own };
      const handle = published.get(array) ?? server.publish(array);
      published.set(array, handle);
      return { from: 'page', handle };
    },
    open(handle: ArrayHandle<'uint32'>): LazyArray<'uint32'> {
      const array = client.open(handle);
      made.set(array, handle.array);
      return array;
    },
  };
}
