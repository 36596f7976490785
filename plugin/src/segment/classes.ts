import type { ChunkOptions, LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { resampleBilinear } from '../raster/resample.ts';
import { createFeatureSource, type FeatureSource } from './feature-source.ts';
import { featureCount, imageFeatures, readTokenPatch } from './pixel-features.ts';
import type { ClassifierFit, FeatureInput, SliceRegion } from './types.ts';

/** Edge of a chunk of probabilities. */
const scoreChunkPx = 256;

/**
 * Probability of every class at every pixel of the fit's level; 0 for a class without strokes.
 *
 * @returns  float32 [t?, z?, y, x, c = classes], chunks of one slice and 256 × 256 pixels
 * @throws AlibiError InvalidInput  the source's tokens are not what the fit's basis was made for
 */
export function classScores({
  fit,
  ...input
}: { readonly fit: ClassifierFit } & FeatureInput): LazyArray<'float32'> {
  const source = createFeatureSource(input);
  const { tokens, grid } = source;
  const last = tokens.axes.length - 1;
  if (tokens.shape[last] !== fit.recipe.pca.dim || fit.mean.length !== featureCount(fit.recipe)) {
    throw new AlibiError('InvalidInput', {
      what: `the classifier reads tokens of ${fit.recipe.pca.dim} values, these have ${tokens.shape[last]}`,
      where: 'classifier',
      remedy: 'Train again with the checkpoint in use.',
    });
  }
  const classes = fit.classes.length;
  const linear = foldStandardisation(fit);
  const names = tokens.axes.slice(0, last).map((axis) => axis.name);
  const shape = [...grid.shape, classes];
  const chunkShape = [
    ...grid.shape.map((_, axis) => (names[axis] === 'y' || names[axis] === 'x' ? scoreChunkPx : 1)),
    classes,
  ];
  return {
    axes: tokens.axes,
    shape,
    chunkShape,
    dtype: 'float32',
    fillValue: 0,
    transform: {
      scale: [...grid.transform.scale, 1],
      translation: [...grid.transform.translation, 0],
    },
    get revision() {
      return tokens.revision;
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const { start, stop } = chunkRegion({ shape, chunkShape }, index);
      const along = (name: string, values: readonly number[]) => values[names.indexOf(name)];
      const region: SliceRegion = {
        t: along('t', start) ?? 0,
        z: along('z', start) ?? 0,
        y0: along('y', start)!,
        y1: along('y', stop)!,
        x0: along('x', start)!,
        x1: along('x', stop)!,
      };
      const data = await predict(linear, fit, source, region, options);
      return { data, shape: start.map((from, axis) => stop[axis]! - from) };
    },
  };
}

/**
 * The classifier as one affine map of raw features, the token part taken back to whole tokens: interpolating
 * is linear, so one logit a class is interpolated instead of every component.
 */
interface Linear {
  /** Classes that have strokes. */
  readonly active: readonly number[];
  /** float64 [active, dim], of tokens. */
  readonly tokenWeights: Float64Array;
  /** float64 [active, image features] */
  readonly imageWeights: Float64Array;
  /** float64 [active] */
  readonly intercepts: Float64Array;
}

function foldStandardisation(fit: ClassifierFit): Linear {
  const { components, dim, mean, axes } = fit.recipe.pca;
  const features = fit.mean.length;
  const imageCount = features - components;
  const active = Array.from(fit.counts.keys()).filter((index) => fit.counts[index]! > 0);
  const tokenWeights = new Float64Array(active.length * dim);
  const imageWeights = new Float64Array(active.length * imageCount);
  const intercepts = new Float64Array(active.length);
  active.forEach((index, row) => {
    const base = index * (features + 1);
    let intercept = fit.weights[base + features]!;
    for (let f = 0; f < features; f++) {
      const weight = fit.weights[base + f]! / fit.scale[f]!;
      intercept -= weight * fit.mean[f]!;
      if (f >= components) {
        imageWeights[row * imageCount + f - components] = weight;
        continue;
      }
      for (let i = 0; i < dim; i++) {
        const share = weight * axes[f * dim + i]!;
        tokenWeights[row * dim + i] = tokenWeights[row * dim + i]! + share;
        intercept -= share * mean[i]!;
      }
    }
    intercepts[row] = intercept;
  });
  return { active, tokenWeights, imageWeights, intercepts };
}

async function predict(
  linear: Linear,
  fit: ClassifierFit,
  source: FeatureSource,
  region: SliceRegion,
  options: ChunkOptions,
): Promise<Float32Array> {
  const [image, patch] = await Promise.all([
    imageFeatures(source, fit.recipe, region, options),
    readTokenPatch(source, region, options),
  ]);
  options.signal?.throwIfAborted();
  const rows = linear.active.length;
  const tokenLogits = logitsOfTokens(patch.tokens, linear, fit.recipe.pca.dim);
  const logits = resampleBilinear(tokenLogits, { cols: patch.cols, dim: rows }, patch.rowTaps, patch.colTaps);
  image.forEach((plane, f) => {
    for (let row = 0; row < rows; row++) {
      const weight = linear.imageWeights[row * image.length + f]!;
      for (let pixel = 0; pixel < plane.length; pixel++) {
        const at = pixel * rows + row;
        logits[at] = logits[at]! + weight * plane[pixel]!;
      }
    }
  });
  return softmax(logits, linear.active, fit.classes.length);
}

/** float32 [tokens, active classes], intercepts included. */
function logitsOfTokens(tokens: Float32Array, linear: Linear, dim: number): Float32Array {
  const rows = linear.active.length;
  const out = new Float32Array((tokens.length / dim) * rows);
  for (let token = 0; token * dim < tokens.length; token++) {
    for (let row = 0; row < rows; row++) {
      let sum = linear.intercepts[row]!;
      for (let i = 0; i < dim; i++) sum += linear.tokenWeights[row * dim + i]! * tokens[token * dim + i]!;
      out[token * rows + row] = sum;
    }
  }
  return out;
}

function softmax(logits: Float32Array, active: readonly number[], classes: number): Float32Array {
  const rows = active.length;
  const pixels = logits.length / rows;
  const out = new Float32Array(pixels * classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * rows;
    const to = pixel * classes;
    let largest = logits[from]!;
    for (let row = 1; row < rows; row++) largest = Math.max(largest, logits[from + row]!);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Math.exp(logits[from + row]! - largest);
    for (let row = 0; row < rows; row++)
      out[to + active[row]!] = Math.exp(logits[from + row]! - largest) / sum;
  }
  return out;
}
