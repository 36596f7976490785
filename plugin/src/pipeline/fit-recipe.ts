import { axisIndex } from '../array/lazy-array.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import type { TokensArray } from '../encoder/tokens.ts';
import type { PcaFit } from '../features/fits.ts';
import { sizeUm } from '../segment/feature-source.ts';
import {
  assertRecipe,
  defaultComponents,
  defaultKinds,
  defaultSigmasPx,
  defaultTokenScales,
  type FeatureRecipe,
  type RecipeChoice,
} from '../segment/recipe.ts';
import type { Pipeline, Slices, WorkOptions } from './pipeline.ts';
import type { Places } from './places.ts';
import { clusterWindows } from './sample.ts';

/**
 * The basis of an image's feature colours, which its classifiers may share: one for all levels, z and t.
 *
 * @returns  of 32 axes, the first 3 of which are drawn
 */
export function fitSharedBasis(
  pipeline: Pick<Pipeline, 'fitPca'>,
  slices: Slices,
  work: WorkOptions,
): Promise<PcaFit> {
  return pipeline.fitPca({ components: defaultComponents, seed: 0, slices, ...work });
}

export type FitBasis = (
  tokens: TokensArray,
  options: {
    readonly components: number;
    readonly seed: number;
    readonly slices: Slices;
    readonly level: number;
    /** By how much the level is enlarged; absent: not told in the fit's source. */
    readonly scale?: number;
    readonly budget: number;
  } & WorkOptions,
) => Promise<PcaFit>;

/** A recipe with everything that must be fitted fitted: a basis for each token scale. */
export async function fitRecipe(
  { choice, place, seed, slices, ...work }: Parameters<Pipeline['recipe']>[0],
  {
    places,
    normalisation,
    fitBasis,
  }: {
    readonly places: Places;
    readonly normalisation: Normalisation;
    readonly fitBasis: FitBasis;
  },
): Promise<FeatureRecipe> {
  const pixels = places.pixels(place);
  const size = (name: string) => pixels.shape[axisIndex(pixels.axes, name)] ?? 1;
  const scales = choice.tokenScales ?? defaultTokenScales(size('y'), size('x'));
  const recipe = {
    tokens: await Promise.all(scales.map((scale) => tokenRecipe(scale))),
    classical: classicalRecipe(choice, normalisation, sizeUm(pixels)),
  };
  assertRecipe(recipe);
  return recipe;

  async function tokenRecipe(scale: number): Promise<FeatureRecipe['tokens'][number]> {
    const guided = choice.guided ?? true;
    if (scale === 1 && choice.basis !== undefined) return { scale, pca: choice.basis, guided };
    const pca = await fitBasis(places.tokens(place, scale), {
      components: choice.components ?? defaultComponents,
      seed,
      slices,
      level: place.level,
      scale,
      budget: clusterWindows,
      ...work,
    });
    return { scale, pca, guided };
  }
}

function classicalRecipe(
  choice: RecipeChoice,
  normalisation: Normalisation,
  size: ReturnType<typeof sizeUm>,
): FeatureRecipe['classical'] {
  const { kinds = defaultKinds, sigmasPx = defaultSigmasPx, zContext = false } = choice;
  if (kinds.length === 0 || sigmasPx.length === 0) return null;
  return {
    normalisation: choice.classicalNormalisation ?? normalisation,
    sigmas: size === null ? sigmasPx : sigmasPx.map((sigma) => Number((sigma * size.x).toPrecision(12))),
    unit: size === null ? 'pixel' : 'micrometer',
    kinds,
    zContext,
  };
}
