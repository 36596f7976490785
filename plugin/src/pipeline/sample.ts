import { createRandom } from '../array/random.ts';
import { AlibiError } from '../errors.ts';
import type { Slices } from './pipeline.ts';

/** Windows a PCA basis is fitted on: about what a first view computes anyway. */
export const pcaWindows = 4;
/** Windows centroids are fitted on. */
export const clusterWindows = 16;

/** Windows a slice may take on the level that clusters and classes are computed on unless told: about a minute on two cores. */
export const defaultWindows = 64;

/** One window of one slice. */
export interface WindowPick {
  readonly t: number;
  readonly z: number;
  /** Row-major index of the window in its slice's plan. */
  readonly window: number;
}

/**
 * The finest level whose slice takes at most `budget` windows, else the coarsest.
 *
 * @param windowsPerLevel  windows of one slice of each level, finest first
 */
export function sampleLevel(windowsPerLevel: readonly number[], budget: number): number {
  const level = windowsPerLevel.findIndex((windows) => windows <= budget);
  return level === -1 ? windowsPerLevel.length - 1 : level;
}

/**
 * The windows a fit samples: a function of the slices, the plan, the budget and the seed alone. All of
 * them where they are few; otherwise one from each of `budget` equal strata, slice by slice, so that
 * slices and places are both spread.
 */
export function pickWindows(
  windowsPerSlice: number,
  slices: Slices,
  budget: number,
  seed: number,
): WindowPick[] {
  const total = windowsPerSlice * slices.t.length * slices.z.length;
  if (total === 0) {
    throw new AlibiError('InvalidInput', {
      what: 'no slice to sample',
      where: 'z and t selection',
      remedy: 'Select at least one z and one t.',
    });
  }
  const random = createRandom(seed);
  const picks: WindowPick[] = [];
  const count = Math.min(budget, total);
  for (let i = 0; i < count; i++) {
    const index = total <= budget ? i : Math.min(total - 1, Math.floor(((i + random()) * total) / count));
    const slice = Math.floor(index / windowsPerSlice);
    picks.push({
      t: slices.t[Math.floor(slice / slices.z.length)]!,
      z: slices.z[slice % slices.z.length]!,
      window: index % windowsPerSlice,
    });
  }
  return picks;
}
