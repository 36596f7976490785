import { axisIndex, type LazyArray } from '../../array/lazy-array.ts';
import { spacingOf } from '../../array/spacing.ts';
import { AlibiError } from '../../errors.ts';
import type { Reach } from '../../raster/volume.ts';
import type { InstanceRecipe, WatershedRecipe } from './types.ts';

export type Connectivity = 4 | 6 | 8 | 18 | 26;

/** Halo of a watershed unless another is asked for, in elements along x. */
const haloElements = { 2: 64, 3: 32 } as const;

/** Neighbours that may belong together, fewest first, with how many axes a step to them changes. */
export const connectivities: Readonly<Record<2 | 3, readonly (readonly [Connectivity, Reach])[]>> = {
  2: [
    [4, 1],
    [8, 2],
  ],
  3: [
    [6, 1],
    [18, 2],
    [26, 3],
  ],
};

/** How labels are to become instances; what is absent is the default, as on the command line. */
export interface InstanceChoice {
  readonly method: 'components' | 'watershed';
  /** Default: 3 where the labels have more than one slice. */
  readonly dims?: 2 | 3;
  /** Default: all neighbours. */
  readonly connectivity?: Connectivity;
  /** Watershed: split where this channel is bright, not where objects narrow; `contrast` is that of the channel, in stored values. */
  readonly boundary?: { readonly channel: number; readonly contrast: number };
  /**
   * Watershed: how deep a narrowing must be to split, in the labels' spacing, default one element along x; of a boundary channel in
   * stored values, default a tenth of its contrast.
   */
  readonly depth?: number;
  /** Watershed: surroundings of a block that are looked at, in the labels' spacing; default 64 elements (dims 3: 32). */
  readonly halo?: number;
  /** Smallest and largest area or volume, in the labels' spacing. */
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly tracking?: 'overlap' | 'none';
  /** The one id that counts, in decimal digits. */
  readonly only?: string;
}

/** 3 where the labels have more than one slice. */
export function defaultDims(labels: Pick<LazyArray, 'axes' | 'shape'>): 2 | 3 {
  return (labels.shape[axisIndex(labels.axes, 'z')] ?? 1) > 1 ? 3 : 2;
}

/** @throws AlibiError InvalidInput  a connectivity of other dims, or a length that is not above 0 */
export function completeRecipe(labels: LazyArray, choice: InstanceChoice): InstanceRecipe | WatershedRecipe {
  const { method, tracking = 'overlap', only, minSize, maxSize } = choice;
  const dims = choice.dims ?? defaultDims(labels);
  const allowed = connectivities[dims];
  const [, reach] =
    choice.connectivity === undefined
      ? allowed.at(-1)!
      : (allowed.find(([connectivity]) => connectivity === choice.connectivity) ??
        refuse(
          `the connectivity is ${choice.connectivity}`,
          `With ${dims} dimensions it is one of ${allowed.map(([n]) => n).join(', ')}.`,
        ));
  for (const name of ['depth', 'halo', 'minSize', 'maxSize'] as const) {
    const value = choice[name];
    if (value !== undefined && !(value > 0)) refuse(`${name} is ${value}`, 'Give a number above 0.');
  }
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    refuse('the smallest size is above the largest', 'Give the smaller one as the smallest.');
  }
  const recipe: InstanceRecipe = {
    dims,
    reach,
    tracking,
    ...(only === undefined ? {} : { only }),
    ...(minSize === undefined ? {} : { minSize }),
    ...(maxSize === undefined ? {} : { maxSize }),
  };
  if (method === 'components') return recipe;
  const width = spacingOf(labels).zyx[2];
  const { boundary } = choice;
  return {
    ...recipe,
    depth: choice.depth ?? (boundary === undefined ? width : boundary.contrast / 10),
    halo: choice.halo ?? haloElements[dims] * width,
    ...(boundary === undefined ? {} : { boundary: boundary.channel }),
  };
}

function refuse(what: string, remedy: string): never {
  throw new AlibiError('InvalidInput', { what, where: 'instances', remedy });
}
