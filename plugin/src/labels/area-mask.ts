import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { areaRuns } from '../raster/area.ts';
import type { PixelGrid } from '../segment/types.ts';

const chunkPx = 512;

/**
 * An area as a mask: 1 inside, on every slice.
 *
 * @param rings  in pixels of the finest level
 * @param grid   the level the mask is for, canonical
 * @param axes   its axes: t?, z?, y, x
 * @param scale  finest pixels a pixel of the level
 */
export function areaMask(
  rings: readonly (readonly number[])[],
  grid: PixelGrid,
  axes: LazyArray['axes'],
  scale: { readonly y: number; readonly x: number },
): LazyArray<LabelType> {
  const { shape } = grid;
  const isPlane = axes.map(({ name }) => name === 'y' || name === 'x');
  const chunkShape = axes.map((_, axis) => (isPlane[axis] ? Math.min(chunkPx, shape[axis]!) : 1));
  return {
    axes,
    shape,
    chunkShape,
    dtype: 'uint8',
    fillValue: 0,
    transform: grid.transform,
    revision: 0,
    async getChunk(index, { signal }) {
      signal?.throwIfAborted();
      const { start, stop } = chunkRegion({ shape, chunkShape }, index);
      const size = start.map((from, axis) => stop[axis]! - from);
      const [heightPx = 1, widthPx = 1] = size.slice(-2);
      const [y0 = 0, x0 = 0] = start.slice(-2);
      const here = rings.map((ring) =>
        ring.map((value, i) => value - (i % 2 === 0 ? x0 * scale.x : y0 * scale.y)),
      );
      const data = new Uint8Array(heightPx * widthPx);
      for (const run of areaRuns(here, { heightPx, widthPx, scaleY: scale.y, scaleX: scale.x })) {
        data.fill(1, run.y * widthPx + run.x0, run.y * widthPx + run.x1);
      }
      return { data, shape: size };
    },
  };
}
