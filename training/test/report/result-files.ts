import type {
  BenchMap,
  BenchModel,
  FingerprintResult,
  HomogeneityResult,
  LossResult,
  ProbeResult,
  ScribblesResult,
  SeamResult,
  SegmentationResult,
} from 'alibi-zarr-schemas';

/** Small results of every bench, with numbers a test can reckon with. */

export function model(name: string, o: Partial<BenchModel> = {}): BenchModel {
  return { name, manifestSha256: null, position: 'local ALiBi', precision: 'fp32', ...o };
}

export function map(rows: number, cols: number, bytes: readonly number[], range = [0, 1]): BenchMap {
  const [low = 0, high = 1] = range;
  return { rows, cols, low, high, data: Buffer.from(bytes).toString('base64') };
}

const RAMPS = ['lr', 'ud', 'diag', 'radial'] as const;

/** @param r2  reference, of every ramp; held out it is half as much */
export function probeResult(of: BenchModel, r2: number, command = 'alibi-train probe'): ProbeResult {
  return {
    format: 'alibi-train/probe/1',
    model: of,
    command,
    figures: [{ name: 'probe R² lr', value: r2, note: 'reference protocol' }],
    images: ['a.png', 'b.png', 'c.png'],
    sizePx: 28,
    rows: 2,
    cols: 2,
    dim: 3,
    seed: 1,
    reference: {
      samples: 2,
      repeats: 1,
      ramps: RAMPS.map((ramp) => ({
        ramp,
        r2,
        deviation: 0,
        perImage: [r2],
        perChannel: [0, 0.5, 0.25],
        perChannelDeviation: [0, 0, 0],
        target: map(2, 2, [0, 255, 0, 255]),
        predicted: map(2, 2, [0, 255, 255, 0]),
      })),
    },
    heldOut: {
      samples: 8,
      folds: 3,
      ramps: RAMPS.map((ramp) => ({ ramp, r2: r2 / 2, perImage: [r2 / 2] })),
      strengths: [1, 1, 1],
    },
    positionalChannels: [{ channel: 1, score: 0.5 }],
  };
}

export function fingerprintResult(of: BenchModel): FingerprintResult {
  return {
    format: 'alibi-train/fingerprint/1',
    model: of,
    command: 'alibi-train bench fingerprint',
    figures: [],
    images: ['a.png'],
    sizePx: 28,
    rows: 2,
    cols: 2,
    dim: 3,
    seed: 1,
    samples: 2,
    layers: ['layer.0', 'features'],
    ramps: [{ ramp: 'lr', r2: [0.9, 0.1], highest: [0.5, 0], perChannel: map(2, 3, [0, 255, 0, 0, 0, 0]) }],
  };
}

export function homogeneityResult(of: BenchModel, image = 'a.png'): HomogeneityResult {
  const similarity = (
    to: 'centre' | 'corner',
    at: number,
  ): HomogeneityResult['images'][0]['similarity'][0] => ({
    to,
    row: at,
    col: at,
    map: map(2, 2, [0, 255, 255, 255], [0.5, 1]),
    position: 0.25,
    mean: 0.9,
    deviation: 0.1,
  });
  return {
    format: 'alibi-train/homogeneity/1',
    model: of,
    command: 'alibi-train bench homogeneity',
    figures: [{ name: 'spatial-gradient score of PCA', value: 0.125 }],
    sizePx: 28,
    seed: 1,
    images: [
      {
        name: image,
        rows: 2,
        cols: 2,
        image: map(2, 2, [10, 20, 30, 40]),
        similarity: [similarity('centre', 1), similarity('corner', 0)],
        clusters: [{ k: 2, map: map(2, 2, [0, 1, 1, 0], [0, 255]), position: 0.75, information: 0.5 }],
        pca: {
          maps: [map(2, 2, [1, 2, 3, 4]), map(2, 2, [5, 6, 7, 8]), map(2, 2, [9, 10, 11, 12])],
          variance: [0.5, 0.2, 0.1],
          position: [0.1, 0.1, 0.2],
          gradient: 0.125,
        },
      },
    ],
  };
}

/** @param consistency  centred, of windows of 8 and of 16 tokens */
export function seamResult(of: BenchModel, consistency: readonly [number, number]): SeamResult {
  const window = (side: number, centred: number): SeamResult['windows'][0] => ({
    rows: side,
    cols: side,
    overlap: 2,
    centredConsistency: centred,
    plainConsistency: 0.9,
    seamRatio: 1.5,
    contentSeamRatio: 1.25,
    cost: 1.25,
    changedLabels: null,
    windowMs: 10,
    perCrop: [
      {
        image: 'a.png',
        centredConsistency: centred,
        plainConsistency: 0.9,
        seamRatio: 1.5,
        contentSeamRatio: 1.25,
        changedLabels: null,
      },
    ],
  });
  return {
    format: 'alibi-train/seam/1',
    model: of,
    command: 'alibi-train bench seam',
    figures: [{ name: 'centred consistency', value: consistency[1], note: 'windows 16×16' }],
    images: ['a.png'],
    tokens: 32,
    crops: 1,
    scale: 1,
    classes: 3,
    seed: 1,
    windows: [window(16, consistency[1]), window(8, consistency[0])],
  };
}

/** @param loss  on crops of 16 and of 24 tokens, of two images a tenth above and below it */
export function lossResult(of: BenchModel, loss: readonly [number, number]): LossResult {
  const grid = (tokens: number, mean: number): LossResult['grids'][0] => ({
    tokens,
    loss: mean,
    perImage: [
      { image: 'a.png', loss: mean - 0.1 },
      { image: 'b.png', loss: mean + 0.1 },
    ],
  });
  return {
    format: 'alibi-train/loss/1',
    model: of,
    command: 'alibi-train bench loss',
    figures: [{ name: 'loss to the teacher, 16×16 tokens', value: loss[0], note: 'mean over 2 images' }],
    teacher: { name: 'dinov2/model.safetensors', sha256: '0'.repeat(64) },
    images: ['a.png', 'b.png'],
    dim: 3,
    blank: [1],
    sampling: { kind: 'crops', crops: 1, scale: 1 },
    grids: [grid(16, loss[0]), grid(24, loss[1])],
  };
}

export function scribblesResult(of: BenchModel, meanIou: number): ScribblesResult {
  const image: ScribblesResult['folders'][0]['images'][0] = {
    name: 'a.png',
    height: 4,
    width: 4,
    labels: 'classes',
    scribbledPx: [2, 2],
    meanIou,
    classIou: [meanIou, null],
    boundaryF1: 0.5,
    classBoundaryF1: [0.5, null],
  };
  return {
    format: 'alibi-train/scribbles/1',
    model: of,
    command: 'alibi-train bench scribbles',
    figures: [{ name: 'mIoU', value: meanIou, note: 'mean over 1 folders' }],
    features: 'tokens',
    classifier: 'logistic regression',
    scale: 2,
    tolerancePx: 3,
    folders: [{ name: 'test', meanIou, boundaryF1: 0.5, images: [image] }],
  };
}

export function segmentationResult(of: BenchModel, miou: number): SegmentationResult {
  return {
    format: 'alibi-train/segmentation/1',
    model: of,
    command: 'alibi-train bench segmentation',
    figures: [{ name: 'mIoU voc07', value: miou }],
    layout: 'voc07',
    sizePx: 28,
    seed: 1,
    shots: null,
    trainImages: 2,
    valImages: 2,
    samples: 100,
    c: 1,
    miou,
    batchMiou: 0.5,
    accuracy: 1,
    classes: [
      { name: 'cat', trainImages: 1, iou: miou },
      { name: 'sofa', trainImages: 1, iou: null },
    ],
  };
}

/** Lines of log.jsonl with these losses, the last one validated. */
export function logText(losses: readonly number[]): string {
  const lines = losses.map((loss, i) => ({
    step: i + 1,
    loss,
    lr: 1e-5,
    gradientNorm: 2,
    seconds: 1800,
    ...(i === losses.length - 1
      ? { validation: { loss, probeR2: { lr: 0.5, ud: 0.25, diag: 0, radial: -9 }, mostPositional: 0.1 } }
      : {}),
  }));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
