import type { Normalisation } from '../encoder/encoder.ts';
import { AlibiError } from '../errors.ts';
import type { PcaFit } from '../features/fits.ts';

/**
 * Classical features of one scale, in the order a pixel has them. `gaussian`: the smoothed value. `gradient`: its
 * gradient magnitude. `hessian`: the larger and the smaller eigenvalue of its second derivatives. `structure`: square
 * roots of the larger and the smaller eigenvalue of the structure tensor, averaged over the same scale.
 * `difference`: minus the value smoothed 1.6 times as widely (a Laplacian of Gaussian, nearly).
 */
export const classicalKinds = ['gaussian', 'gradient', 'hessian', 'structure', 'difference'] as const;
export type ClassicalKind = (typeof classicalKinds)[number];

/** Multi-scale features of the pixels themselves. */
export interface ClassicalRecipe {
  /** Channels they are computed from, one after another, with what becomes 0 and 1 of each. */
  readonly normalisation: Normalisation;
  /** Standard deviations of the Gaussians in `unit`; 0 stands for the pixels as they are, which have a `gaussian` only. */
  readonly sigmas: readonly number[];
  /**
   * `micrometer`: the same size on every axis, whatever the pixels' proportions. `pixel`: of the level, along x; square
   * pixels are assumed.
   */
  readonly unit: 'micrometer' | 'pixel';
  readonly kinds: readonly ClassicalKind[];
  /** Smooth along z too, by the same size: needs `micrometer`. Derivatives stay within the slice. */
  readonly zContext: boolean;
}

/** The transformer's tokens at one scale, reduced by PCA and brought to pixels. */
export interface TokenRecipe {
  /** How much the level is enlarged before the transformer sees it: 2 gives a token every half patch. */
  readonly scale: number;
  readonly pca: PcaFit;
  /**
   * Follow the edges of the image: neighbouring tokens count by how near they are and by how alike the image is there.
   * False: bilinear.
   */
  readonly guided: boolean;
}

/** Which features a pixel has: plain data, that a classifier carries with it. */
export interface FeatureRecipe {
  readonly tokens: readonly TokenRecipe[];
  readonly classical: ClassicalRecipe | null;
}

/** Scales of tokens while somebody paints, unless others are chosen: enlarging an image twice costs four times the windows. */
export const paintingTokenScales: readonly number[] = [1];

/** A recipe before anything was fitted: what a person may choose. */
export interface RecipeChoice {
  /** Enlargements, none to about three of them; default by the size of a slice, see {@link defaultTokenScales}. */
  readonly tokenScales?: readonly number[];
  /** Principal components kept of each. Default 32. */
  readonly components?: number;
  /** A basis that is there already, for the tokens of the level as it is; default: a new one is fitted. */
  readonly basis?: PcaFit;
  /** Default true. */
  readonly guided?: boolean;
  /** Standard deviations in pixels of the level along x. Default 0, 1, 2, 4, 8, 16. */
  readonly sigmasPx?: readonly number[];
  /** Default gaussian, gradient and hessian; none switches them off. */
  readonly kinds?: readonly ClassicalKind[];
  /** Default: what the encoder sees. */
  readonly classicalNormalisation?: Normalisation;
  /** Default false. */
  readonly zContext?: boolean;
}

/**
 * One octave apart from the finest detail to the size of a token. Structure tensor and differences are left
 * out: measured on the micrographs with six strokes a class they help no classifier reliably (mean IoU of
 * extremely randomised trees +0.013, −0.013, −0.003 on three sets, of the linear model −0.01 to −0.04).
 */
export const defaultSigmasPx: readonly number[] = [0, 1, 2, 4, 8, 16];
export const defaultKinds: readonly ClassicalKind[] = ['gaussian', 'gradient', 'hessian'];
export const defaultComponents = 32;

/** Below this a token covers too much of what a person paints: the image is enlarged twice as much. */
const smallImagePx = 1000;

/** Two enlargements by the longer side of a slice: objects of small images are small in pixels too. */
export function defaultTokenScales(heightPx: number, widthPx: number): readonly number[] {
  return Math.max(heightPx, widthPx) < smallImagePx ? [2, 4] : [1, 2];
}

const featuresOfKind: Readonly<Record<ClassicalKind, readonly string[]>> = {
  gaussian: ['gaussian'],
  gradient: ['gradient'],
  hessian: ['hessian larger', 'hessian smaller'],
  structure: ['structure larger', 'structure smaller'],
  difference: ['difference'],
};

/** Kinds computed at a scale, in their order. */
export function kindsAt({ kinds }: ClassicalRecipe, sigma: number): readonly ClassicalKind[] {
  return classicalKinds.filter((kind) => kinds.includes(kind) && (sigma > 0 || kind === 'gaussian'));
}

/** Values a pixel has of the tokens; they come first. */
export function tokenFeatureCount({ tokens }: FeatureRecipe): number {
  return tokens.reduce((sum, { pca }) => sum + pca.components, 0);
}

/** Values a pixel has of the classical features of one channel. */
export function channelFeatureCount(recipe: ClassicalRecipe): number {
  return recipe.sigmas.reduce(
    (sum, sigma) => sum + kindsAt(recipe, sigma).reduce((n, kind) => n + featuresOfKind[kind].length, 0),
    0,
  );
}

/** Values a pixel has. */
export function featureCount(recipe: FeatureRecipe): number {
  const { classical } = recipe;
  const image =
    classical === null ? 0 : classical.normalisation.channels.length * channelFeatureCount(classical);
  return tokenFeatureCount(recipe) + image;
}

/** What each value of a pixel is, in order: every token scale's components, then channel by channel, scale by scale. */
export function featureNames({ tokens, classical }: FeatureRecipe): string[] {
  const names = tokens.flatMap(({ scale, pca }) =>
    Array.from({ length: pca.components }, (_, i) => `token ×${scale} component ${i + 1}`),
  );
  if (classical === null) return names;
  const unit = classical.unit === 'micrometer' ? 'µm' : 'px';
  for (const channel of classical.normalisation.channels) {
    for (const sigma of classical.sigmas) {
      for (const kind of kindsAt(classical, sigma)) {
        for (const name of featuresOfKind[kind]) names.push(`channel ${channel} ${name} σ ${sigma} ${unit}`);
      }
    }
  }
  return names;
}

/** @throws AlibiError InvalidInput  no feature at all, or a scale that is none */
export function assertRecipe(recipe: FeatureRecipe): void {
  const bad = (what: string, remedy: string): AlibiError =>
    new AlibiError('InvalidInput', { what, where: 'feature recipe', remedy });
  if (featureCount(recipe) === 0)
    throw bad('every feature is switched off', 'Keep tokens or classical features.');
  const scale = recipe.tokens.find((token) => !(token.scale > 0 && token.scale <= 16));
  if (scale !== undefined) throw bad(`a token scale of ${scale.scale}`, 'Give scales above 0 and up to 16.');
  const sigma = recipe.classical?.sigmas.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (sigma !== undefined) throw bad(`a standard deviation of ${sigma}`, 'Give 0 or more.');
  if (recipe.classical?.zContext && recipe.classical.unit === 'pixel') {
    throw bad(
      'features along z of an image without pixel size',
      'Switch them off, or state the size in the image.',
    );
  }
}
