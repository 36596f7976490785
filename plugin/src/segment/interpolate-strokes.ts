import { distanceToOther } from '../raster/distance.ts';
import { maskPolygons } from '../raster/outline.ts';
import { inImage, type PaintWindow, paintedWindow, windowAround } from './painted-window.ts';
import type { Stroke } from './types.ts';

/** A larger window is looked at coarser: every slice between is computed whole. */
const pixelLimit = 2048 * 2048;

/** What a class looks like on one slice. */
interface Shape {
  readonly z: number;
  /** float32 [height, width]: distance to the border in pixels of the window, below 0 outside. */
  readonly distance: Float32Array;
  /** Mean place of its pixels, in pixels of the window. */
  readonly centre: { readonly x: number; readonly y: number };
  readonly pieces: number;
  readonly group: string;
}

/**
 * Fill the slices between those where a class is painted. Between two of them the shape's signed distance to its border is
 * blended linearly; where both slices hold one piece, it moves on the line between their centres as it does so, so that
 * shapes that do not overlap are joined too. Slices between shapes of several pieces that have nothing in common may stay empty.
 *
 * @returns  an area for each slice between, in the group of the stroke below it
 */
export function interpolateStrokes(
  strokes: readonly Stroke[],
  { classIndex, t }: { readonly classIndex: number; readonly t: number },
  image: { readonly widthPx: number; readonly heightPx: number },
): Omit<Stroke, 'id'>[] {
  const own = strokes.filter((stroke) => stroke.t === t);
  const ofClass = own.filter((stroke) => stroke.classIndex === classIndex);
  const window = windowAround(ofClass, image, { marginPx: 1, pixelLimit });
  if (window === null) return [];
  const slices = [...new Set(ofClass.map(({ z }) => z))].sort((a, b) => a - b);
  const shapes = new Map<number, Shape | null>();
  const shapeOf = (z: number): Shape | null => {
    const shape = shapes.get(z) ?? shapeOn(own, { z, classIndex }, window);
    shapes.set(z, shape);
    return shape;
  };
  return slices.flatMap((z, i) => {
    const next = slices[i + 1];
    if (next === undefined || next === z + 1) return [];
    const [below, above] = [shapeOf(z), shapeOf(next)];
    shapes.delete(z);
    return below === null || above === null ? [] : between(below, above, window, { classIndex, t });
  });
}

function shapeOn(
  strokes: readonly Stroke[],
  { z, classIndex }: { readonly z: number; readonly classIndex: number },
  window: PaintWindow,
): Shape | null {
  const here = strokes.filter((stroke) => stroke.z === z);
  const { widthPx, heightPx } = window;
  const values = paintedWindow(here, window);
  const ids = new Uint32Array(values.length);
  let [count, sumX, sumY] = [0, 0, 0];
  values.forEach((value, i) => {
    const isIn = value === classIndex + 1;
    ids[i] = isIn ? 1 : 2;
    if (!isIn) return;
    count++;
    sumX += i % widthPx;
    sumY += Math.floor(i / widthPx);
  });
  if (count === 0) return null;
  // Centre to centre: the border lies half a pixel nearer on both sides.
  const distance = distanceToOther(ids, [1, heightPx, widthPx], [1, 1, 1]);
  for (let i = 0; i < distance.length; i++) {
    const size = Math.min(distance[i]!, widthPx + heightPx) - 0.5;
    distance[i] = ids[i] === 1 ? size : -size;
  }
  const mask = Uint8Array.from(ids, (id) => (id === 1 ? 1 : 0));
  const first = here.find((stroke) => stroke.classIndex === classIndex);
  return {
    z,
    distance,
    centre: { x: sumX / count, y: sumY / count },
    pieces: maskPolygons(mask, heightPx, widthPx).length,
    group: first?.group ?? first?.id ?? `z${z}`,
  };
}

function between(
  below: Shape,
  above: Shape,
  window: PaintWindow,
  { classIndex, t }: { readonly classIndex: number; readonly t: number },
): Omit<Stroke, 'id'>[] {
  const { widthPx, heightPx } = window;
  const moves = below.pieces === 1 && above.pieces === 1;
  const dx = moves ? above.centre.x - below.centre.x : 0;
  const dy = moves ? above.centre.y - below.centre.y : 0;
  const strokes: Omit<Stroke, 'id'>[] = [];
  for (let z = below.z + 1; z < above.z; z++) {
    const share = (z - below.z) / (above.z - below.z);
    const mask = new Uint8Array(widthPx * heightPx);
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const low = sample(below.distance, window, x - share * dx, y - share * dy);
        const high = sample(above.distance, window, x + (1 - share) * dx, y + (1 - share) * dy);
        mask[y * widthPx + x] = (1 - share) * low + share * high > 0 ? 1 : 0;
      }
    }
    const polygons = maskPolygons(mask, heightPx, widthPx);
    if (polygons.length === 0) continue;
    const rings = polygons.flatMap(({ outer, holes }) => [outer, ...holes]);
    strokes.push({
      classIndex,
      radiusPx: 1,
      points: [],
      rings: rings.map((ring) => inImage(ring, window)),
      z,
      t,
      group: below.group,
    });
  }
  return strokes;
}

/** Bilinear; beyond the window as far outside as the way there is long. */
function sample(
  values: Float32Array,
  { widthPx, heightPx }: Pick<PaintWindow, 'widthPx' | 'heightPx'>,
  x: number,
  y: number,
): number {
  const cx = Math.min(Math.max(x, 0), widthPx - 1);
  const cy = Math.min(Math.max(y, 0), heightPx - 1);
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const [x1, y1] = [Math.min(x0 + 1, widthPx - 1), Math.min(y0 + 1, heightPx - 1)];
  const [u, v] = [cx - x0, cy - y0];
  const at = (column: number, row: number) => values[row * widthPx + column]!;
  const top = at(x0, y0) + u * (at(x1, y0) - at(x0, y0));
  const bottom = at(x0, y1) + u * (at(x1, y1) - at(x0, y1));
  return top + v * (bottom - top) - Math.hypot(x - cx, y - cy);
}
