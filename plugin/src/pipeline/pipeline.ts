import type { LazyArray, LazyPyramid } from '../array/lazy-array.ts';
import type { WorkOptions } from '../array/progress.ts';
import type { Normalisation, ProviderReport } from '../encoder/encoder.ts';
import type { Precision } from '../encoder/graph-choice.ts';
import type { ClustersFit, PcaFit, SimilarityFit } from '../features/fits.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import type { FeatureRecipe, RecipeChoice } from '../segment/recipe.ts';
import type { Samples } from '../segment/samples.ts';
import type { FitClassifierOptions } from '../segment/train.ts';
import type { ClassifierFit, PixelGrid, Stroke } from '../segment/types.ts';
import type { UncertaintyKind } from '../segment/uncertainty.ts';

export type { Progress, WorkOptions } from '../array/progress.ts';

export interface PipelineCost {
  /** Windows of one slice of each level. */
  readonly windows: readonly number[];
  /** Median milliseconds a window takes. */
  readonly windowMs: number;
  /** Windows run so far. */
  readonly runs: number;
}

/** Which slices a fit may sample: indices along z and t. */
export interface Slices {
  readonly z: readonly number[];
  readonly t: readonly number[];
}

/** A place that was pointed at, in pixels of the finest level, and whether it is what is looked for. */
export interface Prompt {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly t: number;
  readonly isLike: boolean;
}

/** Which weights a result was made with. */
export interface ModelIdentity {
  readonly name: string;
  /** sha256 of the ONNX graph that runs. */
  readonly sha256: string;
  readonly precision: Precision;
}

/**
 * Everything between an image's pixels and labels: tokens, fits, and the lazy layers made from them. Runs
 * in the worker in a browser and in the process in Node, behind this one interface.
 *
 * All arrays it gives are canonical: the image's axes in the order t, z, y, x (those it has), then `c`
 * last where there are several values a position (tokens, scores, colours).
 */
export interface Pipeline {
  /** The latest: another provider takes over when a device is lost. */
  readonly provider: ProviderReport;
  readonly model: ModelIdentity;
  /** sha256 of every graph of the checkpoint: the same weights run as one here and as another there. */
  readonly graphs: readonly string[];
  readonly normalisation: Normalisation;
  /** Windows needed for one slice of each level, and the median milliseconds one takes. */
  cost(): Promise<PipelineCost>;
  tokens(level: number): Promise<LazyArray<'float32'>>;
  /** One basis for all levels, z and t. */
  fitPca(
    options: { readonly components: number; readonly seed: number; readonly slices: Slices } & WorkOptions,
  ): Promise<PcaFit>;
  /** uint8 […, y, x, c = 3] at token resolution of `level`; nearest coarser levels are separate calls. */
  pca(fit: PcaFit, level: number): Promise<LazyArray<'uint8'>>;
  fitClusters(
    options: {
      readonly k: number;
      readonly level: number;
      readonly seed: number;
      readonly slices: Slices;
    } & WorkOptions,
  ): Promise<ClustersFit>;
  /** float32 […, y, x, c = k] at token resolution of `level`: minus the squared distance to each centroid. */
  clusterScores(fit: ClustersFit, level: number): Promise<LazyArray<'float32'>>;
  /** Tokens at places that were pointed at. @throws AlibiError InvalidInput  none is like what is looked for */
  fitSimilarity(
    options: {
      readonly prompts: readonly Prompt[];
      readonly level: number;
      /** float32 [dim], the image's mean token. */
      readonly mean: Float32Array;
    } & WorkOptions,
  ): Promise<SimilarityFit>;
  /** uint8 […, y, x, c = 3] at token resolution of `level`. */
  similarity(fit: SimilarityFit, level: number): Promise<LazyArray<'uint8'>>;
  /** float32 […, y, x, c = 2] at token resolution of `level`: id 1 where the similarity is at least this, id 2 elsewhere. */
  similarityScores(fit: SimilarityFit, level: number, least: number): Promise<LazyArray<'float32'>>;
  /** What a person chose of the features, completed with defaults and with a basis fitted for each token scale. */
  recipe(
    options: {
      readonly choice: RecipeChoice;
      readonly place: Place;
      readonly seed: number;
      readonly slices: Slices;
    } & WorkOptions,
  ): Promise<FeatureRecipe>;
  /** Features of painted pixels: what a classifier learns from. */
  samples(
    options: {
      /** Length of the class list. */
      readonly classes: number;
      readonly strokes: readonly Stroke[];
      readonly recipe: FeatureRecipe;
      readonly place: Place;
      readonly seed: number;
      readonly pixelsPerClass?: number;
      /** What the transformer sees; default: the pipeline's own. */
      readonly normalisation?: Normalisation;
    } & WorkOptions,
  ): Promise<Samples>;
  /** Learn from samples, whatever image they are of; strokes of different images stay apart. */
  fitClassifier(
    options: { readonly samples: readonly Samples[] } & Omit<FitClassifierOptions, 'signal'> & WorkOptions,
  ): Promise<ClassifierFit>;
  /**
   * float32 […, y, x, c = classes] at pixel resolution of the place: probabilities. The transformer sees what the fit says,
   * whatever the pipeline's own normalisation.
   *
   * @param place  default: the level it was trained on, of this image
   */
  classScores(fit: ClassifierFit, place?: Place): Promise<LazyArray<'float32'>>;
  /** float32 […, y, x, c = features] at pixel resolution of the place: what the classifier reads. */
  pixelFeatures(fit: ClassifierFit, place?: Place): Promise<LazyArray<'float32'>>;
  /**
   * uint8 […, y, x]: how unsure the probabilities are, 0 to 255.
   *
   * @param active  classes that have samples
   */
  uncertainty(
    scores: LazyArray<'float32'>,
    kind: UncertaintyKind,
    active: number,
  ): Promise<LazyArray<'uint8'>>;
  /** Ids 1…c of the largest score, upsampled bilinearly onto `grid`; ties go to the smallest id. */
  labels(
    scores: LazyArray<'float32'>,
    grid: PixelGrid,
    chunkPx: number,
  ): Promise<LazyArray<'uint8' | 'uint16'>>;
  /** A pipeline of another image with the same checkpoint, which is not loaded again; it ends with this one. */
  beside(input: Pick<PipelineInput, 'pixels' | 'normalisation'>): Promise<Pipeline>;
  close(): Promise<void>;
}

/** What a pipeline needs to know of an image, and which checkpoint it runs. */
export interface PipelineInput {
  readonly pixels: LazyPyramid;
  readonly normalisation: Normalisation;
  /** URL (or, in Node, path) of the checkpoint's manifest.json. */
  readonly manifest: string;
  /** Only the checkpoint's graphs of this precision; default: the one that suits the device. */
  readonly precision?: Precision;
}

export type OpeningStage =
  | { readonly kind: 'loading'; readonly bytes: number; readonly totalBytes: number }
  | { readonly kind: 'testing' }
  /** After opening: a device was lost and another provider has taken over. */
  | { readonly kind: 'provider'; readonly report: ProviderReport };

/** In the process, or in a worker: the session does not know which. */
export type OpenPipeline = (
  input: PipelineInput,
  options: { readonly signal?: AbortSignal; readonly onStage?: (stage: OpeningStage) => void },
) => Promise<Pipeline>;
