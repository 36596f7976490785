import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { loadManifest } from '../../plugin/src/encoder/manifest.ts';
import { openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { createPipeline } from '../../plugin/src/pipeline/create-pipeline.ts';
import { pixelGrid } from '../../plugin/src/pipeline/pixel-grid.ts';
import type { ClassifierChoice } from '../../plugin/src/segment/fit-models.ts';
import type { RecipeChoice } from '../../plugin/src/segment/recipe.ts';
import { scribbleStrokes } from '../../plugin/src/segment/scribble-strokes.ts';
import { learnFromOne, viewOf } from '../../plugin/src/session-project-samples.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { boundaryF1, meanIou } from './agreement.ts';
import { defaultModel } from './default-model.ts';
import { readPng } from './read-png.ts';

const boundaryPx = 2;

interface Options {
  /** Sets of micrographs, joined by commas. */
  readonly sets?: string;
  /** Images of each. */
  readonly limit?: number;
  readonly model?: string;
  /** An interpreter with scikit-image and scikit-learn; `none` leaves the baseline out. */
  readonly python?: string;
  /** Seeds of the baseline's forest. */
  readonly seeds?: number;
  /** JSON of a `RecipeChoice` and of a `ClassifierChoice`: to compare with the defaults. */
  readonly recipe?: string;
  readonly classifier?: string;
  /** `choose` (default), `none`. */
  readonly validation?: 'choose' | 'none';
}

interface Row {
  readonly set: string;
  readonly name: string;
  readonly iou: number;
  readonly boundaryF1: number;
  readonly baselineIou: number | null;
  readonly baselineBoundaryF1: number | null;
  readonly heldOutIou: number | null;
  readonly chosen: string;
}

/**
 * Quality of the segmentation that each micrograph's own scribbles give, beside scikit-image's multi-scale features with a random
 * forest on the same scribbles (mean over seeds), in one run: mean over classes of the intersection over union, and F1 of
 * boundaries at 2 px. Ground truth of `nuclei` is taken as nucleus or not.
 */
export async function scribbles(options: Options = {}) {
  const { sets = 'superalloy/test,superalloy/val,superalloy/train,nuclei,coating/train', limit = 1000 } =
    options;
  const missing = sets.split(',').find((set) => !hasShared('data', 'micrographs', ...set.split('/')));
  if (missing !== undefined) throw new Error(`skipped: needs ${sharedPath('data', 'micrographs', missing)}`);
  const checkpoint = await loadManifest(fileReader(options.model ?? defaultModel));
  const { encoder, report, graph } = await openEncoder({ ...checkpoint, backends: [nodeBackend()] });
  const model = { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision };
  const rows: Row[] = [];
  for (const set of sets.split(',')) {
    for (const name of namesOf(set).slice(0, limit)) {
      const row = await segmentOne(set, name, options, { checkpoint, encoder, model, report: () => report });
      rows.push(row);
      console.error(JSON.stringify(row));
    }
  }
  await encoder.close();
  const perSet = sets.split(',').map((set) => ({ set, ...means(rows.filter((row) => row.set === set)) }));
  const known = perSet.flatMap(({ gain }) => (gain === null ? [] : [gain]));
  return {
    sets: perSet,
    /** Over sets, as the table of facts has it. */
    meanGain: known.length === 0 ? null : mean(known),
    leastGain: known.length === 0 ? null : Math.min(...known),
    images: rows,
  };
}

function namesOf(set: string): string[] {
  return readdirSync(sharedPath('data', 'micrographs', ...set.split('/')))
    .filter((file) => file.endsWith('.scribbles.png'))
    .map((file) => file.replace('.scribbles.png', ''))
    .sort();
}

type Parts = Pick<Parameters<typeof createPipeline>[0], 'encoder' | 'model' | 'report'> & {
  readonly checkpoint: Awaited<ReturnType<typeof loadManifest>>;
};

async function segmentOne(set: string, name: string, options: Options, parts: Parts): Promise<Row> {
  const file = (kind: string) => sharedPath('data', 'micrographs', ...set.split('/'), `${name}${kind}.png`);
  const read = (kind: string) => readPng(file(kind));
  const image = read('');
  const shape = [image.height, image.width];
  const pixels = fromMemory(image.data, { shape, dtype: 'float32' });
  const pipeline = createPipeline({
    ...parts,
    pixels: [pixels],
    normalisation: { channels: [0], black: [0], white: [255] },
    manifest: parts.checkpoint.manifest,
  });
  const painted = read('.scribbles');
  const classes = painted.data.reduce((most, id) => Math.max(most, id), 0);
  const looked = { image: { pixels: [pixels] }, pipeline, slices: { z: [0], t: [0] }, level: 0 };
  const view = await viewOf(looked, JSON.parse(options.recipe ?? '{}') as RecipeChoice, { seed: 0 });
  const fit = await learnFromOne(pipeline, view, {
    classes: Array.from({ length: classes }, (_, i) => ({ name: `${i}`, color: 'ffffff' })),
    strokes: scribbleStrokes(
      { data: painted.data, heightPx: image.height, widthPx: image.width },
      { z: 0, t: 0 },
    ),
    seed: 0,
    choice: JSON.parse(options.classifier ?? '{}') as ClassifierChoice,
    validation: options.validation ?? 'choose',
  });
  const labels = await pipeline.labels(await pipeline.classScores(fit), pixelGrid(pixels), 512);
  const { data } = await readRegion(labels, { start: [0, 0], stop: shape }, {});
  // Predictions are class + 1, the ground truth is the class, or for instances an id: 0 for the background.
  const isInstances = set.startsWith('nuclei');
  const truth = read('.labels').data.map((value) => (isInstances ? Math.min(1, value) : value));
  const found = Float32Array.from(data, (id) => Number(id) - 1);
  const size = { height: image.height, width: image.width, classes };
  const baseline = baselineOf(file, truth, size, options);
  return {
    set,
    name,
    iou: meanIou(found, truth, classes),
    boundaryF1: boundaryF1(found, truth, size, boundaryPx),
    baselineIou: baseline?.iou ?? null,
    baselineBoundaryF1: baseline?.boundaryF1 ?? null,
    heldOutIou: fit.heldOut?.meanIou ?? null,
    chosen: describe(fit),
  };
}

function describe({ recipe, linear, forest, source }: Awaited<ReturnType<typeof learnFromOne>>) {
  const tokens = recipe.tokens.map(({ scale, pca }) => `×${scale}:${pca.components}`).join(' ');
  const kind = [linear && 'linear', forest && 'trees'].filter(Boolean).join(' + ');
  return `${kind}; tokens ${tokens || 'none'}; classical ${recipe.classical === null ? 'none' : 'yes'}; ${JSON.stringify(source.classifier)}`;
}

/** scikit-image's features and scikit-learn's forest on the same image and scribbles, mean over seeds. */
function baselineOf(
  file: (kind: string) => string,
  truth: Float32Array,
  size: { readonly height: number; readonly width: number; readonly classes: number },
  { python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url)), seeds = 5 }: Options,
): { readonly iou: number; readonly boundaryF1: number } | null {
  if (python === 'none') return null;
  const script = fileURLToPath(new URL('../../training/python/classical_scribbles.py', import.meta.url));
  const out = mkdtempSync(join(tmpdir(), 'alibi-baseline-'));
  try {
    const request = {
      image: file(''),
      scribbles: file('.scribbles'),
      seeds: Array.from({ length: seeds }, (_, seed) => seed),
      trees: 100,
      depth: 10,
      out,
    };
    const run = spawnSync(python, [script], { input: `${JSON.stringify(request)}\n`, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`the baseline failed: ${run.stderr ?? run.error}`);
    return scoresOf(
      request.seeds.map((seed) => readClasses(join(out, `${seed}.u16`))),
      truth,
      size,
    );
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** uint16, little-endian: the class of every pixel. */
function readClasses(path: string): Uint16Array {
  const bytes = readFileSync(path);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

function scoresOf(
  predictions: readonly Uint16Array[],
  truth: Float32Array,
  size: { readonly height: number; readonly width: number; readonly classes: number },
) {
  return {
    iou: mean(predictions.map((found) => meanIou(found, truth, size.classes))),
    boundaryF1: mean(predictions.map((found) => boundaryF1(found, truth, size, boundaryPx))),
  };
}

function means(rows: readonly Row[]) {
  const of = (pick: (row: Row) => number | null) => {
    const values = rows.flatMap((row) => pick(row) ?? []);
    return values.length === 0 ? null : mean(values);
  };
  const iou = of((row) => row.iou);
  const baselineIou = of((row) => row.baselineIou);
  return {
    images: rows.length,
    iou,
    baselineIou,
    gain: iou === null || baselineIou === null ? null : iou - baselineIou,
    boundaryF1: of((row) => row.boundaryF1),
    baselineBoundaryF1: of((row) => row.baselineBoundaryF1),
    heldOutIou: of((row) => row.heldOutIou),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
