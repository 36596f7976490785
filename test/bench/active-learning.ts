import { readdirSync } from 'node:fs';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { createRandom } from '../../plugin/src/array/random.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { loadManifest } from '../../plugin/src/encoder/manifest.ts';
import { openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { createPipeline } from '../../plugin/src/pipeline/create-pipeline.ts';
import type { Pipeline } from '../../plugin/src/pipeline/pipeline.ts';
import { pixelGrid } from '../../plugin/src/pipeline/pixel-grid.ts';
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

/**
 * How many strokes "label here next" saves: simulated strokes of the true class, put where the list says or anywhere at random,
 * both from the same first stroke of each class. For each image: the strokes that the list needs to reach what random ones reach at the end.
 */
export async function activeLearning({
  set = 'superalloy/test',
  limit = 4,
  model = defaultModel,
  strokes = 24,
  seeds = 3,
} = {}) {
  const folder = ['data', 'micrographs', ...set.split('/')];
  if (!hasShared(...folder)) throw new Error(`skipped: needs ${sharedPath(...folder)}`);
  const checkpoint = await loadManifest(fileReader(model));
  const { encoder, report, graph } = await openEncoder({ ...checkpoint, backends: [nodeBackend()] });
  const identity = { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision };
  const names = readdirSync(sharedPath(...folder))
    .filter((file) => file.endsWith('.labels.png'))
    .map((file) => file.replace('.labels.png', ''))
    .sort()
    .slice(0, limit);
  const rows: {
    name: string;
    seed: number;
    random: number[];
    suggested: number[];
    needed: number;
    saving: number;
  }[] = [];
  for (const name of names) {
    const image = readPng(sharedPath(...folder, `${name}.png`));
    const instances = set.startsWith('nuclei');
    const truth = readPng(sharedPath(...folder, `${name}.labels.png`)).data.map((id) =>
      instances ? Math.min(1, id) : id,
    );
    const pixels = fromMemory(image.data, { shape: [image.height, image.width], dtype: 'float32' });
    const pipeline = createPipeline({
      pixels: [pixels],
      normalisation: { channels: [0], black: [0], white: [255] },
      manifest: checkpoint.manifest,
      model: identity,
      encoder,
      report: () => report,
    });
    const view = await viewOf({ image: { pixels: [pixels] }, pipeline, slices, level: 0 }, {}, { seed: 0 });
    const scene = { pipeline, view, truth, height: image.height, width: image.width };
    for (let seed = 0; seed < seeds; seed++) {
      const random = await simulate(scene, 'random', strokes, seed);
      const suggested = await simulate(scene, 'suggested', strokes, seed);
      const reached = suggested.findIndex((iou) => iou >= random.at(-1)!);
      const needed = reached === -1 ? Number.POSITIVE_INFINITY : reached;
      const row = { name, seed, random, suggested, needed, saving: 1 - needed / (random.length - 1) };
      rows.push(row);
      console.error(JSON.stringify(row));
    }
  }
  await encoder.close();
  const savings = rows.map(({ saving }) => saving).sort((a, b) => a - b);
  return { set, strokes, medianSaving: savings[savings.length >> 1] ?? null, rows };
}

interface Scene {
  readonly pipeline: Pipeline;
  readonly view: CommonView;
  readonly truth: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Mean IoU after the first stroke of each class and after each further one. */
async function simulate(
  scene: Scene,
  how: 'random' | 'suggested',
  count: number,
  seed: number,
): Promise<number[]> {
  const { truth, height, width } = scene;
  const random = createRandom(seed + 1);
  const classes = 1 + truth.reduce((most, id) => Math.max(most, id), 0);
  const anywhere = () => Math.floor(random() * truth.length);
  const strokes: Stroke[] = [];
  for (let k = 0; k < classes; k++) {
    let at = anywhere();
    for (let tries = 0; truth[at] !== k && tries < 1e6; tries++) at = anywhere();
    if (truth[at] === k) strokes.push(strokeAt(scene, at, strokes.length));
  }
  const ious: number[] = [];
  for (let step = 0; step <= count; step++) {
    const { iou, next } = await train(scene, strokes, classes, how === 'suggested');
    ious.push(iou);
    const at = next === undefined ? anywhere() : Math.floor(next.y) * width + Math.floor(next.x);
    strokes.push(strokeAt(scene, Math.min(at, height * width - 1), strokes.length));
  }
  return ious;
}

async function train(
  { pipeline, view, truth, height, width }: Scene,
  strokes: readonly Stroke[],
  classes: number,
  suggest: boolean,
) {
  const specs = Array.from({ length: classes }, (_, i) => ({ name: `${i}`, color: 'ffffff' }));
  const fit = await learnFromOne(pipeline, view, { classes: specs, strokes, seed: 0 });
  const scores = await pipeline.classScores(fit);
  const grid = pixelGrid({ axes: scores.axes, shape: scores.shape, transform: scores.transform });
  const labels = await pipeline.labels(scores, grid, 512);
  const { data } = await readRegion(labels, { start: [0, 0], stop: [height, width] }, {});
  const iou = meanIou(
    Float32Array.from(data, (id) => Number(id) - 1),
    truth,
    classes,
  );
  if (!suggest) return { iou, next: undefined };
  const isPainted = ({ y, x }: Pick<Suggestion, 'y' | 'x'>) =>
    strokes.some(({ points }) => Math.hypot(points[0]! - x, points[1]! - y) < 2 * halfLengthPx);
  let next: Suggestion | undefined;
  const active = fit.counts.filter((value) => value > 0).length;
  for await (const [first] of suggestPlaces(scores, { count: 1, active, slices, isPainted })) next = first;
  return { iou, next };
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
