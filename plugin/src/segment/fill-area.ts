import { AlibiError } from '../errors.ts';
import { maskPolygons } from '../raster/outline.ts';
import { inImage, type PaintWindow, paintedWindow, windowAround } from './painted-window.ts';
import type { Stroke } from './types.ts';

/** A place to fill from, in finest pixels. */
export interface FillPlace {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly t: number;
}

/**
 * The contiguous area around a place that is painted alike, as napari's fill takes it: pixels of one class, or unpainted ones that
 * strokes (and the image's border) enclose. Neighbours share an edge. Where strokes span more than 4096 × 4096 pixels they are
 * looked at coarser.
 *
 * @returns  the area's rings
 * @throws AlibiError InvalidInput  nothing encloses the place
 */
export function fillArea(
  all: readonly Stroke[],
  at: FillPlace,
  image: { readonly widthPx: number; readonly heightPx: number },
): number[][] {
  const strokes = all.filter(({ z, t }) => z === at.z && t === at.t);
  const window = windowAround(strokes, image, { marginPx: 2 });
  const inside = window === null ? null : pixelOf(at, window);
  if (window === null || inside === null) throw notEnclosed(at);
  const area = flood(paintedWindow(strokes, window), window, inside);
  if (area.isPainted || !escapes(area.mask, window, image)) {
    return maskPolygons(area.mask, window.heightPx, window.widthPx)
      .flatMap(({ outer, holes }) => [outer, ...holes])
      .map((ring) => inImage(ring, window));
  }
  throw notEnclosed(at);
}

function pixelOf({ x, y }: FillPlace, { x0, y0, scale, widthPx, heightPx }: PaintWindow): number | null {
  const column = Math.floor((x - x0) / scale);
  const row = Math.floor((y - y0) / scale);
  if (column < 0 || row < 0 || column >= widthPx || row >= heightPx) return null;
  return row * widthPx + column;
}

/** Pixels of the start's value that hang together with it. */
function flood(
  values: Uint16Array,
  { widthPx }: PaintWindow,
  start: number,
): { readonly mask: Uint8Array; readonly isPainted: boolean } {
  const wanted = values[start]!;
  const mask = new Uint8Array(values.length);
  const pending = [start];
  const isOpen = (pixel: number) => values[pixel] === wanted && mask[pixel] === 0;
  for (let pixel = pending.pop(); pixel !== undefined; pixel = pending.pop()) {
    if (!isOpen(pixel)) continue;
    const rowStart = pixel - (pixel % widthPx);
    let from = pixel;
    while (from > rowStart && isOpen(from - 1)) from--;
    let to = pixel + 1;
    while (to < rowStart + widthPx && isOpen(to)) to++;
    mask.fill(1, from, to);
    for (const shift of [-widthPx, widthPx]) {
      for (let i = from + shift; i < to + shift; i++) {
        // One start a stretch is enough.
        if (i >= 0 && i < values.length && isOpen(i) && (i === from + shift || !isOpen(i - 1))) {
          pending.push(i);
        }
      }
    }
  }
  return { mask, isPainted: wanted !== 0 };
}

/** Whether an area reaches a border of the window that is none of the image. */
function escapes(
  mask: Uint8Array,
  { x0, y0, widthPx, heightPx, scale }: PaintWindow,
  image: { readonly widthPx: number; readonly heightPx: number },
): boolean {
  const row = (y: number) => mask.subarray(y * widthPx, (y + 1) * widthPx).includes(1);
  const column = (x: number) => {
    for (let i = x; i < mask.length; i += widthPx) if (mask[i] === 1) return true;
    return false;
  };
  return (
    (y0 > 0 && row(0)) ||
    (x0 > 0 && column(0)) ||
    (y0 + heightPx * scale < image.heightPx && row(heightPx - 1)) ||
    (x0 + widthPx * scale < image.widthPx && column(widthPx - 1))
  );
}

function notEnclosed({ x, y }: FillPlace): AlibiError {
  return new AlibiError('InvalidInput', {
    what: 'strokes do not enclose this place',
    where: `fill at x ${Math.floor(x)}, y ${Math.floor(y)}`,
    remedy: 'Close the outline around it first, or draw a polygon.',
  });
}
