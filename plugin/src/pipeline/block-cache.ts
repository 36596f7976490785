import { createByteCache } from '../array/byte-cache.ts';
import { fitId } from '../array/fit.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import type { ReadBlock } from '../segment/classes.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import { type FeatureBlock, readFeatureBlock } from '../segment/pixel-features.ts';
import { type FeatureRecipe, featureCount } from '../segment/recipe.ts';
import type { ReadRows } from '../segment/samples.ts';
import { patchBytes } from '../segment/token-features.ts';
import type { ClassifierFit } from '../segment/types.ts';

/** Features of about one and a half megapixels: what is on screen while a person paints. */
const blockBytesLimit = 256 * 2 ** 20;
/** Features of about 200,000 painted pixels. */
const rowBytesLimit = 64 * 2 ** 20;

/**
 * Keeps what features are made from, bounded in bytes, so that a new classifier on the same features asks nothing
 * of the image or the transformer.
 */
export function keepBlocks() {
  const blocks = createByteCache<FeatureBlock>({ byteLimit: blockBytesLimit, bytesOf: blockBytes });
  return async (
    { recipe, normalisation }: Pick<ClassifierFit, 'recipe' | 'normalisation'>,
    place: Place,
    revision: () => number,
  ): Promise<ReadBlock> => {
    const prefix = await prefixOf(recipe, normalisation, place);
    return async (source, fit, region, options) => {
      const { t, z, y0, x0, y1, x1 } = region;
      const key = [prefix, revision(), t, z, y0, x0, y1, x1].join('/');
      const known = blocks.get(key);
      if (known !== undefined) return known;
      const block = await readFeatureBlock(source, recipe, region, fit.normalisation, options);
      blocks.set(key, block);
      return block;
    };
  };
}

/** Painted pixels of a tile, rising, and their features. */
interface KeptRows {
  readonly pixels: Int32Array;
  readonly rows: Float32Array;
}

/** Keeps features of painted pixels, bounded in bytes: a further stroke computes its own alone. */
export function keepRows() {
  const tiles = createByteCache<KeptRows>({
    byteLimit: rowBytesLimit,
    bytesOf: ({ pixels, rows }) => pixels.byteLength + rows.byteLength,
  });
  return async (
    recipe: FeatureRecipe,
    normalisation: Normalisation,
    place: Place,
    revision: () => number,
  ): Promise<ReadRows> => {
    const prefix = await prefixOf(recipe, normalisation, place);
    const dim = featureCount(recipe);
    return async (tile, pixels, read) => {
      const key = [prefix, revision(), tile.t, tile.z, tile.y0, tile.x0].join('/');
      const kept = tiles.get(key) ?? { pixels: new Int32Array(0), rows: new Float32Array(0) };
      const known = new Set(kept.pixels);
      const missing = pixels.filter((pixel) => !known.has(pixel));
      const all =
        missing.length === 0 ? kept : merged(kept, { pixels: missing, rows: await read(missing) }, dim);
      if (all !== kept) tiles.set(key, all);
      return rowsOf(all, pixels, dim);
    };
  };
}

function merged(a: KeptRows, b: KeptRows, dim: number): KeptRows {
  const pixels = Int32Array.from([...a.pixels, ...b.pixels]).sort();
  const rows = new Float32Array(pixels.length * dim);
  let [i, j] = [0, 0];
  pixels.forEach((pixel, row) => {
    const [from, at] = a.pixels[i] === pixel ? [a, i++] : [b, j++];
    rows.set(from.rows.subarray(at * dim, (at + 1) * dim), row * dim);
  });
  return { pixels, rows };
}

/** Rows of some of the pixels, which rise too. */
function rowsOf({ pixels, rows }: KeptRows, wanted: Int32Array, dim: number): Float32Array {
  const out = new Float32Array(wanted.length * dim);
  let at = 0;
  wanted.forEach((pixel, row) => {
    while (pixels[at] !== pixel) at++;
    out.set(rows.subarray(at * dim, (at + 1) * dim), row * dim);
  });
  return out;
}

/** What features are of. */
async function prefixOf(
  recipe: FeatureRecipe,
  normalisation: Normalisation,
  { level, factor }: Place,
): Promise<string> {
  return `${await fitId({ recipe, normalisation })}/${level}/${factor?.y ?? 1}/${factor?.x ?? 1}`;
}

function blockBytes({ patches, classical }: FeatureBlock): number {
  const ofPatch = patches.map(patchBytes);
  const ofPlanes = classical.map(({ planes }) => planes.reduce((sum, plane) => sum + plane.byteLength, 0));
  return [...ofPatch, ...ofPlanes].reduce((sum, size) => sum + size, 0);
}
