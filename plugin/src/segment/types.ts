import type { Fit } from '../array/fit.ts';
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
  /** Standard deviations of the Gaussians in pixels of `level`; each gives smoothed value and gradient magnitude. */
  readonly sigmasPx: readonly number[];
  /** Channels of the normalised image the Gaussians read: 1 (grey) or 3. */
  readonly channels: number;
}

/** Multinomial logistic regression on standardised pixel features. */
export interface ClassifierFit extends Fit<'classifier'> {
  readonly classes: readonly ClassSpec[];
  readonly recipe: PixelFeatureRecipe;
  /** float32 [features] each: standardisation of the inputs. */
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  /** float32 [classes, features + 1]; the last column is the intercept. */
  readonly weights: Float32Array;
  /** Labelled pixels per class it was trained on. */
  readonly counts: readonly number[];
}
