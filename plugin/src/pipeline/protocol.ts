import type { ArrayHandle } from '../array/remote-messages.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import type { Precision } from '../encoder/graph-choice.ts';
import type { PlainError } from '../errors.ts';
import type { ClustersFit, PcaFit, SimilarityFit } from '../features/fits.ts';
import type { Place } from '../segment/match-pixel-size.ts';
import type { ClassifierFit, PixelGrid } from '../segment/types.ts';
import type { UncertaintyKind } from '../segment/uncertainty.ts';
import type { OpeningStage, Pipeline, Progress } from './pipeline.ts';

/**
 * A pipeline across a `MessagePort`. Calls carry an id, replies carry it back; arrays cross as handles
 * and their chunks travel on a port of their own. Fits are plain data and are copied.
 */

/** First message to the worker; the three ports are transferred with it. */
export interface OpenMessage {
  readonly kind: 'open';
  readonly manifest: string;
  readonly precision?: Precision;
  readonly normalisation: Normalisation;
  readonly pixels: readonly ArrayHandle[];
  readonly calls: MessagePort;
  /** The page serves the image's chunks on it. */
  readonly pixelPort: MessagePort;
  /** The worker serves its layers' chunks on it. */
  readonly layerPort: MessagePort;
}

interface CallOptions {
  readonly fitPca: Parameters<Pipeline['fitPca']>[0];
  readonly fitClusters: Parameters<Pipeline['fitClusters']>[0];
  readonly fitSimilarity: Parameters<Pipeline['fitSimilarity']>[0];
  readonly recipe: Parameters<Pipeline['recipe']>[0];
  readonly samples: Parameters<Pipeline['samples']>[0];
  readonly fitClassifier: Parameters<Pipeline['fitClassifier']>[0];
}
type Fitting = {
  readonly [K in keyof CallOptions]: {
    readonly method: K;
    readonly options: Omit<CallOptions[K], 'signal' | 'onProgress'>;
  };
}[keyof CallOptions];

/** One call, its arguments as plain data; arrays are named by their handle. */
export type Call =
  | Fitting
  | { readonly method: 'cost' | 'close' }
  | { readonly method: 'tokens'; readonly level: number }
  | { readonly method: 'pca'; readonly fit: PcaFit; readonly level: number }
  | { readonly method: 'clusterScores'; readonly fit: ClustersFit; readonly level: number }
  | { readonly method: 'similarity'; readonly fit: SimilarityFit; readonly level: number }
  | {
      readonly method: 'similarityScores';
      readonly fit: SimilarityFit;
      readonly level: number;
      readonly least: number;
    }
  | { readonly method: 'classScores'; readonly fit: ClassifierFit; readonly place?: Place }
  | { readonly method: 'pixelFeatures'; readonly fit: ClassifierFit; readonly place?: Place }
  | {
      readonly method: 'uncertainty';
      readonly scores: number;
      readonly kind: UncertaintyKind;
      readonly active: number;
    }
  | {
      readonly method: 'labels';
      readonly scores: number;
      readonly grid: PixelGrid;
      readonly chunkPx: number;
    };

export type Request<C = Call> =
  | { readonly kind: 'call'; readonly id: number; readonly call: C }
  | { readonly kind: 'abort'; readonly id: number };

export type Reply =
  | { readonly kind: 'stage'; readonly stage: OpeningStage }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  /** A piece of what was asked for, before the result. */
  | { readonly kind: 'part'; readonly id: number; readonly part: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError | 'abort' };

/** The opening is answered under this id before any call is made. */
export const openingId = 0;
