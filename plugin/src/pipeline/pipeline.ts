import type { LazyArray, Transform } from '../array/lazy-array.ts';
import type { Normalisation, ProviderReport } from '../encoder/encoder.ts';
import type { ClustersFit, PcaFit } from '../features/fits.ts';
import type { ClassifierFit, ClassSpec, Stroke } from '../segment/types.ts';

/** Progress of one piece of work; `etaMs` is absent until it can be told. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly etaMs?: number;
}

export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Which slices a fit may sample: indices along z and t. */
export interface Slices {
  readonly z: readonly number[];
  readonly t: readonly number[];
}

/** A grid of pixels to put labels on: a level of the image, as canonical (t?, z?, y, x). */
export interface PixelGrid {
  readonly shape: readonly number[];
  readonly transform: Transform;
}

/**
 * Everything between an image's pixels and labels: tokens, fits, and the lazy layers made from them. Runs
 * in the worker in a browser and in the process in Node, behind this one interface.
 *
 * All arrays it gives are canonical: the image's axes in the order t, z, y, x (those it has), then `c`
 * last where there are several values a position (tokens, scores, colours).
 */
export interface Pipeline {
  readonly provider: ProviderReport;
  readonly normalisation: Normalisation;
  /** Windows needed for one slice of each level, and the median milliseconds one takes. */
  cost(): Promise<{ readonly windows: readonly number[]; readonly windowMs: number; readonly runs: number }>;
  tokens(level: number): Promise<LazyArray<'float32'>>;
  /** One basis for all levels, z and t. */
  fitPca(options: { readonly components: number; readonly seed: number; readonly slices: Slices } & WorkOptions): Promise<PcaFit>;
  /** uint8 […, y, x, c = 3] at token resolution of `level`; nearest coarser levels are separate calls. */
  pca(fit: PcaFit, level: number): Promise<LazyArray<'uint8'>>;
  fitClusters(
    options: { readonly k: number; readonly level: number; readonly seed: number; readonly slices: Slices } & WorkOptions,
  ): Promise<ClustersFit>;
  /** float32 […, y, x, c = k] at token resolution of `level`: minus the squared distance to each centroid. */
  clusterScores(fit: ClustersFit, level: number): Promise<LazyArray<'float32'>>;
  trainClassifier(
    options: {
      readonly classes: readonly ClassSpec[];
      readonly strokes: readonly Stroke[];
      readonly pca: PcaFit;
      readonly level: number;
    } & WorkOptions,
  ): Promise<ClassifierFit>;
  /** float32 […, y, x, c = classes] at pixel resolution of the fit's level: probabilities. */
  classScores(fit: ClassifierFit): Promise<LazyArray<'float32'>>;
  /** Ids 1…c of the largest score, upsampled bilinearly onto `grid`; ties go to the smallest id. */
  labels(scores: LazyArray<'float32'>, grid: PixelGrid, chunkPx: number): Promise<LazyArray<'uint8' | 'uint16'>>;
  close(): Promise<void>;
}
