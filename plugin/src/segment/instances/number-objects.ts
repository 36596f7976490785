import type { Spacing } from '../../array/spacing.ts';
import type { InstanceRecipe } from './types.ts';

/** Objects before they have ids, each known by a position of its own in the whole array. */
export interface FoundObjects {
  /** Any order; no two are equal. */
  readonly positions: Float64Array;
  /** Elements. */
  readonly sizes: Float64Array;
}

export interface NumberedObjects {
  /** Id of each object found; 0: not of the size asked for. */
  readonly ids: Uint32Array;
  /** Elements, by id − 1. */
  readonly sizes: Float64Array;
}

/** Ids 1, 2, … in the order of the positions, so that they do not depend on how the objects were found. */
export function numberObjects(
  { positions, sizes }: FoundObjects,
  recipe: Pick<InstanceRecipe, 'dims' | 'minSize' | 'maxSize'>,
  spacing: Spacing,
): NumberedObjects {
  const [dz, dy, dx] = spacing.zyx;
  const element = recipe.dims === 3 ? dz * dy * dx : dy * dx;
  // 100 elements of 0.1 µm² must count as 10 µm².
  const slack = 1e-9;
  const least = ((recipe.minSize ?? 0) / element) * (1 - slack);
  const most = ((recipe.maxSize ?? Number.POSITIVE_INFINITY) / element) * (1 + slack);
  const isKept = (n: number): boolean => sizes[n]! >= least && sizes[n]! <= most;
  const kept = positions.filter((_, n) => isKept(n)).sort();
  const ids = Uint32Array.from(positions, (position, n) => (isKept(n) ? indexOf(kept, position) + 1 : 0));
  const sizeById = new Float64Array(kept.length);
  ids.forEach((id, n) => {
    if (id !== 0) sizeById[id - 1] = sizes[n]!;
  });
  return { ids, sizes: sizeById };
}

/** Index of a value in a rising array; -1 where it is not. */
export function indexOf(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value ? low : -1;
}
