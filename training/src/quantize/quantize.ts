import { basename, dirname, join } from 'node:path';
import { AlibiError, precisionTolerance } from 'alibi-zarr/checkpoint';
import { duration } from 'alibi-zarr/command-line';
import type { QuantizeOutput } from 'alibi-zarr-schemas';
import { squaresOf } from '../bench/bench-images.ts';
import { EXACT, listPages, openImage } from '../bench/image-file.ts';
import { selfTestAnswer } from '../checkpoint.ts';
import { sha256 } from '../hash.ts';
import { asTriple, type CheckpointManifest, isSameFigure, type Measured } from '../manifest.ts';
import { relativeError } from '../onnx/relative-error.ts';
import { readManifest, readVerified } from '../verify.ts';
import {
  type Comparison,
  closeRunners,
  compareGraph,
  generatedInput,
  type Input,
  openReference,
  type Reference,
} from './compare.ts';
import { figuresOf } from './figures.ts';
import { type FloatSource, openFloatSource } from './source.ts';
import { writeTogether } from './write-together.ts';

export type LowPrecision = QuantizeOutput['graphs'][number]['precision'];
type GraphOutcome = QuantizeOutput['graphs'][number];
type ManifestGraph = CheckpointManifest['graphs'][number];

export interface QuantizeOptions {
  /** Path of manifest.json. */
  readonly manifest: string;
  readonly precisions: readonly LowPrecision[];
  /** The file the checkpoint was converted from; needed where the manifest lists no fp32 graph. */
  readonly weights?: string | undefined;
  /** PNG files to compare features on; none: three generated images. */
  readonly images: readonly string[];
  /** Where to write; default: beside the manifest. */
  readonly out?: string | undefined;
  /** List the precisions asked for alone. */
  readonly only: boolean;
  /** List a graph above its precision's limit as well, to run only when asked for. */
  readonly force: boolean;
  /** Timed runs; 0 leaves time out. */
  readonly repeats: number;
  readonly command: string;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

// Not the self-test's own seed 1.
const GENERATED_SEEDS = [2, 3, 4];
// A fresh answer this near the stored one is the same weights' on another machine.
const SAME_ANSWER = 1e-4;

/**
 * Adds graphs of lower precision to a checkpoint, each held against fp32 before it is listed. A precision above its
 * limit is kept out, and the manifest's figures and the output say so. Nothing is written before all is compared.
 *
 * @throws AlibiError  the manifest, its graphs, the weights or an image cannot be read, or nothing would be left to list
 */
export async function quantize(options: QuantizeOptions): Promise<QuantizeOutput> {
  const manifest = await readManifest(options.manifest);
  const source = await openFloatSource(options.manifest, manifest, options.weights);
  options.onProgress(`fp32 weights of ${manifest.name} from ${source.path}`);
  const float = source.exportAt('fp32');
  const answer = await selfTestAnswerOf(options.manifest, manifest, float);
  const inputs = await openInputs(manifest, options.images);
  const reference = await openReference(float, {
    inputs,
    selfTest: {
      input: generatedInput(manifest.selfTest.seed, manifest.selfTest, manifest.architecture.patch),
      answer: floatsOf(answer.bytes),
    },
    signal: options.signal,
  });
  let made: Made[];
  try {
    made = await makeAll(precisionsToMake(manifest, options, answer.replaced), {
      source,
      reference,
      options,
    });
  } finally {
    await closeRunners(reference.runners);
  }
  const measured = made.flatMap(({ outcome }) =>
    figuresOf(outcome, { command: options.command, images: imagesNote(manifest, options.images) }),
  );
  const { listed, kept } = listedGraphs(manifest, made, options.only);
  const written = describe(manifest, { listed, measured, answer: answer.bytes });
  const dir = options.out ?? dirname(options.manifest);
  await writeTogether(dir, [
    ...(await keptFiles(options, kept)),
    ...made.flatMap(({ model, outcome: { path } }) => (path === null ? [] : [{ name: path, bytes: model }])),
    { name: manifest.selfTest.path, bytes: answer.bytes },
    { name: 'manifest.json', bytes: new TextEncoder().encode(`${JSON.stringify(written, null, 2)}\n`) },
  ]);
  return {
    manifest: join(dir, 'manifest.json'),
    name: manifest.name,
    source: { kind: source.kind, path: source.path },
    images: options.images.map((path) => basename(path)),
    admitted: made.every(({ outcome }) => outcome.outcome === 'admitted'),
    graphs: made.map(({ outcome }) => outcome),
    measured: measured.map((figure) => ({ ...figure, precision: figure.precision ?? '' })),
  };
}

interface Made {
  readonly model: Uint8Array;
  readonly kind: ManifestGraph['graph'];
  readonly outcome: GraphOutcome;
}

/**
 * Those asked for; where the self-test's answer is replaced also those listed, which must be held against the new one.
 */
function precisionsToMake(
  { graphs }: CheckpointManifest,
  { precisions, only }: QuantizeOptions,
  answerReplaced: boolean,
): LowPrecision[] {
  const listed = graphs.map(({ precision }) => precision).filter((precision) => precision !== 'fp32');
  return [...new Set([...precisions, ...(answerReplaced && !only ? listed : [])])];
}

async function makeAll(
  precisions: readonly LowPrecision[],
  o: { readonly source: FloatSource; readonly reference: Reference; readonly options: QuantizeOptions },
): Promise<Made[]> {
  const { source, reference, options } = o;
  const begunMs = performance.now();
  const made: Made[] = [];
  for (const [i, precision] of precisions.entries()) {
    options.signal.throwIfAborted();
    const left =
      i === 0
        ? ''
        : `, about ${duration(((performance.now() - begunMs) / i) * (precisions.length - i))} left`;
    options.onProgress(`${precision}: ${i + 1} of ${precisions.length}${left}`);
    const model = source.exportAt(precision);
    const tolerance = precisionTolerance(precision);
    const { repeats, signal } = options;
    const comparison = await compareGraph(model, reference, { tolerance, repeats, signal });
    const admitted = comparison.selfTest.every(({ ok }) => ok);
    const outcome = admitted ? 'admitted' : options.force ? 'forced' : 'kept-out';
    made.push({
      model,
      kind: source.graph,
      outcome: outcomeOf({ precision, model, tolerance, outcome, source, comparison }),
    });
  }
  return made;
}

function outcomeOf(o: {
  readonly precision: LowPrecision;
  readonly model: Uint8Array;
  readonly tolerance: number;
  readonly outcome: GraphOutcome['outcome'];
  readonly source: FloatSource;
  readonly comparison: Comparison;
}): GraphOutcome {
  const { selfTest, features, speed } = o.comparison;
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const kind = o.source.graph === 'fused' ? 'fused.' : '';
  return {
    precision: o.precision,
    path: o.outcome === 'kept-out' ? null : `model.${kind}${o.precision}.onnx`,
    bytes: o.model.byteLength,
    sha256: sha256(o.model),
    outcome: o.outcome,
    tolerance: o.tolerance,
    selfTest: [...selfTest],
    features: {
      cosineMean: finite(features.cosineMean),
      cosineMin: finite(features.cosineMin),
      relativeError: finite(features.relativeError),
      pcaAgreement: finite(features.pcaAgreement),
    },
    speed: [...speed],
  };
}

/** The stored answer of the self-test where it is that of the fp32 weights, else theirs. */
async function selfTestAnswerOf(
  path: string,
  { selfTest, architecture }: CheckpointManifest,
  float: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly replaced: boolean }> {
  const stored = await readVerified(join(dirname(path), selfTest.path), selfTest.sha256);
  const fresh = await selfTestAnswer(float, architecture.patch, selfTest);
  const replaced = !(relativeError(floatsOf(stored), floatsOf(fresh)) <= SAME_ANSWER);
  return { bytes: replaced ? fresh : stored, replaced };
}

async function openInputs(manifest: CheckpointManifest, images: readonly string[]): Promise<Input[]> {
  const { window, architecture, input } = manifest;
  if (images.length === 0) {
    return GENERATED_SEEDS.map((seed) => generatedInput(seed, window, architecture.patch));
  }
  const sizePx = Math.min(window.rows, window.cols) * architecture.patch;
  const shown = { sizePx, mean: asTriple(input.mean), std: asTriple(input.std) };
  const opened = await Promise.all((await listPages(images)).map((path) => openImage(path, EXACT)));
  return opened
    .flatMap((image) => squaresOf(image, shown))
    .map(({ height, width, data }) => ({ shape: [1, 3, height, width], data }));
}

function imagesNote({ window }: CheckpointManifest, images: readonly string[]): string {
  const { rows, cols } = window;
  if (images.length === 0) {
    return `${GENERATED_SEEDS.length} generated images (selfTestImage, seeds ${GENERATED_SEEDS.join(', ')}) of ${rows}×${cols} tokens`;
  }
  const side = Math.min(rows, cols);
  return `${images.length} images of ${side}×${side} tokens`;
}

/** The graphs of the new manifest: those there were, with those just made in their place or behind them. */
function listedGraphs(
  manifest: CheckpointManifest,
  made: readonly Made[],
  only: boolean,
): { readonly listed: ManifestGraph[]; readonly kept: ManifestGraph[] } {
  const isMade = (graph: ManifestGraph): boolean =>
    made.some(({ kind, outcome }) => outcome.precision === graph.precision && kind === graph.graph);
  const kept = only ? [] : manifest.graphs.filter((graph) => !isMade(graph));
  const layers = manifest.graphs[0]?.layers ?? [];
  const added = made.flatMap(({ kind, outcome }): ManifestGraph[] => {
    const { path, precision, bytes, sha256: hash, outcome: verdict, selfTest } = outcome;
    if (path === null) return [];
    const errors = selfTest.map(({ relativeError: error }) => error ?? Number.POSITIVE_INFINITY);
    // Forced: what it was measured at, and a quarter more for another device's rounding.
    const tolerance = Number((1.25 * Math.max(...errors)).toPrecision(2));
    return [
      {
        path,
        precision,
        graph: kind,
        bytes,
        sha256: hash,
        layers,
        ...(verdict === 'forced' && Number.isFinite(tolerance) ? { tolerance } : {}),
      },
    ];
  });
  if (kept.length + added.length > 0) return { listed: [...kept, ...added], kept };
  throw new AlibiError('InvalidInput', {
    what: 'no graph would be left: none of the precisions asked for is within its limit',
    where: manifest.name,
    remedy: 'Leave out --only, ask for another precision, or list them all the same with --force.',
  });
}

function describe(
  manifest: CheckpointManifest,
  o: {
    readonly listed: ManifestGraph[];
    readonly measured: readonly Measured[];
    readonly answer: Uint8Array;
  },
): CheckpointManifest {
  // A tolerance for all graphs was that of the answer of one: each precision's own holds now.
  const { tolerance: _, ...selfTest } = manifest.selfTest;
  const kept = manifest.measured.filter((figure) => !o.measured.some((added) => isSameFigure(added, figure)));
  return {
    ...manifest,
    graphs: o.listed,
    selfTest: { ...selfTest, sha256: sha256(o.answer) },
    measured: [...kept, ...o.measured],
  };
}

/** Graphs that are listed as they were, to be copied where another folder is written. */
async function keptFiles(
  { manifest, out }: QuantizeOptions,
  kept: readonly ManifestGraph[],
): Promise<{ name: string; bytes: Uint8Array }[]> {
  if (out === undefined) return [];
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const { path, sha256: hash } of kept) {
    files.push({ name: path, bytes: await readVerified(join(dirname(manifest), path), hash) });
  }
  return files;
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
