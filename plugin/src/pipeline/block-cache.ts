import { fitId } from '../array/fit.ts';
import type { ReadBlock } from '../segment/classes.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import { type FeatureBlock, readFeatureBlock } from '../segment/pixel-features.ts';
import { patchBytes } from '../segment/token-features.ts';
import type { ClassifierFit } from '../segment/types.ts';

/** Features of about one and a half megapixels: what is on screen while a person paints. */
const byteLimit = 256 * 2 ** 20;

/**
 * Keeps what features are made from, bounded in bytes, so that a new classifier on the same features asks nothing
 * of the image or the transformer.
 */
export function keepBlocks() {
  // A Map keeps the order of insertion: the first entry is the one used longest ago.
  const blocks = new Map<string, FeatureBlock>();
  let bytes = 0;
  return async (
    { recipe, normalisation }: Pick<ClassifierFit, 'recipe' | 'normalisation'>,
    { level, factor }: Place,
    revision: () => number,
  ): Promise<ReadBlock> => {
    const prefix = `${await fitId({ recipe, normalisation })}/${level}/${factor?.y ?? 1}/${factor?.x ?? 1}`;
    return async (source, fit, region, options) => {
      const { t, z, y0, x0, y1, x1 } = region;
      const key = [prefix, revision(), t, z, y0, x0, y1, x1].join('/');
      const known = blocks.get(key);
      if (known !== undefined) {
        blocks.delete(key);
        blocks.set(key, known);
        return known;
      }
      const block = await readFeatureBlock(source, recipe, region, fit.normalisation, options);
      const size = blockBytes(block);
      for (const [oldest, old] of blocks) {
        if (bytes + size <= byteLimit) break;
        blocks.delete(oldest);
        bytes -= blockBytes(old);
      }
      if (size <= byteLimit && !blocks.has(key)) {
        blocks.set(key, block);
        bytes += size;
      }
      return block;
    };
  };
}

function blockBytes({ patches, classical }: FeatureBlock): number {
  const ofPatch = patches.map(patchBytes);
  const ofPlanes = classical.map(({ planes }) => planes.reduce((sum, plane) => sum + plane.byteLength, 0));
  return [...ofPatch, ...ofPlanes].reduce((sum, size) => sum + size, 0);
}
