import type { LazyArray } from '../array/lazy-array.ts';
import { shared } from '../array/shared.ts';
import { createFeatureSource, type FeatureSource } from './feature-source.ts';
import { guidedScores } from './guided-scores.ts';
import { type FeatureBlock, featureRows, readFeatureBlock } from './pixel-features.ts';
import { forestOfBlock, inputNames, predictBlock } from './predict.ts';
import { readSliceRegion, sliceOfChunk } from './slice-region.ts';
import { smoothedScores } from './smooth-scores.ts';
import type { ClassifierFit, FeatureInput, SliceRegion } from './types.ts';

/** Edge of a chunk of probabilities. */
const scoreChunkPx = 256;

/** What a pixel's features are made from, for a region; may be kept from one training to the next. */
export type ReadBlock = (
  source: FeatureSource,
  fit: ClassifierFit,
  region: SliceRegion,
  options: Parameters<LazyArray['getChunk']>[1],
) => Promise<FeatureBlock>;

const readBlock: ReadBlock = (source, fit, region, options) =>
  readFeatureBlock(source, fit.recipe, region, fit.normalisation, options);

interface ClassifierInput extends FeatureInput {
  readonly fit: ClassifierFit;
  /** Default: computes the features. */
  readonly read?: ReadBlock;
  /** Keeps chunks that several chunks are made from; default: for as long as they are being computed. */
  readonly keep?: (scores: LazyArray<'float32'>) => LazyArray<'float32'>;
}

/**
 * Probability of every class at every pixel of the level; 0 for a class without strokes.
 *
 * @returns     float32 [t?, z?, y, x, c = classes], chunks of one slice and 256 × 256 pixels
 * @throws AlibiError InvalidInput  (a chunk) the source's tokens are not what the fit's bases were made for
 */
export function classScores(given: ClassifierInput): LazyArray<'float32'> {
  const { fit } = given;
  const { block, stage, keep, trees } = stagesOf(given);
  const scores = stage(fit.classes.length, async (region, options) => {
    const smoothed = trees === null ? null : await readSliceRegion(trees, region, options);
    if (smoothed !== null && fit.linear === null) return smoothed;
    return predictBlock(fit, await block(region, options), smoothed);
  });
  return smoothedScores(fit.smoothingPx === 0 ? scores : keep(scores), fit.smoothingPx);
}

/**
 * What the classifier reads of every pixel, in the order of {@link inputNames}.
 *
 * @returns  float32 [t?, z?, y, x, c], chunks of one slice and 256 × 256 pixels
 */
export function classifierInputs(given: ClassifierInput): LazyArray<'float32'> {
  const { fit } = given;
  const { block, stage, trees } = stagesOf(given);
  const channels = inputNames(fit).length;
  return stage(channels, async (region, options) => {
    const smoothed = trees === null ? null : await readSliceRegion(trees, region, options);
    const rows = featureRows(await block(region, options), fit.recipe, null);
    return smoothed === null ? rows : beside(rows, smoothed, channels, fit.classes.length);
  });
}

type Compute = Parameters<typeof pixelArray>[1]['compute'];

/** What scores and inputs are made from; `trees`: the forest's probabilities along the edges of the image, null where the fit has no such. */
function stagesOf({ fit, read = readBlock, keep = shared, ...input }: ClassifierInput) {
  const source = createFeatureSource(input);
  const stage = (channels: number, compute: Compute) =>
    pixelArray(source, { channels, revision: () => input.pixels.revision, compute });
  const block = async (...[region, options]: Parameters<Compute>) => {
    const made = await read(source, fit, region, options);
    options.signal?.throwIfAborted();
    return made;
  };
  const { forest, forestSmoothing, recipe, classes } = fit;
  if (forest === null || forestSmoothing === undefined) return { block, stage, keep, trees: null };
  const rough = stage(classes.length, async (region, options) =>
    forestOfBlock(forest, recipe, await block(region, options), classes.length),
  );
  return { block, stage, keep, trees: guidedScores(keep(rough), source, fit.normalisation, forestSmoothing) };
}

/** Rows of `channels` values, the last `extra` of which are those of `last`. */
function beside(rows: Float32Array, last: Float32Array, channels: number, extra: number): Float32Array {
  const out = new Float32Array((last.length / extra) * channels);
  const own = channels - extra;
  for (let pixel = 0; pixel < last.length / extra; pixel++) {
    out.set(rows.subarray(pixel * own, (pixel + 1) * own), pixel * channels);
    out.set(last.subarray(pixel * extra, (pixel + 1) * extra), pixel * channels + own);
  }
  return out;
}

/**
 * Values of every pixel of a source's level, computed region by region.
 *
 * @param compute  → float32 [pixels, channels]
 * @returns        float32 [t?, z?, y, x, c = channels], chunks of one slice and 256 × 256 pixels
 */
export function pixelArray(
  { grid, axes: planeAxes }: FeatureSource,
  stage: {
    readonly channels: number;
    readonly revision: () => number;
    readonly compute: (
      region: SliceRegion,
      options: Parameters<LazyArray['getChunk']>[1],
    ) => Promise<Float32Array>;
  },
): LazyArray<'float32'> {
  const names = planeAxes.map((axis) => axis.name);
  const shape = [...grid.shape, stage.channels];
  const chunkShape = [
    ...grid.shape.map((size, axis) =>
      names[axis] === 'y' || names[axis] === 'x' ? Math.min(size, scoreChunkPx) : 1,
    ),
    stage.channels,
  ];
  const axes: LazyArray['axes'] = [...planeAxes, { name: 'c', type: 'channel' }];
  return {
    axes,
    shape,
    chunkShape,
    dtype: 'float32',
    fillValue: 0,
    transform: {
      scale: [...grid.transform.scale, 1],
      translation: [...grid.transform.translation, 0],
    },
    get revision() {
      return stage.revision();
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const region = sliceOfChunk({ axes, shape, chunkShape }, index);
      const data = await stage.compute(region, options);
      const ofSlice = [region.y1 - region.y0, region.x1 - region.x0, stage.channels];
      return { data, shape: [...index.slice(0, -3).map(() => 1), ...ofSlice] };
    },
  };
}
