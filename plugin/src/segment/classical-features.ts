import type { ChunkOptions } from '../array/lazy-array.ts';
import { reflectIndex } from '../array/reflect.ts';
import { firstDerivatives, secondDerivatives, withoutFrame } from '../raster/derivatives.ts';
import { symmetricEigenvalues } from '../raster/eigenvalues.ts';
import { gaussianRadiusPx } from '../raster/gaussian.ts';
import {
  gaussianAt,
  type Lattice,
  latticeAxis,
  latticeReach,
  type Piece,
  strideOf,
} from '../raster/lattice.ts';
import { type LinearTaps, linearTaps } from '../raster/resample.ts';
import type { FeatureSource } from './feature-source.ts';
import { type ClassicalRecipe, kindsAt } from './recipe.ts';
import type { SliceRegion } from './types.ts';

/** Features of one scale of one channel, on the points of their lattice. */
export interface LatticeFeatures {
  /** float32 [points along y, points along x] each. */
  readonly planes: readonly Float32Array[];
  readonly cols: number;
  /** Where the region's pixels lie between the points. */
  readonly rowTaps: LinearTaps;
  readonly colTaps: LinearTaps;
  /** Every pixel is a point. */
  readonly isDense: boolean;
}

/** How much wider the second Gaussian of a difference is: the ratio that comes nearest to a Laplacian (Marr, Hildreth 1980). */
const differenceRatio = 1.6;

/** A Gaussian's standard deviation along each axis, in pixels and slices. */
interface Sigma {
  readonly z: number;
  readonly y: number;
  readonly x: number;
}

interface Scale {
  readonly sigma: Sigma;
  readonly kinds: ReturnType<typeof kindsAt>;
  readonly lattice: Lattice;
  /** Lattice points around those that pixels lie between: derivatives, and averaging of the structure tensor. */
  readonly frame: number;
}

/**
 * Classical features of a region. A pixel's values do not depend on the region it is asked for in: scales from 4 px
 * on are computed on a lattice of every second, fourth, … pixel, anchored at pixel (0, 0), and interpolated.
 *
 * Halo: 4 σ of the widest Gaussian (1.6 times that for differences), 4 σ more for the structure tensor, and two
 * points of the lattice.
 *
 * @returns  one entry a channel and scale, in the order of the recipe
 */
export async function classicalFeatures(
  source: FeatureSource,
  recipe: ClassicalRecipe,
  region: SliceRegion,
  options: ChunkOptions,
): Promise<LatticeFeatures[]> {
  const scales = recipe.sigmas.map((sigma) => scaleOf(source, recipe, sigma, region));
  const bounds = scales.map((scale) => reachOf(scale));
  const wide = {
    t: region.t,
    z: region.z,
    y0: Math.min(region.y0, ...bounds.map(({ y }) => y.start)),
    y1: Math.max(region.y1, ...bounds.map(({ y }) => y.stop)),
    x0: Math.min(region.x0, ...bounds.map(({ x }) => x.start)),
    x1: Math.max(region.x1, ...bounds.map(({ x }) => x.stop)),
  };
  const depth = Math.max(0, ...scales.map(({ sigma, kinds }) => depthReach(sigma, kinds)));
  const slices = await readSlices(source, recipe, wide, depth, options);
  options.signal?.throwIfAborted();
  const area = (wide.y1 - wide.y0) * (wide.x1 - wide.x0);
  const aspect = source.sizeUm === null ? 1 : source.sizeUm.y / source.sizeUm.x;
  const result: LatticeFeatures[] = [];
  for (let channel = 0; channel < recipe.normalisation.channels.length; channel++) {
    const stack = slices.map((slice) => slice.subarray(channel * area, (channel + 1) * area));
    for (const scale of scales) {
      const { lattice, frame } = scale;
      const inner = {
        y: { ...lattice.y, first: lattice.y.first + frame, count: lattice.y.count - 2 * frame },
        x: { ...lattice.x, first: lattice.x.first + frame, count: lattice.x.count - 2 * frame },
      };
      result.push({
        planes: featuresOf(
          scale,
          (sigma) => gaussianAt(pieceAt(stack, wide, sigma.z), lattice, sigma),
          aspect,
        ),
        cols: inner.x.count,
        rowTaps: latticeTaps(inner.y, region.y0, region.y1),
        colTaps: latticeTaps(inner.x, region.x0, region.x1),
        isDense: inner.y.stride === 1 && inner.x.stride === 1,
      });
    }
  }
  return result;
}

function scaleOf(source: FeatureSource, recipe: ClassicalRecipe, value: number, region: SliceRegion): Scale {
  const { sizeUm } = source;
  const inUm = recipe.unit === 'micrometer' && sizeUm !== null;
  const y = inUm ? value / sizeUm.y : value;
  const x = inUm ? value / sizeUm.x : value;
  const z = recipe.zContext && inUm && sizeUm.z !== null && sizeUm.z > 0 ? value / sizeUm.z : 0;
  const kinds = kindsAt(recipe, value);
  const strideY = strideOf(y);
  const strideX = strideOf(x);
  const averaging = kinds.includes('structure')
    ? Math.max(gaussianRadiusPx(y / strideY), gaussianRadiusPx(x / strideX))
    : 0;
  const frame = value === 0 ? 0 : 1 + averaging;
  const lattice = {
    y: latticeAxis(region.y0, region.y1, strideY, frame),
    x: latticeAxis(region.x0, region.x1, strideX, frame),
  };
  return { sigma: { z, y, x }, kinds, lattice, frame };
}

/** The widest Gaussian of a scale reads this far. */
function reachOf({ sigma, kinds, lattice }: Scale) {
  const wider = kinds.includes('difference') ? differenceRatio : 1;
  return { y: latticeReach(lattice.y, wider * sigma.y), x: latticeReach(lattice.x, wider * sigma.x) };
}

function depthReach(sigma: Sigma, kinds: Scale['kinds']): number {
  return gaussianRadiusPx((kinds.includes('difference') ? differenceRatio : 1) * sigma.z);
}

/** The region in the slices from `depth` below to `depth` above, float32 [channels, height, width] each; beyond the stack reflected. */
async function readSlices(
  { readPlanes, depth: count }: FeatureSource,
  { normalisation }: ClassicalRecipe,
  region: SliceRegion,
  depth: number,
  options: ChunkOptions,
): Promise<Float32Array[]> {
  const wanted = Array.from({ length: 2 * depth + 1 }, (_, i) => reflectIndex(region.z - depth + i, count));
  const read = new Map<number, Promise<Float32Array>>();
  for (const z of wanted) {
    if (!read.has(z)) read.set(z, readPlanes({ ...region, z }, normalisation, options));
  }
  return Promise.all(wanted.map((z) => read.get(z)!));
}

/** The middle slice, or the Gaussian mean of the slices around it. */
function pieceAt(stack: readonly Float32Array[], region: SliceRegion, sigmaZ: number): Piece {
  const { y0, x0, y1, x1 } = region;
  const middle = (stack.length - 1) / 2;
  const radius = gaussianRadiusPx(sigmaZ);
  let data = stack[middle]!;
  if (radius > 0) {
    const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
      Math.exp((-0.5 * (i - radius) ** 2) / (sigmaZ * sigmaZ)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    data = new Float32Array(data.length);
    weights.forEach((weight, i) => {
      const slice = stack[middle - radius + i]!;
      const share = weight / total;
      for (let at = 0; at < data.length; at++) data[at] = data[at]! + share * slice[at]!;
    });
  }
  return { data, y0, x0, height: y1 - y0, width: x1 - x0 };
}

/** Features at the inner points of the scale's lattice, in the order of the kinds. */
function featuresOf(scale: Scale, smooth: (sigma: Sigma) => Float32Array, aspect: number): Float32Array[] {
  const { sigma, kinds, lattice, frame } = scale;
  const framed = {
    data: smooth(sigma),
    rows: lattice.y.count,
    cols: lattice.x.count,
    // Derivatives per pixel along x.
    stepY: lattice.y.stride * aspect,
    stepX: lattice.x.stride,
  };
  const inner = (plane: Float32Array, width: number): Float32Array =>
    width === 0
      ? plane
      : withoutFrame(
          { data: plane, rows: framed.rows - 2 * (frame - width), cols: framed.cols - 2 * (frame - width) },
          width,
        );
  const features: Float32Array[] = [];
  for (const kind of kinds) {
    if (kind === 'gaussian') features.push(inner(framed.data, frame));
    else if (kind === 'difference') {
      const wide = smooth({
        z: differenceRatio * sigma.z,
        y: differenceRatio * sigma.y,
        x: differenceRatio * sigma.x,
      });
      features.push(
        inner(
          framed.data.map((value, i) => value - wide[i]!),
          frame,
        ),
      );
    } else if (kind === 'gradient') {
      const { dy, dx } = firstDerivatives(framed);
      features.push(
        inner(
          dx.map((value, i) => Math.sqrt(value * value + dy[i]! * dy[i]!)),
          frame - 1,
        ),
      );
    } else if (kind === 'hessian') {
      const { dyy, dyx, dxx } = secondDerivatives(framed);
      for (const plane of symmetricEigenvalues(dyy, dyx, dxx)) features.push(inner(plane, frame - 1));
    } else features.push(...structureTensor(framed, scale));
  }
  return features;
}

function structureTensor(
  framed: Parameters<typeof firstDerivatives>[0],
  { sigma, lattice, frame }: Scale,
): Float32Array[] {
  const { dy, dx } = firstDerivatives(framed);
  const shape = { height: framed.rows - 2, width: framed.cols - 2 };
  const averaged = (a: Float32Array, b: Float32Array): Float32Array => {
    const piece = { data: a.map((value, i) => value * b[i]!), y0: 0, x0: 0, ...shape };
    const averaging = frame - 1;
    const points = {
      y: { stride: 1, first: averaging, count: shape.height - 2 * averaging },
      x: { stride: 1, first: averaging, count: shape.width - 2 * averaging },
    };
    return gaussianAt(piece, points, { y: sigma.y / lattice.y.stride, x: sigma.x / lattice.x.stride });
  };
  const eigenvalues = symmetricEigenvalues(averaged(dy, dy), averaged(dy, dx), averaged(dx, dx));
  // Rounding can leave the smaller one a hair below 0.
  return eigenvalues.map((plane) => plane.map((value) => Math.sqrt(Math.max(0, value))));
}

/** Where pixels `[from, to)` lie between points that span them. */
export function latticeTaps(axis: Lattice['y'], from: number, to: number): LinearTaps {
  return linearTaps({
    count: to - from,
    // The last point that a pixel of the region lies before; nothing is clamped within it.
    size: axis.first + axis.count,
    origin: axis.first,
    position: (i) => (from + i) / axis.stride,
  });
}
