import type { BackendName } from '../backend.ts';
import type { Triple } from '../manifest.ts';
import type { Position } from '../onnx/position.ts';
import type { Blanking } from './blanked-channels.ts';
import type { LossKind } from './loss.ts';
import type { Schedule } from './schedule.ts';

/** A later stage with another window, at a rate that decays from its own peak. */
export interface StageOptions {
  readonly steps: number;
  readonly tokens: number;
  readonly batch: number;
  readonly peak: number;
}

export interface FinetuneOptions {
  readonly weights: string;
  readonly out: string;
  readonly heads?: number | undefined;
  readonly trainedGrid?: readonly [number, number] | undefined;
  readonly position: Position;
  /** Weights the student starts from, such as an earlier run's; the original's by default. */
  readonly student?: string | undefined;
  /** Blocks of the weights the student keeps; all by default. */
  readonly keepBlocks: readonly number[] | null;
  /** What it learns from: crops of pictures with the teacher's tokens, or one stored batch. */
  readonly data: { readonly pictures: string } | { readonly tensors: string };
  readonly loss: LossKind;
  readonly blank: Blanking;
  /** Steps of the first stage with its window, batch and rate. */
  readonly first: StageOptions;
  readonly second: StageOptions | null;
  /** The target comes from a view this many tokens wider than the crop; 0: of the same crop, as in the paper. */
  readonly margin: number;
  readonly scales: readonly [number, number];
  readonly roll: boolean;
  readonly deck: number | null;
  readonly schedule: Schedule['kind'];
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clip: number | null;
  readonly accumulate: number;
  readonly emaDecay: number | null;
  readonly recompute: boolean;
  readonly mean: Triple;
  readonly std: Triple;
  readonly seed: number;
  readonly backend?: BackendName | undefined;
  readonly resume: boolean;
  readonly saveEvery: number;
  readonly validation: { readonly pictures: string; readonly every: number } | null;
}
