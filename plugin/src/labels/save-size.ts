import { chunkCounts, type DataType, elementCount } from '../array/lazy-array.ts';
import { storedSize } from '../stores/elements.ts';
import type { PyramidPlan } from './pyramid-plan.ts';

/** Bytes of compressed labels over bytes of their ids: an assumption, not measured, on the large side for labels. */
const compressedShare = 0.1;

/** What a plan will store, before a single chunk is known: what is empty makes it less. */
export function estimateSize(
  plan: PyramidPlan,
  dtype: DataType,
): { readonly objects: number; readonly rawBytes: number; readonly bytes: number } {
  const sums = plan.levels.map(({ shape, chunkShape, shardShape }) => ({
    objects: elementCount(chunkCounts({ shape, chunkShape: shardShape ?? chunkShape })),
    rawBytes: elementCount(shape) * storedSize(dtype),
  }));
  const objects = sums.reduce((sum, level) => sum + level.objects, 0);
  const rawBytes = sums.reduce((sum, level) => sum + level.rawBytes, 0);
  const bytes = plan.compression === 'none' ? rawBytes : Math.ceil(rawBytes * compressedShare);
  return { objects, rawBytes, bytes };
}
