import type { ChunkOptions } from '../array/lazy-array.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import { AlibiError } from '../errors.ts';
import { projectPca } from '../features/pca.ts';
import { classicalFeatures, type LatticeFeatures } from './classical-features.ts';
import type { FeatureSource } from './feature-source.ts';
import { type FeatureRecipe, featureCount, tokenFeatureCount } from './recipe.ts';
import { readTokenPatch, spreadTokens, type TokenPatch } from './token-features.ts';
import type { SliceRegion } from './types.ts';

/**
 * What the features of a region's pixels are made from, each still at its own resolution: what is linear in them
 * is cheaper applied before they are brought to pixels.
 */
export interface FeatureBlock {
  readonly region: SliceRegion;
  /** One a token recipe. */
  readonly patches: readonly TokenPatch[];
  /** One a channel and scale. */
  readonly classical: readonly LatticeFeatures[];
}

/**
 * @param guide  what the encoder sees
 * @throws AlibiError InvalidInput  the tokens are not of the checkpoint of the recipe's bases
 */
export async function readFeatureBlock(
  source: FeatureSource,
  recipe: FeatureRecipe,
  region: SliceRegion,
  guide: Normalisation,
  options: ChunkOptions,
): Promise<FeatureBlock> {
  const [patches, classical] = await Promise.all([
    Promise.all(
      recipe.tokens.map(({ scale, pca, guided }) => {
        const tokens = source.tokens(scale);
        const dim = tokens.tokens.shape.at(-1);
        if (dim !== pca.dim) {
          throw new AlibiError('InvalidInput', {
            what: `the classifier reads tokens of ${pca.dim} values, these have ${dim}`,
            where: 'classifier',
            remedy: 'Use the checkpoint it was trained with, or train again.',
          });
        }
        return readTokenPatch(source, tokens, region, guided ? guide : null, options);
      }),
    ),
    recipe.classical === null ? [] : classicalFeatures(source, recipe.classical, region, options),
  ]);
  options.signal?.throwIfAborted();
  return { region, patches, classical };
}

/** Which features: all, or those without (`classical`) the tokens'. */
export type FeaturePart = 'all' | 'classical';

/**
 * Feature values of pixels, side by side, in the order of `featureNames`.
 *
 * @param pixels  positions in the region, row-major; null for all of them
 * @returns       float32 [pixels, features]; the caller owns the buffer
 */
export function featureRows(
  block: FeatureBlock,
  recipe: FeatureRecipe,
  pixels: Int32Array | null,
  part: FeaturePart = 'all',
): Float32Array {
  const { region } = block;
  const width = region.x1 - region.x0;
  const count = pixels?.length ?? (region.y1 - region.y0) * width;
  const skipped = part === 'all' ? 0 : tokenFeatureCount(recipe);
  const step = featureCount(recipe) - skipped;
  const out = new Float32Array(count * step);
  let offset = 0;
  if (part === 'all') {
    recipe.tokens.forEach(({ pca }, i) => {
      const patch = block.patches[i]!;
      const values = projectPca(patch.tokens, pca, pca.components);
      spreadTokens(patch, values, pca.components, pixels, { out, step, offset });
      offset += pca.components;
    });
  }
  for (const group of block.classical) {
    for (const plane of group.planes) {
      spreadPlane(group, plane, width, pixels, { out, step, offset });
      offset++;
    }
  }
  return out;
}

/** Values of a lattice plane at pixels of the region it was made for. */
export function spreadPlane(
  { cols, rowTaps, colTaps }: Pick<LatticeFeatures, 'cols' | 'rowTaps' | 'colTaps'>,
  plane: Float32Array,
  width: number,
  pixels: Int32Array | null,
  { out, step, offset }: { readonly out: Float32Array; readonly step: number; readonly offset: number },
): void {
  const count = pixels?.length ?? rowTaps.lower.length * width;
  for (let i = 0; i < count; i++) {
    const pixel = pixels === null ? i : pixels[i]!;
    const y = Math.floor(pixel / width);
    const x = pixel - y * width;
    const above = rowTaps.lower[y]! * cols;
    const below = rowTaps.upper[y]! * cols;
    const left = colTaps.lower[x]!;
    const right = colTaps.upper[x]!;
    const weight = colTaps.weight[x]!;
    const top = plane[above + left]! + weight * (plane[above + right]! - plane[above + left]!);
    const bottom = plane[below + left]! + weight * (plane[below + right]! - plane[below + left]!);
    out[i * step + offset] = top + rowTaps.weight[y]! * (bottom - top);
  }
}

/** Add a lattice plane's values at every pixel of the region it was made for: first along y, then along x. */
export function addPlane(
  { cols, rowTaps, colTaps, isDense }: Pick<LatticeFeatures, 'cols' | 'rowTaps' | 'colTaps' | 'isDense'>,
  plane: Float32Array,
  width: number,
  { out, step, offset }: { readonly out: Float32Array; readonly step: number; readonly offset: number },
): void {
  if (isDense) {
    for (let i = 0, to = offset; i < plane.length; i++, to += step) out[to] = out[to]! + plane[i]!;
    return;
  }
  const { lower, upper, weight } = colTaps;
  const line = new Float32Array(cols);
  let to = offset;
  for (let y = 0; y < rowTaps.lower.length; y++) {
    const above = rowTaps.lower[y]! * cols;
    const below = rowTaps.upper[y]! * cols;
    const share = rowTaps.weight[y]!;
    for (let c = 0; c < cols; c++)
      line[c] = plane[above + c]! + share * (plane[below + c]! - plane[above + c]!);
    for (let x = 0; x < width; x++, to += step) {
      const left = line[lower[x]!]!;
      out[to] = out[to]! + left + weight[x]! * (line[upper[x]!]! - left);
    }
  }
}
