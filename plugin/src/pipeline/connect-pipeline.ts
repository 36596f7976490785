import { type ArrayClient, connectArrays } from '../array/connect-arrays.ts';
import type { DataType, LazyArray } from '../array/lazy-array.ts';
import type { ArrayHandle } from '../array/remote-messages.ts';
import { serveArrays } from '../array/serve-arrays.ts';
import type { Normalisation, ProviderReport } from '../encoder/encoder.ts';
import { AlibiError } from '../errors.ts';
import type { ClustersFit, PcaFit } from '../features/fits.ts';
import type { FeatureRecipe } from '../segment/recipe.ts';
import type { Samples } from '../segment/samples.ts';
import type { ClassifierFit } from '../segment/types.ts';
import type {
  ModelIdentity,
  OpeningStage,
  OpenPipeline,
  Pipeline,
  PipelineCost,
  Progress,
  WorkOptions,
} from './pipeline.ts';
import { type Call, type OpenMessage, openingId, type Reply, type Request } from './protocol.ts';

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
  return async (input, { signal, onStage }) => {
    const worker = createWorker();
    const calls = new MessageChannel();
    const pixels = new MessageChannel();
    const layers = new MessageChannel();
    const server = serveArrays(pixels.port1);
    let provider: ProviderReport | null = null;
    const caller = createCaller(calls.port1, (stage) => {
      if (stage.kind === 'provider') provider = stage.report;
      onStage?.(stage);
    });
    const client = connectArrays(layers.port1);
    const stop = (error?: AlibiError): void => {
      if (error) caller.fail(error);
      client.close(error);
      server.close();
      worker.terminate();
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
      return remotePipeline({ ...opened, latest: () => provider ?? opened.provider }, caller, client, stop);
    } catch (error) {
      stop();
      throw error;
    }
  };
}

interface Opened {
  readonly provider: ProviderReport;
  readonly model: ModelIdentity;
  readonly graphs: readonly string[];
  readonly normalisation: Normalisation;
}

interface Caller {
  send(call: Call, work: WorkOptions): Promise<unknown>;
  wait(id: number, work: WorkOptions): Promise<unknown>;
  fail(error: AlibiError): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

function createCaller(port: MessagePort, onStage: ((stage: OpeningStage) => void) | undefined): Caller {
  const pending = new Map<number, Pending>();
  let nextId = openingId + 1;
  let failure: AlibiError | null = null;
  const post = (request: Request): void => port.postMessage(request);

  port.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind === 'stage') return onStage?.(data.stage);
    const entry = pending.get(data.id);
    if (entry === undefined) return;
    if (data.kind === 'progress') return entry.onProgress?.(data.progress);
    pending.delete(data.id);
    if (data.kind === 'result') entry.resolve(data.value);
    else if (data.error === 'abort') {
      entry.reject(entry.signal?.reason ?? new DOMException('The operation was aborted.', 'AbortError'));
    } else entry.reject(AlibiError.fromPlain(data.error));
  };

  const wait = (id: number, { signal, onProgress }: WorkOptions): Promise<unknown> => {
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

/** Replies are made by `servePipeline` of the same build, so their types are asserted here and nowhere else. */
function remotePipeline(
  { model, graphs, normalisation, latest }: Opened & { readonly latest: () => ProviderReport },
  caller: Caller,
  client: ArrayClient,
  stop: () => void,
): Pipeline {
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
    get provider() {
      return latest();
    },
    cost: async () => (await caller.send({ method: 'cost' }, {})) as PipelineCost,
    tokens: (level) => array({ method: 'tokens', level }),
    fitPca: ({ signal, onProgress, ...options }) =>
      requestFit<PcaFit>({ method: 'fitPca', options }, workOptions(signal, onProgress)),
    pca: (basis, level) => array({ method: 'pca', fit: basis, level }),
    fitClusters: ({ signal, onProgress, ...options }) =>
      requestFit<ClustersFit>({ method: 'fitClusters', options }, workOptions(signal, onProgress)),
    clusterScores: (clusters, level) => array({ method: 'clusterScores', fit: clusters, level }),
    recipe: ({ signal, onProgress, ...options }) =>
      requestFit<FeatureRecipe>({ method: 'recipe', options }, workOptions(signal, onProgress)),
    samples: ({ signal, onProgress, ...options }) =>
      requestFit<Samples>({ method: 'samples', options }, workOptions(signal, onProgress)),
    trainClassifier: ({ signal, onProgress, ...options }) =>
      requestFit<ClassifierFit>({ method: 'trainClassifier', options }, workOptions(signal, onProgress)),
    classScores: (fit, place) => array({ method: 'classScores', fit, ...(place ? { place } : {}) }),
    pixelFeatures: ({ recipe, normalisation: seen, level }, place) => {
      const fit = { recipe, normalisation: seen, level };
      return array({ method: 'pixelFeatures', fit, ...(place ? { place } : {}) });
    },
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
