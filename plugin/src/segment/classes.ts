import type { LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { createFeatureSource, type FeatureSource } from './feature-source.ts';
import { type FeatureBlock, readFeatureBlock } from './pixel-features.ts';
import { predictBlock } from './predict.ts';
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

/**
 * Probability of every class at every pixel of the level; 0 for a class without strokes.
 *
 * @param read  default: computes the features
 * @returns     float32 [t?, z?, y, x, c = classes], chunks of one slice and 256 × 256 pixels
 * @throws AlibiError InvalidInput  (a chunk) the source's tokens are not what the fit's bases were made for
 */
export function classScores({
  fit,
  read = readBlock,
  ...input
}: { readonly fit: ClassifierFit; readonly read?: ReadBlock } & FeatureInput): LazyArray<'float32'> {
  const source = createFeatureSource(input);
  const scores = pixelArray(source, {
    channels: fit.classes.length,
    revision: () => input.pixels.revision,
    compute: async (region, options) => {
      const block = await read(source, fit, region, options);
      options.signal?.throwIfAborted();
      return predictBlock(fit, block);
    },
  });
  return smoothedScores(scores, fit.smoothingPx);
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
  return {
    axes: [...planeAxes, { name: 'c', type: 'channel' }],
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
      const data = await stage.compute(region, options);
      return { data, shape: start.map((from, axis) => stop[axis]! - from) };
    },
  };
}
