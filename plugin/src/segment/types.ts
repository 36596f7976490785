import type { Fit } from '../array/fit.ts';
import type { ChunkOptions, LazyArray, Transform } from '../array/lazy-array.ts';
import type { PcaFit } from '../features/fits.ts';

/** A class a person named; its label id is its position in the class list plus one. */
export interface ClassSpec {
  readonly name: string;
  /** `rrggbb`, lower case. */
  readonly color: string;
}

/** One brush stroke, in pixels of the finest level: (x, y) with the pixel (0, 0) covering [0, 1) × [0, 1). */
export interface Stroke {
  readonly id: string;
  /** Position in the class list, or `null` to erase earlier strokes beneath it. */
  readonly classIndex: number | null;
  readonly radiusPx: number;
  /** x0, y0, x1, y1, … */
  readonly points: readonly number[];
  readonly z: number;
  readonly t: number;
}

/** Which features the classifier reads, and at which level. */
export interface PixelFeatureRecipe {
  /** Level of the image where pixels are classified. */
  readonly level: number;
  /** Reduces the tokens. */
  readonly pca: PcaFit;
  /**
   * Standard deviations of the Gaussians in pixels of `level`, 0 for the pixels as they are; each gives
   * smoothed value and gradient magnitude.
   */
  readonly sigmasPx: readonly number[];
  /** Channels of the normalised image the Gaussians read: 1 (grey) or 3. */
  readonly channels: number;
}

/** Multinomial logistic regression on standardised pixel features. */
export interface ClassifierFit extends Fit<'classifier'> {
  readonly classes: readonly ClassSpec[];
  readonly recipe: PixelFeatureRecipe;
  /** float32 [features] each: standardisation of the inputs; the token components share one scale. */
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  /** float32 [classes, features + 1]; the last column is the intercept. */
  readonly weights: Float32Array;
  /** Labelled pixels per class it was trained on. */
  readonly counts: readonly number[];
}

/** A grid of pixels to put labels on: a level of the image, as canonical (t?, z?, y, x). */
export interface PixelGrid {
  readonly shape: readonly number[];
  readonly transform: Transform;
}

/** A rectangle of one slice, in pixels of a level; half-open. z and t are 0 where the image lacks them. */
export interface SliceRegion {
  readonly t: number;
  readonly z: number;
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

/**
 * float32 [channels, height, width] of the image as the encoder sees it before its mean and standard deviation,
 * 0 black to 1 white. A region may reach beyond the image, which is continued by reflection without repeating
 * the edge. The caller owns the buffer.
 */
export type ReadNormalised = (region: SliceRegion, options: ChunkOptions) => Promise<Float32Array>;

/** What pixel features are computed from, all of the recipe's level. */
export interface FeatureInput {
  /** float32 [t?, z?, rows, cols, c = dim], canonical. */
  readonly tokens: LazyArray<'float32'>;
  /** The image at that level, as stored: only its axes, shape and transform are read. */
  readonly pixels: Pick<LazyArray, 'axes' | 'shape' | 'transform'>;
  readonly readNormalised: ReadNormalised;
}
