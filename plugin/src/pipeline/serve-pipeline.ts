import { cached } from '../array/cached.ts';
import { createChunkCache } from '../array/chunk-cache.ts';
import { connectArrays } from '../array/connect-arrays.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import type { ArrayHandle } from '../array/remote-messages.ts';
import { serveArrays } from '../array/serve-arrays.ts';
import { shared } from '../array/shared.ts';
import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { OpenPipeline, Pipeline, WorkOptions } from './pipeline.ts';
import { type Call, type OpenMessage, openingId, type Reply, type Request } from './protocol.ts';

/** Neighbouring windows read the same chunks: a few are kept rather than copied through the port again. */
const pixelCacheBytes = 64 * 2 ** 20;

/** Serves one image after another: the checkpoint is loaded for the first, and later ones are beside it. */
export function servePipelines(openPipeline: OpenPipeline): (message: OpenMessage) => Promise<void> {
  let first: Promise<Pipeline> | null = null;
  const openOne: OpenPipeline = async (input, options) => {
    if (first !== null) return (await first).beside(input);
    first = openPipeline(input, options);
    return first;
  };
  return (message) => servePipeline(message, openOne);
}

/**
 * Open a pipeline over the page's image and answer calls on the port until `close`.
 * A plain function, testable over a `MessageChannel` without a worker.
 */
async function servePipeline(message: OpenMessage, openPipeline: OpenPipeline): Promise<void> {
  const { calls } = message;
  const reply = (data: Reply): void => calls.postMessage(data);
  const aborts = new Map<number, AbortController>();
  const begin = (id: number): AbortSignal => {
    const controller = new AbortController();
    aborts.set(id, controller);
    return controller.signal;
  };
  const settle = async (id: number, task: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    try {
      reply({ kind: 'result', id, value: await task(begin(id)) });
    } catch (error) {
      reply({
        kind: 'error',
        id,
        error: isAbort(error) ? 'abort' : asAlibiError(error, 'pipeline').toPlain(),
      });
    } finally {
      aborts.delete(id);
    }
  };

  let answer: ((request: Extract<Request, { kind: 'call' }>) => void) | null = null;
  calls.onmessage = ({ data }: MessageEvent<Request>) => {
    if (data.kind === 'abort') aborts.get(data.id)?.abort();
    else answer?.(data);
  };
  await settle(openingId, async (signal) => {
    const client = connectArrays(message.pixelPort);
    const cache = createChunkCache({ byteLimit: pixelCacheBytes });
    const pixels = message.pixels.map((handle) => cached(shared(client.open(handle)), { cache }));
    const pipeline = await openPipeline(
      {
        pixels,
        normalisation: message.normalisation,
        manifest: message.manifest,
        ...(message.precision === undefined ? {} : { precision: message.precision }),
      },
      { signal, onStage: (stage) => reply({ kind: 'stage', stage }) },
    );
    const arrays = createExports(message.layerPort);
    answer = ({ id, call }) =>
      void settle(id, (callSignal) =>
        perform(pipeline, arrays, call, {
          signal: callSignal,
          onProgress: (progress) => reply({ kind: 'progress', id, progress }),
        }),
      );
    const { provider, model, graphs, normalisation } = pipeline;
    return { provider, model, graphs, normalisation };
  });
}

interface Exports {
  /** Serve the array and remember it under its handle's id. */
  give(array: LazyArray): ArrayHandle;
  scores(id: number): LazyArray<'float32'>;
}

function createExports(port: MessagePort): Exports {
  const server = serveArrays(port);
  const given = new Map<number, LazyArray<'float32'>>();
  return {
    give(array) {
      const handle = server.publish(array);
      if (isFloat32(array)) given.set(handle.array, array);
      return handle;
    },
    scores(id) {
      const array = given.get(id);
      if (array !== undefined) return array;
      throw new AlibiError('Internal', {
        what: `no scores under handle ${id}`,
        where: 'pipeline worker',
        remedy: 'Please report this.',
      });
    },
  };
}

function isFloat32(array: LazyArray): array is LazyArray<'float32'> {
  return array.dtype === 'float32';
}

async function perform(pipeline: Pipeline, arrays: Exports, call: Call, work: WorkOptions): Promise<unknown> {
  switch (call.method) {
    case 'cost':
      return pipeline.cost();
    case 'close':
      return pipeline.close();
    case 'fitPca':
      return pipeline.fitPca({ ...call.options, ...work });
    case 'fitClusters':
      return pipeline.fitClusters({ ...call.options, ...work });
    case 'fitSimilarity':
      return pipeline.fitSimilarity({ ...call.options, ...work });
    case 'recipe':
      return pipeline.recipe({ ...call.options, ...work });
    case 'samples':
      return pipeline.samples({ ...call.options, ...work });
    case 'fitClassifier':
      return pipeline.fitClassifier({ ...call.options, ...work });
    case 'tokens':
      return arrays.give(await pipeline.tokens(call.level));
    case 'pca':
      return arrays.give(await pipeline.pca(call.fit, call.level));
    case 'clusterScores':
      return arrays.give(await pipeline.clusterScores(call.fit, call.level));
    case 'similarity':
      return arrays.give(await pipeline.similarity(call.fit, call.level));
    case 'similarityScores':
      return arrays.give(await pipeline.similarityScores(call.fit, call.level, call.least));
    case 'classScores':
      return arrays.give(await pipeline.classScores(call.fit, call.place));
    case 'pixelFeatures':
      return arrays.give(await pipeline.pixelFeatures(call.fit, call.place));
    case 'uncertainty':
      return arrays.give(await pipeline.uncertainty(arrays.scores(call.scores), call.kind, call.active));
    case 'labels':
      return arrays.give(await pipeline.labels(arrays.scores(call.scores), call.grid, call.chunkPx));
  }
}
