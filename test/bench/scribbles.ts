import { readdirSync, readFileSync } from 'node:fs';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { loadManifest } from '../../plugin/src/encoder/manifest.ts';
import { openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../plugin/src/encoder/ort-node.ts';
import { createPipeline } from '../../plugin/src/pipeline/create-pipeline.ts';
import { pixelGrid } from '../../plugin/src/pipeline/pixel-grid.ts';
import type { Stroke } from '../../plugin/src/segment/types.ts';
import { type IdImage, readIdPng } from '../../training/src/bench/segmentation/id-image.ts';
import { greyPlane, readImage } from '../../training/src/bench/segmentation/read-image.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { defaultModel } from './default-model.ts';

/**
 * Mean IoU over classes, then images, of the shipped classifier trained on each micrograph's own scribbles
 * (all of them, and the first tenth of the pixels of each class). Sets whose ground truth are classes:
 * superalloy/test, superalloy/val, coating/train.
 */
export async function scribbles({ set = 'superalloy/test', limit = 4, model = defaultModel } = {}) {
  const folder = ['data', 'micrographs', ...set.split('/')];
  if (!hasShared(...folder)) throw new Error(`skipped: needs ${sharedPath(...folder)}`);
  const names = readdirSync(sharedPath(...folder))
    .filter((file) => file.endsWith('.scribbles.png'))
    .map((file) => file.replace('.scribbles.png', ''))
    .slice(0, limit);
  const checkpoint = await loadManifest(fileReader(model));
  const { encoder, report, graph } = await openEncoder({ ...checkpoint, backends: [nodeBackend()] });
  const read = (name: string, kind: string) => {
    const file = `${name}${kind}.png`;
    return readIdPng(readFileSync(sharedPath(...folder, file)), file);
  };
  const rows: { name: string; all: number; tenth: number }[] = [];
  for (const name of names) {
    const image = greyPlane(await readImage(sharedPath(...folder, `${name}.png`)));
    const shape = [image.height, image.width];
    const pipeline = createPipeline({
      pixels: [fromMemory(image.data, { shape, dtype: 'float32' })],
      normalisation: { channels: [0], black: [0], white: [1] },
      manifest: checkpoint.manifest,
      model: { name: checkpoint.manifest.name, sha256: graph.sha256, precision: graph.precision },
      encoder,
      report: () => report,
    });
    const truth = Array.from(read(name, '.labels').data);
    const painted = read(name, '.scribbles');
    const classes = painted.data.reduce((most, id) => Math.max(most, id), 0);
    const pca = await pipeline.fitPca({ components: 32, seed: 0, slices: { z: [0], t: [0] } });
    const score = async (share: number) => {
      const fit = await pipeline.trainClassifier({
        classes: Array.from({ length: classes }, (_, i) => ({ name: `${i}`, color: 'ffffff' })),
        strokes: strokesOf(painted, classes, share),
        pca,
        level: 0,
      });
      const grid = pixelGrid(fromMemory(image.data, { shape, dtype: 'float32' }));
      const labels = await pipeline.labels(await pipeline.classScores(fit), grid, 512);
      const { data } = await readRegion(labels, { start: [0, 0], stop: shape }, {});
      return meanIou(data, truth, classes);
    };
    rows.push({ name, all: await score(1), tenth: await score(0.1) });
    console.error(name, rows.at(-1));
  }
  await encoder.close();
  const mean = (pick: (row: (typeof rows)[number]) => number) =>
    rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  return { set, images: rows, meanIou: { all: mean((row) => row.all), tenth: mean((row) => row.tenth) } };
}

/** Every painted pixel as a stroke of its own: a scribble image says nothing of the order of its strokes. */
function strokesOf({ data, width }: IdImage, classes: number, share: number): Stroke[] {
  const strokes: Stroke[] = [];
  for (let classIndex = 0; classIndex < classes; classIndex++) {
    const pixels = [...data.keys()].filter((i) => data[i] === classIndex + 1);
    for (const i of pixels.slice(0, Math.ceil(pixels.length * share))) {
      const points = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
      strokes.push({ id: `${i}`, classIndex, radiusPx: 0.5, points, z: 0, t: 0 });
    }
  }
  return strokes;
}

/** `labels` holds class + 1, `truth` the class; a class absent from both does not count. */
function meanIou(labels: ArrayLike<number | bigint>, truth: readonly number[], classes: number): number {
  const ious: number[] = [];
  for (let wanted = 0; wanted < classes; wanted++) {
    let both = 0;
    let either = 0;
    truth.forEach((actual, i) => {
      const isFound = Number(labels[i]) - 1 === wanted;
      const isTrue = actual === wanted;
      if (isFound && isTrue) both++;
      if (isFound || isTrue) either++;
    });
    if (either > 0) ious.push(both / either);
  }
  return ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
}
