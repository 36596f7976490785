import type { ChunkOptions, LazyArray } from '../array/lazy-array.ts';
import { readRegion } from '../array/region.ts';
import { gaussianInner, gaussianRadiusPx } from '../raster/gaussian.ts';
import { gradientMagnitudeInner } from '../raster/gradient.ts';
import { type LinearTaps, linearTaps, tapRange, tokenPosition } from '../raster/resample.ts';
import type { FeatureSource } from './feature-source.ts';
import type { PixelFeatureRecipe, SliceRegion } from './types.ts';

/** The recipe used unless someone asks for another: σ in pixels of the level, 0 the pixel as it is. */
export const defaultSigmasPx: readonly number[] = [0, 1, 2, 4, 8];

/**
 * Values a pixel has: the token components first, then for each channel and each σ the smoothed value and its
 * gradient magnitude.
 */
export function featureCount(recipe: PixelFeatureRecipe): number {
  return recipe.pca.components + imageFeatureCount(recipe);
}

function imageFeatureCount({ channels, sigmasPx }: PixelFeatureRecipe): number {
  return 2 * channels * sigmasPx.length;
}

/** Pixels around a region that its image features read. */
function haloPx({ sigmasPx }: PixelFeatureRecipe): number {
  return Math.max(0, ...sigmasPx.map(gaussianRadiusPx)) + 1;
}

/**
 * Image features of a region. A pixel's values do not depend on the region it is asked for in.
 *
 * @returns  one float32 [height · width] a feature, in the order of {@link featureCount}, without the tokens'
 */
export async function imageFeatures(
  source: FeatureSource,
  recipe: PixelFeatureRecipe,
  region: SliceRegion,
  options: ChunkOptions,
): Promise<Float32Array[]> {
  const halo = haloPx(recipe);
  const { y0, y1, x0, x1 } = region;
  const wide = { ...region, y0: y0 - halo, y1: y1 + halo, x0: x0 - halo, x1: x1 + halo };
  const pixels = await source.readNormalised(wide, options);
  options.signal?.throwIfAborted();
  const height = wide.y1 - wide.y0;
  const width = wide.x1 - wide.x0;
  const features: Float32Array[] = [];
  for (let channel = 0; channel < recipe.channels; channel++) {
    const plane = pixels.subarray(channel * height * width, (channel + 1) * height * width);
    for (const sigma of recipe.sigmasPx) {
      const framed = gaussianInner(plane, { height, width }, sigma, halo - 1);
      const frame = { height: y1 - y0 + 2, width: x1 - x0 + 2 };
      features.push(withoutFrame(framed, frame), gradientMagnitudeInner(framed, frame));
    }
  }
  return features;
}

function withoutFrame(
  framed: Float32Array,
  { height, width }: { height: number; width: number },
): Float32Array {
  const out = new Float32Array((height - 2) * (width - 2));
  for (let y = 1; y < height - 1; y++) {
    out.set(framed.subarray(y * width + 1, (y + 1) * width - 1), (y - 1) * (width - 2));
  }
  return out;
}

/** The tokens a region's pixels are interpolated from. */
export interface TokenPatch {
  /** float32 [rows, cols, dim] */
  readonly tokens: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly rowTaps: LinearTaps;
  readonly colTaps: LinearTaps;
}

/** Read the tokens around a region, and how its pixels lie between them. */
export async function readTokenPatch(
  source: FeatureSource,
  region: SliceRegion,
  options: ChunkOptions,
): Promise<TokenPatch> {
  const { tokens } = source;
  const y = tokenAxis(source, 'y', region.y0, region.y1);
  const x = tokenAxis(source, 'x', region.x0, region.x1);
  const bounds = new Map<string, { start: number; stop: number }>([
    ['t', { start: region.t, stop: region.t + 1 }],
    ['z', { start: region.z, stop: region.z + 1 }],
    ['y', y],
    ['x', x],
    ['c', { start: 0, stop: tokens.shape.at(-1)! }],
  ]);
  const box = {
    start: tokens.axes.map(({ name }) => bounds.get(name)!.start),
    stop: tokens.axes.map(({ name }) => bounds.get(name)!.stop),
  };
  const { data } = await readRegion(tokens, box, options);
  options.signal?.throwIfAborted();
  return { tokens: data, rows: y.stop - y.start, cols: x.stop - x.start, rowTaps: y.taps, colTaps: x.taps };
}

function tokenAxis({ tokens, patchPx }: FeatureSource, name: string, from: number, to: number) {
  const size = sizeAlong(tokens, name);
  const position = (i: number) => tokenPosition(from + i, patchPx);
  const { start, stop } = tapRange(position(0), position(to - from - 1), size);
  return { start, stop, taps: linearTaps({ count: to - from, size, origin: start, position }) };
}

function sizeAlong(lazy: LazyArray, name: string): number {
  return lazy.shape[lazy.axes.findIndex((axis) => axis.name === name)] ?? 1;
}
