import { type ArrayClient, connectArrays } from '../array/connect-arrays.ts';
import type { DataType, LazyArray } from '../array/lazy-array.ts';
import type { ArrayHandle } from '../array/remote-messages.ts';
import { serveArrays } from '../array/serve-arrays.ts';
import type { Normalisation, ProviderReport } from '../encoder/encoder.ts';
import { AlibiError } from '../errors.ts';
import type { ClustersFit, PcaFit, SimilarityFit } from '../features/fits.ts';
import type { FeatureRecipe } from '../segment/recipe.ts';
import type { Samples } from '../segment/samples.ts';
import type { ClassifierFit } from '../segment/types.ts';
import { type Caller, createCaller } from './caller.ts';
import type {
  ModelIdentity,
  OpenPipeline,
  Pipeline,
  PipelineCost,
  PipelineInput,
  WorkOptions,
} from './pipeline.ts';
import { type Call, type OpenMessage, openingId } from './protocol.ts';

/** The end of a worker a page talks to; `Worker` is one, so is a test's `MessagePort` pair. */
export interface WorkerLike {
  postMessage(message: OpenMessage, transfer: Transferable[]): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  terminate(): void;
}

/**
 * The page's half: an {@link OpenPipeline} that starts a worker and speaks to it. When the worker dies,
 * everything pending rejects with an Environment error.
 */
export function inWorker(createWorker: () => WorkerLike): OpenPipeline {
  return (input, options) => connect(createWorker(), input, options);
}

/** Open a pipeline in a worker; where it is the worker's `first`, the worker ends with it. */
async function connect(
  worker: WorkerLike,
  input: PipelineInput,
  { signal, onStage }: Parameters<OpenPipeline>[1],
  isFirst = true,
): Promise<Pipeline> {
  const calls = new MessageChannel();
  const pixels = new MessageChannel();
  const layers = new MessageChannel();
  const server = serveArrays(pixels.port1);
  let provider: ProviderReport | null = null;
  const caller = createCaller<Call>(calls.port1, (stage) => {
    if (stage.kind === 'provider') provider = stage.report;
    onStage?.(stage);
  });
  const client = connectArrays(layers.port1);
  const stop = (error?: AlibiError): void => {
    if (error) caller.fail(error);
    client.close(error);
    server.close();
    if (isFirst) worker.terminate();
  };
  const died = (event: Event): void => {
    const text = 'message' in event ? String(event.message) : 'a message could not be read';
    stop(
      new AlibiError('Environment', {
        what: `the pipeline's worker stopped: ${text === '' ? 'its script could not be loaded' : text}`,
        where: 'worker',
        remedy: 'Save what is drawn if you can, then reload the page.',
      }),
    );
  };
  worker.addEventListener('error', died);
  worker.addEventListener('messageerror', died);
  const opening = caller.wait(openingId, signal ? { signal } : {});
  worker.postMessage(
    {
      kind: 'open',
      manifest: new URL(input.manifest, globalThis.location?.href).href,
      ...(input.precision === undefined ? {} : { precision: input.precision }),
      normalisation: input.normalisation,
      pixels: input.pixels.map((array) => server.publish(array)),
      calls: calls.port2,
      pixelPort: pixels.port2,
      layerPort: layers.port2,
    },
    [calls.port2, pixels.port2, layers.port2],
  );
  try {
    const opened = (await opening) as Opened;
    return {
      ...remotePipeline(opened, caller, client, stop),
      get provider() {
        return provider ?? opened.provider;
      },
      beside: (other) => connect(worker, { ...input, ...other }, {}, false),
    };
  } catch (error) {
    stop();
    throw error;
  }
}

interface Opened {
  readonly provider: ProviderReport;
  readonly model: ModelIdentity;
  readonly graphs: readonly string[];
  readonly normalisation: Normalisation;
}

/** Replies are made by `servePipeline` of the same build, so their types are asserted here and nowhere else. */
function remotePipeline(
  { model, graphs, normalisation }: Opened,
  caller: Caller<Call>,
  client: ArrayClient,
  stop: () => void,
): Omit<Pipeline, 'provider' | 'beside'> {
  const handles = new WeakMap<LazyArray, number>();
  const array = async <T extends DataType>(call: Call): Promise<LazyArray<T>> => {
    const handle = (await caller.send(call, {})) as ArrayHandle<T>;
    const remote = client.open(handle);
    handles.set(remote, handle.array);
    return remote;
  };
  const idOf = (scores: LazyArray, where: string): number => {
    const id = handles.get(scores);
    if (id !== undefined) return id;
    throw new AlibiError('InvalidInput', {
      what: 'these scores were not made by this pipeline',
      where,
      remedy: 'Pass the scores that clusterScores or classScores of the same session gave.',
    });
  };
  const requestFit = async <F>(call: Call, work: WorkOptions): Promise<F> =>
    (await caller.send(call, work)) as F;
  return {
    model,
    graphs,
    normalisation,
    cost: async () => (await caller.send({ method: 'cost' }, {})) as PipelineCost,
    tokens: (level) => array({ method: 'tokens', level }),
    fitPca: ({ signal, onProgress, ...options }) =>
      requestFit<PcaFit>({ method: 'fitPca', options }, workOptions(signal, onProgress)),
    pca: (basis, level) => array({ method: 'pca', fit: basis, level }),
    fitClusters: ({ signal, onProgress, ...options }) =>
      requestFit<ClustersFit>({ method: 'fitClusters', options }, workOptions(signal, onProgress)),
    clusterScores: (clusters, level) => array({ method: 'clusterScores', fit: clusters, level }),
    fitSimilarity: ({ signal, onProgress, ...options }) =>
      requestFit<SimilarityFit>({ method: 'fitSimilarity', options }, workOptions(signal, onProgress)),
    similarity: (fit, level) => array({ method: 'similarity', fit, level }),
    similarityScores: (fit, level, least) => array({ method: 'similarityScores', fit, level, least }),
    recipe: ({ signal, onProgress, ...options }) =>
      requestFit<FeatureRecipe>({ method: 'recipe', options }, workOptions(signal, onProgress)),
    samples: ({ signal, onProgress, ...options }) =>
      requestFit<Samples>({ method: 'samples', options }, workOptions(signal, onProgress)),
    fitClassifier: ({ signal, onProgress, ...options }) =>
      requestFit<ClassifierFit>({ method: 'fitClassifier', options }, workOptions(signal, onProgress)),
    classScores: (fit, place) => array({ method: 'classScores', fit, ...(place ? { place } : {}) }),
    pixelFeatures: (fit, place) => array({ method: 'pixelFeatures', fit, ...(place ? { place } : {}) }),
    uncertainty: (scores, kind, active) =>
      array({ method: 'uncertainty', scores: idOf(scores, 'uncertainty'), kind, active }),
    labels: (scores, grid, chunkPx) =>
      array({ method: 'labels', scores: idOf(scores, 'labels'), grid, chunkPx }),
    close: async () => {
      try {
        await caller.send({ method: 'close' }, {});
      } finally {
        stop();
      }
    },
  };
}

function workOptions(signal: AbortSignal | undefined, onProgress: WorkOptions['onProgress']): WorkOptions {
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
}
