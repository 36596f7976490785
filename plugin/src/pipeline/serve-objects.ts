import { connectArrays } from '../array/connect-arrays.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import type { WorkOptions } from '../array/progress.ts';
import { type ArrayServer, serveArrays } from '../array/serve-arrays.ts';
import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { ObjectsEngine } from './objects.ts';
import type { ArrayName, ObjectsCall, OpenObjectsMessage } from './objects-protocol.ts';
import type { Reply, Request } from './protocol.ts';

/**
 * The worker's half: answer calls with an engine. A plain function, testable over a `MessageChannel` without a worker.
 */
export function serveObjects(
  { calls, pagePort, layerPort }: OpenObjectsMessage,
  engine: ObjectsEngine,
): void {
  const client = connectArrays(pagePort);
  const arrays = createArrays(client, serveArrays(layerPort));
  const aborts = new Map<number, AbortController>();
  const reply = (data: Reply): void => calls.postMessage(data);
  const settle = async (id: number, call: ObjectsCall): Promise<void> => {
    const controller = new AbortController();
    aborts.set(id, controller);
    try {
      const work = {
        signal: controller.signal,
        onProgress: (progress: Parameters<NonNullable<WorkOptions['onProgress']>>[0]) =>
          reply({ kind: 'progress', id, progress }),
        onPart: (part: unknown) => reply({ kind: 'part', id, part }),
      };
      reply({ kind: 'result', id, value: await perform(engine, arrays, call, work) });
    } catch (error) {
      const failure = isAbort(error) ? 'abort' : asAlibiError(error, 'objects').toPlain();
      reply({ kind: 'error', id, error: failure });
    } finally {
      aborts.delete(id);
    }
  };
  calls.onmessage = ({ data }: MessageEvent<Request<ObjectsCall>>) => {
    if (data.kind === 'abort') aborts.get(data.id)?.abort();
    else void settle(data.id, data.call);
  };
}

type Arrays = ReturnType<typeof createArrays>;

function createArrays(client: ReturnType<typeof connectArrays>, server: ArrayServer) {
  const made = new Map<number, LazyArray>();
  return {
    give(array: LazyArray) {
      const handle = server.publish(array);
      made.set(handle.array, array);
      return handle;
    },
    take(name: ArrayName): LazyArray {
      if (name.from === 'page') return client.open(name.handle);
      const array = made.get(name.array);
      if (array !== undefined) return array;
      throw new AlibiError('Internal', {
        what: `no array under handle ${name.array}`,
        where: 'objects worker',
        remedy: 'Please report this.',
      });
    },
  };
}

async function perform(
  engine: ObjectsEngine,
  arrays: Arrays,
  call: ObjectsCall,
  { onPart, ...work }: WorkOptions & { readonly onPart: (part: unknown) => void },
): Promise<unknown> {
  const labels = arrays.take(call.labels);
  switch (call.method) {
    case 'find': {
      const { fit, levels } = await engine.find(labels, call.recipe, { source: call.source, ...work });
      return { fit, levels: levels.map((level) => arrays.give(level)) };
    }
    case 'measure': {
      const pixels = call.pixels === null ? {} : { pixels: arrays.take(call.pixels) };
      return engine.measure({ labels, ...pixels, ...call.rest }, { onBatch: onPart, ...work });
    }
    case 'contours':
      return engine.contours(labels, { ...call.options, onText: onPart, ...work });
    case 'largestId':
      return engine.largestId(labels, work);
  }
}
