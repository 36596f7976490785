import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import { assertSafeModel } from '../onnx-file/assert-safe-model.ts';
import type { Backend, GraphSession } from './backend.ts';
import type { Encoder, ExecutionProvider, ProviderReport, Refusal } from './encoder.ts';
import { type ChoiceOptions, graphsFor } from './graph-choice.ts';
import type { Checkpoint, ReadOptions } from './manifest.ts';
import type { ManifestGraph } from './parse-manifest.ts';
import { createResilientEncoder } from './resilient-encoder.ts';
import { runSelfTest, type SelfTest } from './self-test.ts';
import { createSessionEncoder } from './session-encoder.ts';
import { selfTestTolerance } from './tolerance.ts';

export interface OpenEncoderOptions extends Pick<Checkpoint, 'manifest' | 'readFile'>, ChoiceOptions {
  /** Tried in this order; the first that passes the self-test is used. */
  readonly backends: readonly Backend[];
  /** Runs when a provider has been chosen: at opening, and again when one was lost and another took over. */
  readonly onReport?: (report: ProviderReport, graph: ManifestGraph) => void;
  /** Runs when a provider's self-test begins, the download behind it. */
  readonly onTesting?: (provider: ExecutionProvider) => void;
  readonly signal?: AbortSignal;
  /** Of the download of the graph. */
  readonly onProgress?: ReadOptions['onProgress'];
}

export interface OpenedEncoder {
  readonly encoder: Encoder;
  /** As chosen at opening; `onReport` tells of later changes. */
  readonly report: ProviderReport;
  /** The graph that runs. */
  readonly graph: ManifestGraph;
}

/**
 * Open a checkpoint on the first execution provider, with the first of the graphs that suit it, whose answer to
 * the self-test agrees with the stored answer of the reference. What was passed over is in the report, with the
 * reason. When the chosen provider loses its device later, the next that passes takes over with the same graph, so
 * that one session's features are all of the same weights, and a new report is given.
 *
 * @throws AlibiError SelfTest  no provider passed, or the graph is not an encoder's; `data.refused` says why, one by one
 * @throws AlibiError Integrity, Network, …  a file of the checkpoint could not be read
 */
export async function openEncoder(options: OpenEncoderOptions): Promise<OpenedEncoder> {
  const { backends, onReport, signal } = options;
  const refused: Refusal[] = [];
  let remaining = [...backends];
  // Graphs are needed again by the next provider when one is refused; freed once an encoder stands.
  const files = new Map<string, Uint8Array>();

  const openNext = async (abort?: AbortSignal, only?: ManifestGraph): Promise<OpenedEncoder> => {
    try {
      while (remaining.length > 0) {
        const [backend, ...rest] = remaining;
        const admitted = await tryBackend(backend!, {
          ...options,
          files,
          refused,
          ...(abort ? { signal: abort } : {}),
          ...(only ? { only } : {}),
        });
        remaining = rest;
        if (admitted === undefined) continue;
        const report = {
          chosen: backend!.provider,
          refused: [...refused],
          selfTestError: admitted.relativeError,
        };
        const { encoder, graph } = admitted;
        onReport?.(report, graph);
        return { encoder, report, graph };
      }
    } finally {
      files.clear();
    }
    throw nonePassed(options.manifest.name, refused);
  };

  const first = await openNext(signal);
  const encoder = createResilientEncoder(first.encoder, async (provider, reason) => {
    refused.push({ provider, reason });
    return (await openNext(undefined, first.graph)).encoder;
  });
  return { ...first, encoder };
}

interface Trial extends OpenEncoderOptions {
  readonly files: Map<string, Uint8Array>;
  readonly refused: Refusal[];
  /** The one graph to try. */
  readonly only?: ManifestGraph;
}

interface Admitted {
  readonly encoder: Encoder;
  readonly graph: ManifestGraph;
  readonly relativeError: number;
}

/** An encoder on this provider, or `undefined` with the reasons added to `refused`. */
async function tryBackend(backend: Backend, trial: Trial): Promise<Admitted | undefined> {
  const { manifest, refused, signal } = trial;
  const { provider } = backend;
  const obstacle = await backend.obstacle();
  if (obstacle !== undefined) {
    refused.push({ provider, reason: obstacle });
    return undefined;
  }
  const graphs = trial.only === undefined ? await candidates(backend, trial) : [trial.only];
  if (graphs.length === 0) {
    refused.push({ provider, reason: noCandidate(trial) });
    return undefined;
  }
  const test = await readSelfTest(trial);
  for (const graph of graphs) {
    signal?.throwIfAborted();
    const model = await readOnce(graph.path, trial);
    trial.onTesting?.(provider);
    const outcome = await tryGraph(backend, {
      model,
      test,
      tolerance: selfTestTolerance(manifest.selfTest, graph),
      signal,
    });
    if ('reason' in outcome) {
      refused.push({ provider, graph: graph.path, reason: outcome.reason });
      continue;
    }
    const { session, relativeError, runMs } = outcome;
    const { dim, patch } = manifest.architecture;
    // The self-test may be smaller than a window; time grows at least with the number of tokens.
    const windowMs = runMs * ((manifest.window.rows * manifest.window.cols) / (test.rows * test.cols));
    const encoder = createSessionEncoder({ session, provider, dim, patchPx: patch, windowMs });
    return { encoder, graph, relativeError };
  }
  return undefined;
}

async function tryGraph(
  backend: Backend,
  trial: {
    readonly model: Uint8Array;
    readonly test: SelfTest;
    readonly tolerance: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<{ session: GraphSession; relativeError: number; runMs: number } | { reason: string }> {
  const options = trial.signal === undefined ? {} : { signal: trial.signal };
  let session: GraphSession | undefined;
  try {
    // Before a runtime sees it, which would open whatever files it names.
    assertSafeModel(trial.model, { input: 'image', output: 'features' }, backend.provider);
    session = await backend.open(trial.model, options);
    const { relativeError, runMs } = await runSelfTest(session, trial.test, options);
    if (relativeError <= trial.tolerance) return { session, relativeError, runMs };
    await session.close();
    return {
      reason: `self-test: relative error ${relativeError.toPrecision(2)} is above ${trial.tolerance}`,
    };
  } catch (error) {
    await session?.close().catch(() => undefined); // what matters is why it failed, not that it ends badly
    if (isAbort(error)) throw error;
    return { reason: asAlibiError(error, backend.provider).what };
  }
}

async function candidates(backend: Backend, { manifest, precision }: Trial): Promise<ManifestGraph[]> {
  const device = { ...backend, halfFloat: (await backend.halfFloat?.()) ?? false };
  return graphsFor(device, manifest, precision === undefined ? {} : { precision });
}

function noCandidate({ precision, manifest }: Trial): string {
  const listed = [...new Set(manifest.graphs.map((graph) => graph.precision))].join(', ');
  return precision === undefined
    ? `no graph of the checkpoint is for it; listed are ${listed}`
    : `the checkpoint has no graph at ${precision}; listed are ${listed}`;
}

async function readSelfTest(trial: Trial): Promise<SelfTest> {
  const { architecture, selfTest } = trial.manifest;
  const bytes = await readOnce(selfTest.path, trial);
  const expected = littleEndianFloats(bytes);
  const { rows, cols, seed } = selfTest;
  if (expected.length === architecture.dim * rows * cols)
    return { rows, cols, seed, patchPx: architecture.patch, expected };
  throw new AlibiError('Integrity', {
    what: `${selfTest.path} holds ${expected.length} values, not ${architecture.dim} × ${rows} × ${cols}`,
    where: trial.manifest.name,
    remedy: 'Convert the checkpoint again.',
  });
}

function littleEndianFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

async function readOnce(path: string, { files, readFile, signal, onProgress }: Trial): Promise<Uint8Array> {
  const held = files.get(path);
  if (held !== undefined) return held;
  const bytes = await readFile(path, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
  files.set(path, bytes);
  return bytes;
}

function nonePassed(model: string, refused: readonly Refusal[]): AlibiError {
  const reasons = refused.map(({ provider, graph, reason }) =>
    [provider, ...(graph === undefined ? [] : [graph]), reason].join(': '),
  );
  return new AlibiError('SelfTest', {
    what: `no execution provider runs this model correctly: ${reasons.join('; ') || 'none was offered'}`,
    where: model,
    remedy: 'Update the browser or try another one; if it happens there too, convert the checkpoint again.',
    data: { refused },
  });
}
