import type { ChunkOptions, LazyArray } from '../../array/lazy-array.ts';
import { type Region, readRegion } from '../../array/region.ts';
import { type Spacing, spacingOf } from '../../array/spacing.ts';
import { withAxes } from '../../array/with-axes.ts';

/** [t, z, y, x] */
export type Size4 = readonly [t: number, z: number, y: number, x: number];

/** Labels as one volume a time point, whatever axes they have; a plane is a volume one deep. */
export interface LabelVolumes {
  readonly size: Size4;
  readonly spacing: Spacing;
  /**
   * Ids of a region [t, z, y, x], C order. Ids of more than 32 bits, and negative ones, stand for themselves: the same number
   * for the same id as long as this object lives.
   */
  read(region: Region, options: ChunkOptions): Promise<Uint32Array>;
  /** The id that a number given by `read` stands for; a bigint where the labels hold 64 bits. */
  idOf(number: number): number | bigint;
}

/**
 * @param labels  integer; axes t, z, y, x in any order, any of t and z may lack; others must be of size 1
 * @param only    the one id that counts, in decimal digits; it becomes 1, all others 0. Absent: all count
 * @throws AlibiError InvalidInput  other axes
 */
export function labelVolumes(labels: LazyArray, only?: string): LabelVolumes {
  const volumes = withAxes(labels, ['t', 'z', 'y', 'x']);
  const [t = 1, z = 1, y = 1, x = 1] = volumes.shape;
  const numbers = new Map<bigint, number>();
  const wideIds: bigint[] = [];
  const numberOf = (id: bigint): number => {
    if (id === 0n) return 0;
    const known = numbers.get(id);
    if (known !== undefined) return known;
    wideIds.push(id);
    numbers.set(id, wideIds.length);
    return wideIds.length;
  };
  return {
    size: [t, z, y, x],
    spacing: spacingOf(labels),
    idOf(number) {
      if (number === 0) return 0;
      if (only !== undefined) return labels.dtype.endsWith('int64') ? BigInt(only) : Number(only);
      if (labels.dtype.endsWith('int64')) return wideIds[number - 1]!;
      return labels.dtype.startsWith('int') ? number | 0 : number;
    },
    async read(region, options) {
      const { data } = await readRegion(volumes, region, options);
      const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
      if (only !== undefined) {
        const wanted = isWide ? BigInt(only) : Number(only);
        return Uint32Array.from(data, (id: number | bigint) => (id === wanted ? 1 : 0));
      }
      return isWide ? Uint32Array.from(data, numberOf) : Uint32Array.from(data);
    },
  };
}
