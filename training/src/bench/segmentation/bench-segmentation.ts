import { AlibiError, createPacer } from 'alibi-zarr/checkpoint';
import type { SegmentationResult } from 'alibi-zarr-schemas';
import { resizedSquare } from '../bench-images.ts';
import { type BenchSubject, wholePatches } from '../bench-subject.ts';
import { figure } from '../figure.ts';
import { ALL, openImage } from '../image-file.ts';
import type { BenchContext } from '../run-bench.ts';
import { encode, type TokenGrid } from '../tokens.ts';
import { accuracyOf, addToConfusion, createConfusion, iousOf, meanOf } from './confusion.ts';
import { type Dataset, type DatasetItem, type Layout, readClasses } from './dataset-layout.ts';
import { fitLinearHead, type Lattice, type LinearHead, predictPixels, tokensAt } from './linear-head.ts';
import { rounded } from './score-image.ts';
import { classesIn, fewShots, samplePixels, shuffled } from './training-images.ts';

export interface SegmentationOptions {
  readonly layout: Layout;
  readonly dataset: Dataset;
  /** A side of the square that images are resized to, rounded to whole patches. */
  readonly sizePx: number;
  /** Pixels to train on, spread evenly over the training images. */
  readonly samples: number;
  readonly c: number;
  readonly seed: number;
  /** Training images wanted of each class; undefined: all. */
  readonly shots: number | undefined;
  /** At most so many images, drawn by the seed. */
  readonly trainLimit: number | undefined;
  readonly valLimit: number | undefined;
}

/** Images of a batch of the reference, whose mIoU is a mean over batches. */
const BATCH = 64;

/**
 * Segmentation by a linear head on frozen tokens: trained on pixels of the training images, measured on every pixel of
 * the validation images. Images are resized to a square and encoded in one window, as the reference does.
 *
 * @throws AlibiError  a file is missing or no good, or training images show fewer than two classes
 */
export async function benchSegmentation(
  subject: BenchSubject,
  context: BenchContext,
  o: SegmentationOptions,
): Promise<SegmentationResult> {
  const sizePx = wholePatches(subject, o.sizePx);
  const run: Run = { ...o, subject, sizePx, step: context.step };
  const order = shuffled(o.dataset.train, o.seed).slice(0, o.trainLimit);
  const train = o.shots === undefined ? order : await chosenShots(order, o, context);
  const val = shuffled(o.dataset.val, o.seed).slice(0, o.valLimit);
  context.expect(train.length + val.length);
  const samples = await trainingSamples(run, train);
  const trained = samples.labels.length;
  const head = await fitLinearHead(samples.values, samples.labels, {
    dim: samples.dim,
    classes: o.dataset.classNames.length,
    c: o.c,
    pause: createPacer(context.signal),
  });
  const scores = await validate(run, val, head);
  return {
    format: 'alibi-train/segmentation/1',
    model: subject.model,
    command: context.command,
    figures: figuresOf(scores, { layout: o.layout, shots: o.shots, train: train.length, val: val.length }),
    layout: o.layout,
    sizePx,
    seed: o.seed,
    shots: o.shots ?? null,
    trainImages: train.length,
    valImages: val.length,
    samples: trained,
    c: o.c,
    miou: rounded(scores.miou),
    batchMiou: rounded(scores.batchMiou),
    accuracy: rounded(scores.accuracy),
    classes: o.dataset.classNames.map((name, k) => {
      const iou = scores.ious[k] ?? null;
      return { name, trainImages: samples.shown[k] ?? 0, iou: iou === null ? null : rounded(iou) };
    }),
  };
}

interface Run extends SegmentationOptions {
  readonly subject: BenchSubject;
  readonly step: () => Promise<void>;
}

async function chosenShots(
  order: readonly DatasetItem[],
  { dataset, shots = 1 }: SegmentationOptions,
  context: BenchContext,
): Promise<DatasetItem[]> {
  context.expect(order.length);
  let looked = 0;
  const step = (): Promise<void> => {
    looked++;
    return context.step();
  };
  const chosen = await fewShots(order, { dataset, shots, step });
  context.expect(looked - order.length);
  return chosen;
}

interface Samples {
  readonly dim: number;
  /** float32 [n, dim] */
  readonly values: Float32Array;
  readonly labels: Uint16Array;
  /** Training images that show each class. */
  readonly shown: readonly number[];
}

async function trainingSamples(run: Run, items: readonly DatasetItem[]): Promise<Samples> {
  const count = run.dataset.classNames.length;
  const limit = Math.max(1, Math.floor(run.samples / items.length));
  const values: Float32Array[] = [];
  const labels: number[] = [];
  const shown = Array.from({ length: count }, () => 0);
  let dim = 0;
  for (const [i, item] of items.entries()) {
    const { tokens, truth } = await encoded(run, item);
    const pixels = samplePixels(truth, { count, limit, seed: run.seed + i });
    dim = tokens.dim;
    values.push(tokensAt(tokens, latticeOf(run), pixels));
    for (const pixel of pixels) labels.push(truth[pixel]!);
    for (const k of classesIn(truth, count)) shown[k]! += 1;
    await run.step();
  }
  const all = new Float32Array(labels.length * dim);
  let at = 0;
  for (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  return { dim, values: all, labels: Uint16Array.from(labels), shown };
}

interface Scores {
  readonly ious: readonly (number | null)[];
  readonly miou: number;
  readonly batchMiou: number;
  readonly accuracy: number;
}

async function validate(run: Run, items: readonly DatasetItem[], head: LinearHead): Promise<Scores> {
  const count = run.dataset.classNames.length;
  const all = createConfusion(count);
  const batches: number[] = [];
  // The reference drops a last batch that is not full, unless there is no other.
  const whole = Math.max(BATCH, items.length - (items.length % BATCH));
  let batch = createConfusion(count);
  for (const [i, item] of items.entries()) {
    const { tokens, truth } = await encoded(run, item);
    const predicted = predictPixels(head, tokens, latticeOf(run));
    for (const confusion of [all, batch]) addToConfusion(confusion, truth, predicted);
    const done = i + 1;
    if ((done % BATCH === 0 || done === items.length) && done <= whole) {
      batches.push(meanOf(iousOf(batch)));
      batch = createConfusion(count);
    }
    await run.step();
  }
  const ious = iousOf(all);
  return { ious, miou: meanOf(ious), batchMiou: meanOf(batches), accuracy: accuracyOf(all) };
}

/** An image's tokens and the class of each pixel, both of the square. */
async function encoded(run: Run, item: DatasetItem): Promise<{ tokens: TokenGrid; truth: Uint16Array }> {
  const image = await openImage(item.image, ALL);
  const classes = await readClasses(item.labels, run.dataset);
  if (classes.height !== image.height || classes.width !== image.width) {
    throw new AlibiError('InvalidInput', {
      what: `it is ${classes.width}×${classes.height} pixels, its image ${image.width}×${image.height}`,
      where: item.labels,
      remedy: 'Unpack the data set again.',
    });
  }
  const { sizePx, subject } = run;
  const tokens = await encode(subject.runner, resizedSquare(image, { sizePx, ...subject.input }));
  const truth = new Uint16Array(sizePx ** 2);
  const nearest = (i: number, size: number): number => Math.floor(((i + 0.5) * size) / sizePx);
  for (let y = 0; y < sizePx; y++) {
    const from = nearest(y, classes.height) * classes.width;
    for (let x = 0; x < sizePx; x++) truth[y * sizePx + x] = classes.data[from + nearest(x, classes.width)]!;
  }
  return { tokens, truth };
}

function latticeOf({ sizePx, subject }: Run): Lattice {
  return { height: sizePx, width: sizePx, pxPerToken: subject.manifest.architecture.patch };
}

function figuresOf(
  scores: Scores,
  o: { layout: Layout; shots: number | undefined; train: number; val: number },
): SegmentationResult['figures'] {
  const kind = o.shots === undefined ? o.layout : `${o.layout}, ${o.shots} shots`;
  const note = `linear head, ${o.train} training and ${o.val} validation images`;
  return [
    figure(`mIoU ${kind}`, scores.miou, note),
    figure(`mIoU ${kind}, mean over batches`, scores.batchMiou, `${note}; batches of ${BATCH}`),
    figure(`pixel accuracy ${kind}`, scores.accuracy, note),
  ];
}
