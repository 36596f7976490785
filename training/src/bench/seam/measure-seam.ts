import { basename } from 'node:path';
import { AlibiError, planWindows, type WindowGrid } from 'alibi-zarr/checkpoint';
import type { SeamResult } from 'alibi-zarr-schemas';
import { squaresOf } from '../bench-images.ts';
import type { BenchSubject } from '../bench-subject.ts';
import { EXACT, openImage } from '../image-file.ts';
import type { BenchContext } from '../run-bench.ts';
import { encode, type Pixels, type TokenGrid } from '../tokens.ts';
import { changedLabels } from './changed-labels.ts';
import { consistency, seamRatio } from './seam-figures.ts';
import { figuresOf, meanOver } from './seam-summary.ts';
import { shiftedAxis } from './shifted-axis.ts';
import { tokensInWindows } from './tokens-in-windows.ts';

export interface SeamOptions {
  /** Default: the manifest's. */
  readonly windows?: readonly WindowGrid[] | undefined;
  /** Along a side of a crop. */
  readonly tokens: number;
  /** Of an image, at most. */
  readonly crops: number;
  /** How many times the images are enlarged. */
  readonly scale: number;
  /** Clusters whose labels are compared between window grids. */
  readonly classes: number;
  readonly seed: number;
  /** Whether to compute the shifted window grid, which doubles the work. */
  readonly shift: boolean;
}

export type WindowResult = SeamResult['windows'][number];
export type CropResult = WindowResult['perCrop'][number];

interface Crop {
  readonly image: string;
  readonly pixels: Pixels;
}

/**
 * How much window plans show in the features of images: consistency with one window over all of a crop, seam ratio, cost,
 * and the share of label pixels that change when the window grid lies half its period elsewhere.
 * Definitions: docs/benchmarks.md.
 *
 * @throws AlibiError  InvalidInput: a window larger than a crop
 */
export async function measureSeam(
  subject: BenchSubject,
  context: BenchContext,
  options: SeamOptions,
): Promise<SeamResult> {
  const { patch } = subject.manifest.architecture;
  const windows = options.windows ?? [subject.manifest.window];
  for (const window of windows) assertFits(window, options.tokens);
  const crops: Crop[] = [];
  for (const path of context.images) {
    const sizePx = options.tokens * patch;
    const squares = squaresOf(await openImage(path, EXACT), { ...subject.input, ...options, sizePx });
    for (const pixels of squares) crops.push({ image: basename(path), pixels });
  }
  context.expect(crops.length * (1 + windows.reduce((sum, grid) => sum + stepsOf(grid, options), 0)));
  const perWindow: { readonly crop: CropResult; readonly times: readonly number[] }[][] = windows.map(
    () => [],
  );
  for (const crop of crops) {
    context.signal.throwIfAborted();
    const whole = await encode(subject.runner, crop.pixels);
    await context.step();
    for (const [w, grid] of windows.entries()) {
      perWindow[w]?.push(await measureCrop(subject, context, { crop, whole, grid, options }));
    }
  }
  const results = windows.map((grid, w) =>
    meanOver(perWindow[w] ?? [], grid, planWindows(options.tokens, options.tokens, grid).cost),
  );
  const { tokens, scale, classes, seed } = options;
  return {
    format: 'alibi-train/seam/1',
    model: subject.model,
    command: context.command,
    figures: figuresOf(results, { own: subject.manifest.window, crops: crops.length, tokens }),
    images: context.images.map((path) => basename(path)),
    tokens,
    crops: crops.length,
    scale,
    classes,
    seed,
    windows: results,
  };
}

async function measureCrop(
  { runner, manifest }: BenchSubject,
  { step, signal }: BenchContext,
  o: {
    readonly crop: Crop;
    readonly whole: TokenGrid;
    readonly grid: WindowGrid;
    readonly options: SeamOptions;
  },
): Promise<{ readonly crop: CropResult; readonly times: readonly number[] }> {
  const { patch } = manifest.architecture;
  const { pixels } = o.crop;
  const plan = planWindows(o.options.tokens, o.options.tokens, o.grid);
  const tokens = await tokensInWindows(runner, pixels, { ...plan, patch, pause: step });
  const { centred, plain } = consistency(tokens, o.whole);
  let changed: number | null = null;
  if (isShifted(o.grid, o.options)) {
    const shifted = await tokensInWindows(runner, pixels, {
      ...shiftedPlan(o.grid, o.options.tokens),
      patch,
      pause: step,
    });
    const { classes, seed } = o.options;
    changed = await changedLabels(tokens, shifted, { patch, classes, seed, signal });
  }
  const crop = {
    image: o.crop.image,
    centredConsistency: centred,
    plainConsistency: plain,
    seamRatio: seamRatio(tokens, plan),
    contentSeamRatio: seamRatio(o.whole, plan),
    changedLabels: changed,
  };
  return { crop, times: tokens.times };
}

/** Half the distance between windows: as far as a window grid can lie from where it lay. */
function shiftedPlan({ rows, cols, overlap }: WindowGrid, tokens: number) {
  return {
    rows: shiftedAxis(tokens, { window: rows, overlap }, (rows - overlap) >> 1),
    cols: shiftedAxis(tokens, { window: cols, overlap }, (cols - overlap) >> 1),
  };
}

function isShifted(grid: WindowGrid, { shift, tokens }: SeamOptions): boolean {
  return shift && (grid.rows < tokens || grid.cols < tokens);
}

function stepsOf(grid: WindowGrid, options: SeamOptions): number {
  const { windows } = planWindows(options.tokens, options.tokens, grid);
  const shifted = shiftedPlan(grid, options.tokens);
  return windows + (isShifted(grid, options) ? shifted.rows.count * shifted.cols.count : 0);
}

function assertFits({ rows, cols, overlap }: WindowGrid, tokens: number): void {
  if (Math.max(rows, cols) <= tokens) return;
  throw new AlibiError('InvalidInput', {
    what: `a window of ${rows}×${cols} tokens (${overlap} overlapped) is larger than a crop of ${tokens}×${tokens}`,
    where: 'bench seam',
    remedy: 'Give smaller --windows or more --tokens.',
  });
}
