import type { Fit } from '../array/fit.ts';
import type { ChunkOptions, LazyArray, Transform } from '../array/lazy-array.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import type { FeatureRecipe } from './recipe.ts';

/** A class a person named; its label id is its position in the class list plus one. */
export interface ClassSpec {
  readonly name: string;
  /** `rrggbb`, lower case. */
  readonly color: string;
}

/** One brush stroke or area, in pixels of the finest level: (x, y) with the pixel (0, 0) covering [0, 1) × [0, 1). */
export interface Stroke {
  readonly id: string;
  /** Position in the class list, or `null` to erase earlier strokes beneath it. */
  readonly classIndex: number | null;
  readonly radiusPx: number;
  /** x0, y0, x1, y1, … */
  readonly points: readonly number[];
  readonly z: number;
  readonly t: number;
  /**
   * An area instead of a line: closed rings, each x0, y0, x1, y1, …, inside by the even-odd rule. `points` is empty then, and
   * `radiusPx` means nothing.
   */
  readonly rings?: readonly (readonly number[])[];
  /** Strokes of one group are left out together when a classifier is checked; absent: on its own. */
  readonly group?: string;
}

/** Multinomial logistic regression on standardised features. */
export interface LinearModel {
  /** float32 [features] each: standardisation of the inputs; the components of one token scale share one deviation. */
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  /** float32 [classes, features + 1]; the last column is the intercept. Rows of classes without samples are 0. */
  readonly weights: Float32Array;
}

/**
 * Decision trees whose leaves hold probabilities; the forest's answer is their mean. Nodes of all trees lie in one
 * list; an inner node's children are neighbours.
 */
export interface ForestModel {
  /** int32 [trees]: where each tree's root lies. */
  readonly roots: Int32Array;
  /** int32 [nodes]: the feature an inner node looks at; -1 for a leaf. */
  readonly feature: Int32Array;
  /** float32 [nodes]: a value of at most this goes left. */
  readonly threshold: Float32Array;
  /** int32 [nodes]: the left child, the right one follows it; of a leaf its row in `values`. */
  readonly child: Int32Array;
  /** float32 [leaves, classes], rows sum to 1. */
  readonly values: Float32Array;
}

/** How probabilities are smoothed along the edges of the image: a guided filter with Gaussian windows. */
export interface GuidedSmoothing {
  /** Standard deviation of the windows, in pixels of the level. */
  readonly sigmaPx: number;
  /** Variance of the normalised image, 0 black to 1 white, below which it has no edge. */
  readonly epsilon: number;
}

/** A classifier of pixels: a linear model, a forest, or the mean of both. */
export interface ClassifierFit extends Fit<'classifier'> {
  readonly classes: readonly ClassSpec[];
  /** Level of the image it was trained on; the pixel size says what that means on another one. */
  readonly level: number;
  /** Of that level, in micrometres; null where the image does not state it. */
  readonly pixelSizeUm: { readonly z: number | null; readonly y: number; readonly x: number } | null;
  /** What the encoder saw. */
  readonly normalisation: Normalisation;
  readonly recipe: FeatureRecipe;
  /** On all features. */
  readonly linear: LinearModel | null;
  /** On the classical features, or on the tokens where there are no others. */
  readonly forest: ForestModel | null;
  /** How the forest's probabilities are smoothed before anything is made of them; absent: not at all. */
  readonly forestSmoothing?: GuidedSmoothing;
  /** Standard deviation in pixels of the Gaussian that smooths the probabilities; 0 for none. */
  readonly smoothingPx: number;
  /** Labelled pixels per class it was trained on. */
  readonly counts: readonly number[];
  /** How it did on strokes it had not seen; null where there were too few to leave any out. */
  readonly heldOut: HeldOutScore | null;
}

/** Leave-strokes-out cross-validation. */
export interface HeldOutScore {
  /** Mean over classes of the intersection over union of pixels of strokes left out. */
  readonly meanIou: number;
  /** Share of pixels of each class told right, averaged over classes. */
  readonly balancedAccuracy: number;
  /** Row: class painted, column: class predicted; pixels of strokes left out, classes in the order of the list. */
  readonly confusion: readonly (readonly number[])[];
  readonly folds: number;
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
 * float32 [channels, height, width] of the normalisation's channels, 0 black to 1 white. A region may reach beyond the
 * image, which is continued by reflection without repeating the edge. The caller owns the buffer.
 */
export type ReadPlanes = (
  region: SliceRegion,
  normalisation: Normalisation,
  options: ChunkOptions,
) => Promise<Float32Array>;

/** What pixel features are computed from, all of one level. */
export interface FeatureInput {
  /** float32 [t?, z?, rows, cols, c = dim], canonical, of the level enlarged by `scale`. */
  readonly tokens: (scale: number) => LazyArray<'float32'>;
  readonly patchPx: number;
  /** The image at that level, as stored: its chunks are not read. */
  readonly pixels: Pick<LazyArray, 'axes' | 'shape' | 'transform' | 'revision'>;
  readonly readPlanes: ReadPlanes;
}
