import type { LabelType } from '../array/lazy-array.ts';
import type { WritableVersion } from '../ome/write.ts';
import { versionOf } from './label-group.ts';
import { labelWidth } from './narrowed.ts';
import { planPyramid, type SaveEncoding } from './pyramid-plan.ts';
import { estimateSize } from './save-size.ts';
import type { MaterializeInput } from './save-types.ts';

/** What a save is going to write, told before it does. */
export interface SavePlan {
  readonly version: WritableVersion;
  readonly dtype: LabelType;
  readonly compression: 'blosc' | 'zstd' | 'none';
  readonly axes: readonly string[];
  /** Finest first. */
  readonly levels: readonly {
    readonly shape: readonly number[];
    readonly chunks: readonly number[];
    readonly shards: readonly number[] | null;
  }[];
  /** Chunks or shards at most: those of nothing but 0 are not stored. */
  readonly objects: number;
  /** Of the ids as they are, and an estimate of what they take compressed. */
  readonly rawBytes: number;
  readonly bytes: number;
}

/** @throws AlibiError InvalidInput  as the save would */
export function describePlan(
  input: Pick<MaterializeInput, 'labels' | 'image' | 'maxId'> & SaveEncoding,
): SavePlan {
  const plan = planPyramid(input.image, input.labels, input);
  const dtype = labelWidth(input.labels.dtype, input.maxId);
  return {
    version: versionOf(plan),
    dtype,
    compression: plan.compression,
    axes: plan.axes.map(({ name }) => name),
    levels: plan.levels.map(({ shape, chunkShape, shardShape }) => ({
      shape,
      chunks: chunkShape,
      shards: shardShape ?? null,
    })),
    ...estimateSize(plan, dtype),
  };
}
