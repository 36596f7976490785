import type { ChunkOptions } from '../array/lazy-array.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import { gaussianRadiusPx } from '../raster/gaussian.ts';
import {
  addGuided,
  allGuidedWeights,
  type GuidedTaps,
  guidedRange,
  guidedTapLimit,
  guidedTaps,
  guidedWeights,
} from '../raster/guided.ts';
import { gaussianAt } from '../raster/lattice.ts';
import { type LinearTaps, linearTaps, tapRange, tokenPosition } from '../raster/resample.ts';
import type { FeatureSource, TokenSource } from './feature-source.ts';
import { readSliceRegion } from './slice-region.ts';
import type { SliceRegion } from './types.ts';

/** The tokens a region's pixels are interpolated from, and how. */
export interface TokenPatch {
  /** float32 [rows · cols, dim] */
  readonly tokens: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly spread: Spread;
}

type Spread =
  | { readonly kind: 'bilinear'; readonly rows: LinearTaps; readonly cols: LinearTaps }
  | {
      readonly kind: 'guided';
      readonly rows: GuidedTaps;
      readonly cols: GuidedTaps;
      /** float32 [rows, cols] of tokens and [height, width] of pixels. */
      readonly tokenGuide: Float32Array;
      readonly pixelGuide: Float32Array;
      readonly width: number;
    };

/** The guide is the image smoothed this much, in pixels: noise of single pixels is no edge. */
const guideSigmaPx = 1;

/**
 * Read the tokens around a region. A pixel's values do not depend on the region it is asked for in.
 *
 * @param guide  what the encoder sees of the image: its mean over channels says where edges are; null for bilinear
 */
export async function readTokenPatch(
  source: FeatureSource,
  tokens: TokenSource,
  region: SliceRegion,
  guide: Normalisation | null,
  options: ChunkOptions,
): Promise<TokenPatch> {
  const y = tokenAxis(tokens, 'y', region.y0, region.y1, guide !== null);
  const x = tokenAxis(tokens, 'x', region.x0, region.x1, guide !== null);
  const [data, guides] = await Promise.all([
    readSliceRegion(tokens.tokens, { ...region, y0: y.start, y1: y.stop, x0: x.start, x1: x.stop }, options),
    guide === null ? null : readGuides(source, tokens, { region, y, x, guide }, options),
  ]);
  options.signal?.throwIfAborted();
  const spread: Spread =
    guides === null
      ? { kind: 'bilinear', rows: linearTaps(y.lattice), cols: linearTaps(x.lattice) }
      : { kind: 'guided', rows: guidedTaps(y.lattice), cols: guidedTaps(x.lattice), ...guides };
  return { tokens: data, rows: y.stop - y.start, cols: x.stop - x.start, spread };
}

interface TokenAxis {
  readonly start: number;
  readonly stop: number;
  readonly lattice: Parameters<typeof linearTaps>[0];
}

function tokenAxis(
  { tokens, pitchPx }: TokenSource,
  name: 'y' | 'x',
  from: number,
  to: number,
  guided: boolean,
): TokenAxis {
  const size = tokens.shape[tokens.axes.findIndex((axis) => axis.name === name)] ?? 1;
  const position = (i: number) => tokenPosition(from + i, pitchPx);
  const range = guided ? guidedRange : tapRange;
  const { start, stop } = range(position(0), position(to - from - 1), size);
  return { start, stop, lattice: { count: to - from, size, origin: start, position } };
}

interface GuideRequest {
  readonly region: SliceRegion;
  readonly y: TokenAxis;
  readonly x: TokenAxis;
  readonly guide: Normalisation;
}

/** The guide at every pixel of the region, and its mean under every token. */
async function readGuides(
  source: FeatureSource,
  { pitchPx }: TokenSource,
  { region, y, x, guide }: GuideRequest,
  options: ChunkOptions,
) {
  const rows = footprints(y, pitchPx, source.heightPx);
  const cols = footprints(x, pitchPx, source.widthPx);
  const inner = {
    t: region.t,
    z: region.z,
    y0: Math.min(region.y0, rows[0]!.start),
    y1: Math.max(region.y1, rows.at(-1)!.stop),
    x0: Math.min(region.x0, cols[0]!.start),
    x1: Math.max(region.x1, cols.at(-1)!.stop),
  };
  const halo = gaussianRadiusPx(guideSigmaPx);
  const wide = {
    ...inner,
    y0: inner.y0 - halo,
    y1: inner.y1 + halo,
    x0: inner.x0 - halo,
    x1: inner.x1 + halo,
  };
  const planes = await source.readPlanes(wide, guide, options);
  const height = wide.y1 - wide.y0;
  const width = wide.x1 - wide.x0;
  const piece = {
    data: meanOfChannels(planes, guide.channels.length),
    y0: wide.y0,
    x0: wide.x0,
    height,
    width,
  };
  const cells = {
    y: { stride: 1, first: inner.y0, count: inner.y1 - inner.y0 },
    x: { stride: 1, first: inner.x0, count: inner.x1 - inner.x0 },
  };
  const smooth = gaussianAt(piece, cells, { y: guideSigmaPx, x: guideSigmaPx });
  const stride = cells.x.count;
  const tokenGuide = new Float32Array(rows.length * cols.length);
  for (const [i, row] of rows.entries()) {
    for (const [j, col] of cols.entries()) {
      let sum = 0;
      for (let py = row.start; py < row.stop; py++) {
        for (let px = col.start; px < col.stop; px++)
          sum += smooth[(py - inner.y0) * stride + px - inner.x0]!;
      }
      tokenGuide[i * cols.length + j] = sum / ((row.stop - row.start) * (col.stop - col.start));
    }
  }
  const pixelWidth = region.x1 - region.x0;
  const pixelGuide = new Float32Array((region.y1 - region.y0) * pixelWidth);
  for (let row = 0; row < region.y1 - region.y0; row++) {
    const from = (row + region.y0 - inner.y0) * stride + region.x0 - inner.x0;
    pixelGuide.set(smooth.subarray(from, from + pixelWidth), row * pixelWidth);
  }
  return { tokenGuide, pixelGuide, width: pixelWidth };
}

/** Pixels whose centres lie in each token, at least one, within the image. */
function footprints({ start, stop }: TokenAxis, pitchPx: number, sizePx: number) {
  return Array.from({ length: stop - start }, (_, i) => {
    const from = Math.min(sizePx - 1, Math.max(0, Math.ceil((start + i) * pitchPx - 0.5)));
    const to = Math.min(sizePx, Math.ceil((start + i + 1) * pitchPx - 0.5));
    return { start: from, stop: Math.max(from + 1, to) };
  });
}

/** Of planes float32 [channels, height, width]. */
export function meanOfChannels(planes: Float32Array, channels: number): Float32Array {
  if (channels === 1) return planes;
  const area = planes.length / channels;
  const out = new Float32Array(area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) out[i] = out[i]! + planes[channel * area + i]! / channels;
  }
  return out;
}

/**
 * Values of a patch's tokens at pixels of its region.
 *
 * @param values  float32 [rows · cols, dim], made from the patch's tokens one by one
 * @param pixels  positions in the region, row-major; null for all of them
 * @param out     values of pixel i go to `out[i · step + offset …]`
 */
export function spreadTokens(
  patch: Pick<TokenPatch, 'cols' | 'rows' | 'spread'>,
  values: Float32Array,
  dim: number,
  pixels: Int32Array | null,
  target: { readonly out: Float32Array; readonly step: number; readonly offset: number },
): void {
  const { spread } = patch;
  const width = spread.kind === 'guided' ? spread.width : spread.cols.lower.length;
  const height = spread.kind === 'guided' ? spread.pixelGuide.length / width : spread.rows.lower.length;
  const count = pixels?.length ?? height * width;
  const taps = { index: new Int32Array(guidedTapLimit), weight: new Float32Array(guidedTapLimit) };
  const { out, step, offset } = target;
  for (let i = 0; i < count; i++) {
    const pixel = pixels === null ? i : pixels[i]!;
    const y = Math.floor(pixel / width);
    const n = tapsAt(patch, y, pixel - y * width, pixel, taps);
    const base = i * step + offset;
    for (let c = 0; c < dim; c++) out[base + c] = 0;
    for (let tap = 0; tap < n; tap++) {
      const weight = taps.weight[tap]!;
      const from = taps.index[tap]! * dim;
      for (let c = 0; c < dim; c++) out[base + c] = out[base + c]! + weight * values[from + c]!;
    }
  }
}

/** What pixels read of a guided patch: the same for every classifier, and most of the work. It lives as long as its patch. */
const keptWeights = new WeakMap<Spread, Float32Array>();

/** Bytes a patch takes, with what {@link addTokens} keeps of it. */
export function patchBytes({ tokens, spread }: TokenPatch): number {
  if (spread.kind !== 'guided') return tokens.byteLength;
  const { tokenGuide, pixelGuide } = spread;
  return tokens.byteLength + tokenGuide.byteLength + (1 + guidedTapLimit) * pixelGuide.byteLength;
}

/**
 * Add values of a patch's tokens at every pixel of its region.
 *
 * @param values  float32 [rows · cols, dim], made from the patch's tokens one by one
 * @param out     float32 [pixels, dim]
 */
export function addTokens(patch: TokenPatch, values: Float32Array, dim: number, out: Float32Array): void {
  const { spread, rows, cols } = patch;
  if (spread.kind === 'guided') {
    let weights = keptWeights.get(spread);
    if (weights === undefined) {
      weights = allGuidedWeights({ rows, cols, guide: spread.tokenGuide }, spread);
      keptWeights.set(spread, weights);
    }
    addGuided({ cols }, spread, weights, { values, dim, out });
    return;
  }
  const part = new Float32Array(out.length);
  spreadTokens(patch, values, dim, null, { out: part, step: dim, offset: 0 });
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + part[i]!;
}

function tapsAt(
  { cols, rows, spread }: Pick<TokenPatch, 'cols' | 'rows' | 'spread'>,
  y: number,
  x: number,
  pixel: number,
  taps: { readonly index: Int32Array; readonly weight: Float32Array },
): number {
  if (spread.kind === 'guided') {
    const grid = { rows, cols, guide: spread.tokenGuide };
    return guidedWeights(
      grid,
      { rows: spread.rows, cols: spread.cols, y, x },
      spread.pixelGuide[pixel]!,
      taps,
    );
  }
  const below = spread.rows.weight[y]!;
  const right = spread.cols.weight[x]!;
  let count = 0;
  const add = (row: number, col: number, weight: number): void => {
    // A token without weight is not read at all: a NaN there, times 0, would still be NaN.
    if (weight === 0) return;
    taps.index[count] = row * cols + col;
    taps.weight[count++] = weight;
  };
  add(spread.rows.lower[y]!, spread.cols.lower[x]!, (1 - below) * (1 - right));
  add(spread.rows.lower[y]!, spread.cols.upper[x]!, (1 - below) * right);
  add(spread.rows.upper[y]!, spread.cols.lower[x]!, below * (1 - right));
  add(spread.rows.upper[y]!, spread.cols.upper[x]!, below * right);
  return count;
}
