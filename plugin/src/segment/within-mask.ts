import { axisIndex, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { readRegion } from '../array/region.ts';
import { maskPolygons } from '../raster/outline.ts';
import { type LabelledTile, paintStrokes } from './strokes.ts';
import type { Stroke } from './types.ts';

/**
 * Strokes of which nothing is left outside a mask: the same, and erasers over what lies outside. Only the mask's pixels near
 * strokes are read.
 *
 * @param mask  canonical, of the finest level's size; 0 is outside
 */
export async function withinMask(
  strokes: readonly Stroke[],
  mask: LazyArray<LabelType>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Stroke[]> {
  const size = (name: string) => mask.shape[axisIndex(mask.axes, name)] ?? 1;
  const level = { heightPx: size('y'), widthPx: size('x'), scaleY: 1, scaleX: 1 };
  const erasers: Stroke[] = [];
  for (const tile of paintStrokes(strokes, level)) {
    const { data } = await readRegion(mask, regionOf(tile, mask), options);
    const outside = Uint8Array.from({ length: data.length }, (_, i) => (Number(data[i]) === 0 ? 1 : 0));
    const polygons = maskPolygons(outside, tile.heightPx, tile.widthPx);
    if (polygons.length === 0) continue;
    const rings = polygons.flatMap(({ outer, holes }) => [outer, ...holes]);
    erasers.push({
      id: `outside-t${tile.t}z${tile.z}y${tile.y0}x${tile.x0}`,
      classIndex: null,
      radiusPx: 1,
      points: [],
      rings: rings.map((ring) => ring.map((value, i) => value + (i % 2 === 0 ? tile.x0 : tile.y0))),
      z: tile.z,
      t: tile.t,
    });
  }
  return [...strokes, ...erasers];
}

function regionOf({ t, z, y0, x0, heightPx, widthPx }: LabelledTile, { axes }: LazyArray) {
  const bounds: Readonly<Record<string, readonly [number, number]>> = {
    t: [t, t + 1],
    z: [z, z + 1],
    y: [y0, y0 + heightPx],
    x: [x0, x0 + widthPx],
  };
  return { start: axes.map(({ name }) => bounds[name]![0]), stop: axes.map(({ name }) => bounds[name]![1]) };
}
