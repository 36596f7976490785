import { axisIndex, type LazyArray } from '../../array/lazy-array.ts';
import type { Region } from '../../array/region.ts';

/** Rows of a slice read at once: what is held of a wide image. */
export const stripRows = 1024;

/** Rows `y0 … y1` of one slice of a canonical array without channels. */
export function stripOf(
  ids: LazyArray,
  { t, z, y0, y1 }: { readonly t: number; readonly z: number; readonly y0: number; readonly y1: number },
): Region {
  const bounds = new Map([
    ['t', [t, t + 1]],
    ['z', [z, z + 1]],
    ['y', [y0, y1]],
    ['x', [0, ids.shape[axisIndex(ids.axes, 'x')]!]],
  ]);
  return {
    start: ids.axes.map(({ name }) => bounds.get(name)![0]!),
    stop: ids.axes.map(({ name }) => bounds.get(name)![1]!),
  };
}
