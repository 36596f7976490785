import { readdirSync } from 'node:fs';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { createRandom } from '../../plugin/src/array/random.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { loadManifest } from '../../plugin/src/encoder/manifest.ts';
import { openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { createPipeline } from '../../plugin/src/pipeline/create-pipeline.ts';
import type { Pipeline } from '../../plugin/src/pipeline/pipeline.ts';
import { nearPx, nearStrokes, strokesPerClass } from '../../plugin/src/segment/near-strokes.ts';
import { type Suggestion, suggestPlaces } from '../../plugin/src/segment/suggest-places.ts';
import type { Stroke } from '../../plugin/src/segment/types.ts';
import { type CommonView, learnFromOne, viewOf } from '../../plugin/src/session-project-samples.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { meanIou } from './agreement.ts';
import { defaultModel } from './default-model.ts';
import { readPng } from './read-png.ts';

/** Half the length of a simulated stroke, and its radius, in pixels. */
const halfLengthPx = 20;
const radiusPx = 1.5;
const slices = { z: [0], t: [0] };

const arms = ['random', 'suggested'] as const;
type Arm = (typeof arms)[number];
/** Mean IoU after the first stroke of each class and after each further one. */
type Curves = Readonly<Record<Arm, readonly number[]>>;

interface Row extends Curves {
  readonly set: string;
  readonly name: string;
  readonly seed: number;
}

/**
 * How many strokes "label here next" saves. Two simulated people begin with the same stroke of each class; then one of them paints
 * at the first place of the list, the other at places drawn uniformly; both paint what is there. The linear model learns after each
 * stroke.
 *
 * @param sets    of micrographs, joined by commas; `limit` images of each, their middle `sizePx` where they are larger
 * @param tokens  enlargements at which the transformer sees the image, joined by commas
 */
export async function activeLearning({
  sets = 'superalloy/test,nuclei,coating/train',
  limit = 4,
  sizePx = 512,
  strokes = 24,
  seeds = 3,
  tokens = '1,2',
  model = defaultModel,
} = {}) {
  const missing = sets.split(',').find((set) => !hasShared('data', 'micrographs', ...set.split('/')));
  if (missing !== undefined) throw new Error(`skipped: needs ${sharedPath('data', 'micrographs', missing)}`);
  const checkpoint = await loadManifest(fileReader(model));
  const { encoder, report, graph } = await openEncoder({ ...checkpoint, backends: [nodeBackend()] });
  const identity = { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision };
  const parts = { manifest: checkpoint.manifest, model: identity, encoder, report: () => report };
  const tokenScales = tokens.split(',').map(Number);
  const rows: Row[] = [];
  for (const set of sets.split(',')) {
    for (const name of namesOf(set).slice(0, limit)) {
      const scene = await sceneOf(set, name, { sizePx, tokenScales, parts });
      for (let seed = 0; seed < seeds; seed++) {
        const random = await simulate(scene, 'random', strokes, seed);
        const suggested = await simulate(scene, 'suggested', strokes, seed);
        rows.push({ set, name, seed, random, suggested });
      }
      console.error(`${set} ${name}: ${summary(rows.slice(-seeds))}`);
    }
  }
  await encoder.close();
  return {
    strokes,
    sets: sets.split(',').map((set) => ({ set, ...outcome(rows.filter((row) => row.set === set)) })),
    all: outcome(rows),
    rows,
  };
}

function namesOf(set: string): string[] {
  return readdirSync(sharedPath('data', 'micrographs', ...set.split('/')))
    .filter((file) => file.endsWith('.labels.png'))
    .map((file) => file.replace('.labels.png', ''))
    .sort();
}

interface Scene {
  readonly pipeline: Pipeline;
  readonly view: CommonView;
  /** Class of every pixel. */
  readonly truth: Float32Array;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
}

async function sceneOf(
  set: string,
  name: string,
  {
    sizePx,
    tokenScales,
    parts,
  }: {
    readonly sizePx: number;
    readonly tokenScales: readonly number[];
    readonly parts: Omit<Parameters<typeof createPipeline>[0], 'pixels' | 'normalisation'>;
  },
): Promise<Scene> {
  const read = (kind: string) =>
    middleOf(readPng(sharedPath('data', 'micrographs', ...set.split('/'), `${name}${kind}.png`)), sizePx);
  const { data, height, width } = read('');
  // Of nuclei labels are instances: nucleus or not.
  const truth = read('.labels').data.map((id) => (set.startsWith('nuclei') ? Math.min(1, id) : id));
  const pixels = fromMemory(data, { shape: [height, width], dtype: 'float32' });
  const normalisation = { channels: [0], black: [0], white: [255] };
  const pipeline = createPipeline({ ...parts, pixels: [pixels], normalisation });
  const looked = { image: { pixels: [pixels] }, pipeline, slices, level: 0 };
  const view = await viewOf(looked, { tokenScales }, { seed: 0 });
  const classes = 1 + truth.reduce((most, id) => Math.max(most, id), 0);
  return { pipeline, view, truth, classes, height, width };
}

function middleOf(image: ReturnType<typeof readPng>, sizePx: number) {
  const height = Math.min(sizePx, image.height);
  const width = Math.min(sizePx, image.width);
  const top = (image.height - height) >> 1;
  const left = (image.width - width) >> 1;
  const data = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * image.width + left;
    data.set(image.data.subarray(from, from + width), y * width);
  }
  return { data, height, width };
}

async function simulate(scene: Scene, arm: Arm, count: number, seed: number): Promise<number[]> {
  const { truth, classes } = scene;
  const random = createRandom(seed + 1);
  const anywhere = () => Math.floor(random() * truth.length);
  const strokes: Stroke[] = [];
  for (let k = 0; k < classes; k++) {
    let at = anywhere();
    for (let tries = 0; truth[at] !== k && tries < 1e6; tries++) at = anywhere();
    if (truth[at] === k) strokes.push(strokeAt(scene, at, strokes.length));
  }
  const ious: number[] = [];
  for (let step = 0; ; step++) {
    const { iou, scores } = await train(scene, strokes);
    ious.push(iou);
    if (step === count) return ious;
    const next = arm === 'suggested' ? await suggest(scene, scores, strokes) : undefined;
    const at = next === undefined ? anywhere() : Math.floor(next.y) * scene.width + Math.floor(next.x);
    strokes.push(strokeAt(scene, at, strokes.length));
  }
}

async function train({ pipeline, view, truth, classes, height, width }: Scene, strokes: readonly Stroke[]) {
  const fit = await learnFromOne(pipeline, view, {
    classes: Array.from({ length: classes }, (_, i) => ({ name: `${i}`, color: 'ffffff' })),
    strokes,
    seed: 0,
    choice: { kind: 'linear' },
  });
  const scores = await pipeline.classScores(fit);
  const { data } = await readRegion(scores, { start: [0, 0, 0], stop: [height, width, classes] }, {});
  const found = Float32Array.from({ length: truth.length }, (_, i) => {
    const own = data.subarray(i * classes, (i + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
  return { iou: meanIou(found, truth, classes), scores };
}

/** The first place of the list, as the viewer asks for it. */
async function suggest(
  { classes }: Scene,
  scores: Awaited<ReturnType<Pipeline['classScores']>>,
  strokes: readonly Stroke[],
): Promise<Suggestion | undefined> {
  let next: Suggestion | undefined;
  const isPainted = nearStrokes(strokes, nearPx);
  const options = { count: 1, strokesPerClass: strokesPerClass(strokes, classes), slices, isPainted };
  for await (const [first] of suggestPlaces(scores, options)) next = first;
  return next;
}

/** A stroke along the row through a pixel, as long as the class goes on. */
function strokeAt({ truth, width }: Scene, at: number, number: number): Stroke {
  const y = Math.floor(at / width);
  const x = at % width;
  const classIndex = truth[at]!;
  let left = x;
  let right = x;
  while (left > 0 && x - left < halfLengthPx && truth[y * width + left - 1] === classIndex) left--;
  while (right < width - 1 && right - x < halfLengthPx && truth[y * width + right + 1] === classIndex)
    right++;
  const points = [left + 0.5, y + 0.5, right + 0.5, y + 0.5];
  return { id: `${number}`, classIndex, radiusPx, points, z: 0, t: 0 };
}

/**
 * Mean curves over images, and what they save: both are asked how many strokes they took to what random ones reached at best. Of all
 * seeds together, and of each alone for the spread.
 */
function outcome(rows: readonly Row[]) {
  const curves = meanCurves(rows);
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  return {
    ...comparison(curves),
    /** What random ones reached at best in half the strokes. */
    half: comparison({ ...curves, random: curves.random.slice(0, (curves.random.length + 1) >> 1) }),
    savingOfSeeds: seeds.map(
      (seed) => comparison(meanCurves(rows.filter((row) => row.seed === seed))).saving,
    ),
    curves,
  };
}

function comparison({ random, suggested }: Curves) {
  const iou = Math.max(...random);
  const needed = { random: strokesTo(random, iou), suggested: strokesTo(suggested, iou) };
  return { iou, needed, saving: 1 - needed.suggested / needed.random };
}

/** Strokes after the first of each class, between two by linear interpolation; infinity where it is never reached. */
function strokesTo(curve: readonly number[], iou: number): number {
  const at = curve.findIndex((value) => value >= iou);
  if (at === -1) return Number.POSITIVE_INFINITY;
  if (at === 0) return 0;
  const before = curve[at - 1]!;
  return at - 1 + (iou - before) / (curve[at]! - before);
}

function meanCurves(rows: readonly Row[]): Curves {
  const mean = (arm: Arm) =>
    (rows[0]?.[arm] ?? []).map((_, i) => rows.reduce((sum, row) => sum + row[arm][i]!, 0) / rows.length);
  return { random: mean('random'), suggested: mean('suggested') };
}

function summary(rows: readonly Row[]): string {
  const curves = meanCurves(rows);
  return arms.map((arm) => `${arm} ${curves[arm].at(-1)!.toFixed(3)}`).join(', ');
}
