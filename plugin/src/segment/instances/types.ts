import type { Fit } from '../../array/fit.ts';
import type { Reach } from '../../raster/volume.ts';
import type { Size4 } from './label-volumes.ts';

/** How labels become instances. */
export interface InstanceRecipe {
  /** 3: objects are volumes. 2: every slice is on its own. */
  readonly dims: 2 | 3;
  readonly reach: Reach;
  /** The one id that becomes instances, in decimal digits; absent: objects of every id but 0. */
  readonly only?: string;
  /** Smallest and largest object, as area (dims 2) or volume in the labels' spacing. */
  readonly minSize?: number;
  readonly maxSize?: number;
  /** Ids over time: an object keeps the id of the one before it that it overlaps best; or every object has its own. */
  readonly tracking: 'overlap' | 'none';
}

export interface WatershedRecipe extends InstanceRecipe {
  /**
   * A peak of the distance to the border must rise this far above the pass to a higher one; in the labels' spacing. Over a channel of
   * boundaries: a hollow must be this much darker than the pass to a darker one; in stored values.
   */
  readonly depth: number;
  /** Surroundings of a block that are looked at, in the labels' spacing. */
  readonly halo: number;
  /** Index of the channel that is bright where objects meet; absent: the distance to the border tells. */
  readonly boundary?: number;
}

interface InstancesBase<K extends string, R> extends Fit<K> {
  readonly recipe: R;
  readonly shape: Size4;
  /** The blocks objects were found in; the chunks of the layer. */
  readonly blockShape: Size4;
  /** Ids are 1 … count. */
  readonly count: number;
}

/** Ids of connected components: those of the parts in each block, united across its faces. */
export interface ComponentsFit extends InstancesBase<'components', InstanceRecipe> {
  /** First part of each block, C order, with the total at the end. */
  readonly starts: Float64Array;
  /** Id of each part; 0: not of the size asked for. */
  readonly ids: Uint32Array;
}

/** Ids of the basins of a watershed, each known by the position of its peak. */
export interface WatershedFit extends InstancesBase<'watershed', WatershedRecipe> {
  /** Positions in the whole array [t, z, y, x], C order; rising. */
  readonly peaks: Float64Array;
  /** Id of each peak's object; 0: not of the size asked for. */
  readonly ids: Uint32Array;
  /** Ids of objects larger than the halo: their borders may depend on the blocks. */
  readonly unsure: Uint32Array;
}

export type InstancesFit = ComponentsFit | WatershedFit;
