import { planWindows } from 'alibi-zarr/checkpoint';
import type { Runner } from '../onnx/run.ts';

export interface SeamFigures {
  /** Mean cosine of tokens in the window plan to those of one window over the image, the image's mean token taken off. */
  readonly centredConsistency: number;
  readonly plainConsistency: number;
  /** Feature distance of neighbours across the middle of a window border over that of neighbours elsewhere. */
  readonly seamRatio: number;
  /** Tokens computed over tokens of the image. */
  readonly cost: number;
  /** Median milliseconds a window. */
  readonly windowMs: number;
}

/** float32 [rows, cols, dim] */
export interface TokenGrid {
  readonly rows: number;
  readonly cols: number;
  readonly dim: number;
  readonly data: Float32Array;
}

/** Normalised pixels, float32 [3, height, width]. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

export interface WindowGrid {
  readonly rows: number;
  readonly cols: number;
  readonly overlap: number;
}

/** How much a window plan shows in the features of one image. Definitions: docs/decisions/0010-default-checkpoint.md. */
export async function measureSeam(
  runner: Runner,
  o: {
    readonly image: Pixels;
    readonly patch: number;
    readonly window: WindowGrid;
    readonly whole: TokenGrid;
  },
): Promise<SeamFigures> {
  const { rows, cols, dim } = o.whole;
  const plan = planWindows(rows, cols, o.window);
  const tokens = new Float32Array(rows * cols * dim);
  const times: number[] = [];
  for (let i = 0; i < plan.rows.count; i++) {
    for (let j = 0; j < plan.cols.count; j++) {
      const [row, col] = [plan.rows.start(i), plan.cols.start(j)];
      const started = performance.now();
      const part = await encode(runner, crop(o.image, { row, col, ...o.window, patch: o.patch }));
      times.push(performance.now() - started);
      const weight = (y: number, x: number): number =>
        plan.rows.share(i, row + y) * plan.cols.share(j, col + x);
      blend(tokens, { cols, row, col, part, weight });
    }
  }
  const [centred, plain] = consistency(tokens, o.whole);
  return {
    centredConsistency: centred,
    plainConsistency: plain,
    seamRatio: seamRatio(tokens, o.whole, { rows: borders(plan.rows), cols: borders(plan.cols) }),
    cost: plan.cost,
    windowMs: times.sort((a, b) => a - b)[times.length >> 1] ?? 0,
  };
}

/** One window over all of the image. */
export async function encode(runner: Runner, image: Pixels): Promise<TokenGrid> {
  const features = (await runner.run(image.data, [1, 3, image.height, image.width])).get('features');
  if (features === undefined) throw new TypeError('the graph has no output "features"');
  const [, dim = 0, rows = 0, cols = 0] = features.shape;
  const data = new Float32Array(features.data.length);
  const tokens = rows * cols;
  for (let c = 0; c < dim; c++) {
    for (let t = 0; t < tokens; t++) data[t * dim + c] = features.data[c * tokens + t] ?? 0;
  }
  return { rows, cols, dim, data };
}

/** A rectangle of whole tokens. */
export function crop(
  image: Pixels,
  at: {
    readonly row: number;
    readonly col: number;
    readonly rows: number;
    readonly cols: number;
    readonly patch: number;
  },
): Pixels {
  const [height, width] = [at.rows * at.patch, at.cols * at.patch];
  const data = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * image.height + at.row * at.patch + y) * image.width + at.col * at.patch;
      data.set(image.data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  return { height, width, data };
}

function blend(
  tokens: Float32Array,
  o: { cols: number; row: number; col: number; part: TokenGrid; weight: (y: number, x: number) => number },
): void {
  const { part } = o;
  for (let y = 0; y < part.rows; y++) {
    for (let x = 0; x < part.cols; x++) {
      const weight = o.weight(y, x);
      const to = ((o.row + y) * o.cols + o.col + x) * part.dim;
      const from = (y * part.cols + x) * part.dim;
      for (let c = 0; c < part.dim; c++) {
        tokens[to + c] = (tokens[to + c] ?? 0) + weight * (part.data[from + c] ?? 0);
      }
    }
  }
}

function consistency(tokens: Float32Array, whole: TokenGrid): [centred: number, plain: number] {
  const { dim } = whole;
  const count = whole.rows * whole.cols;
  const mean = new Float64Array(dim);
  for (let i = 0; i < whole.data.length; i++)
    mean[i % dim] = (mean[i % dim] ?? 0) + (whole.data[i] ?? 0) / count;
  const zero = new Float64Array(dim);
  let [centred, plain] = [0, 0];
  for (let t = 0; t < count; t++) {
    centred += cosine(tokens, whole.data, t * dim, mean) / count;
    plain += cosine(tokens, whole.data, t * dim, zero) / count;
  }
  return [centred, plain];
}

function cosine(a: Float32Array, b: Float32Array, at: number, mean: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let c = 0; c < mean.length; c++) {
    const x = (a[at + c] ?? 0) - (mean[c] ?? 0);
    const y = (b[at + c] ?? 0) - (mean[c] ?? 0);
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

/** The token before which the middle of each border between two windows lies. */
function borders(axis: ReturnType<typeof planWindows>['rows']): Set<number> {
  return new Set(
    Array.from({ length: axis.count - 1 }, (_, i) => (axis.start(i) + axis.window + axis.start(i + 1)) >> 1),
  );
}

function seamRatio(
  tokens: Float32Array,
  grid: TokenGrid,
  at: { rows: Set<number>; cols: Set<number> },
): number {
  const { rows, cols, dim } = grid;
  const sums = { seam: 0, seams: 0, other: 0, others: 0 };
  const add = (a: number, b: number, isSeam: boolean): void => {
    let squares = 0;
    for (let c = 0; c < dim; c++) squares += ((tokens[a * dim + c] ?? 0) - (tokens[b * dim + c] ?? 0)) ** 2;
    sums[isSeam ? 'seam' : 'other'] += Math.sqrt(squares);
    sums[isSeam ? 'seams' : 'others']++;
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      if (x > 0) add(y * cols + x, y * cols + x - 1, at.cols.has(x));
      if (y > 0) add(y * cols + x, (y - 1) * cols + x, at.rows.has(y));
    }
  }
  return sums.seam / sums.seams / (sums.other / sums.others);
}
