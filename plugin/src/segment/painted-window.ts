import { runsOf } from './strokes.ts';
import type { Stroke } from './types.ts';

/** A rectangle of one slice, in finest pixels, seen at `scale` finest pixels a pixel; `x0` and `y0` are its corner. */
export interface PaintWindow {
  readonly x0: number;
  readonly y0: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly scale: number;
}

/** More pixels than this are not held at once unless told: a larger window is seen coarser. */
const defaultPixelLimit = 4096 * 4096;

/**
 * What is painted in a window: later strokes win, and one without a class erases.
 *
 * @param strokes  of one slice
 * @returns        uint16 [height, width]: class index + 1, 0 where nobody painted
 */
export function paintedWindow(strokes: readonly Stroke[], window: PaintWindow): Uint16Array {
  const { widthPx, heightPx, scale } = window;
  const painted = new Uint16Array(widthPx * heightPx);
  const level = { heightPx, widthPx, scaleY: scale, scaleX: scale };
  for (const stroke of strokes) {
    const value = stroke.classIndex === null ? 0 : stroke.classIndex + 1;
    for (const { y, x0, x1 } of runsOf(shifted(stroke, -window.x0, -window.y0), level)) {
      painted.fill(value, y * widthPx + x0, y * widthPx + x1);
    }
  }
  return painted;
}

/** Class painted on the pixel that holds a place; null where nobody painted. */
export function paintedClass(
  strokes: readonly Stroke[],
  at: { readonly x: number; readonly y: number; readonly z: number; readonly t: number },
): number | null {
  const window = { x0: Math.floor(at.x), y0: Math.floor(at.y), widthPx: 1, heightPx: 1, scale: 1 };
  const [value = 0] = paintedWindow(
    strokes.filter(({ z, t }) => z === at.z && t === at.t),
    window,
  );
  return value === 0 ? null : value - 1;
}

/**
 * The window around strokes, `marginPx` wider on each side as far as the image goes.
 *
 * @returns  null where there are none inside the image
 */
export function windowAround(
  strokes: readonly Stroke[],
  image: { readonly widthPx: number; readonly heightPx: number },
  { marginPx, pixelLimit = defaultPixelLimit }: { readonly marginPx: number; readonly pixelLimit?: number },
): PaintWindow | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points, radiusPx, rings } of strokes) {
    const reach = rings === undefined ? Math.max(1, radiusPx) : 0;
    for (const line of rings ?? [points]) {
      for (let i = 0; i + 1 < line.length; i += 2) {
        left = Math.min(left, line[i]! - reach);
        right = Math.max(right, line[i]! + reach);
        top = Math.min(top, line[i + 1]! - reach);
        bottom = Math.max(bottom, line[i + 1]! + reach);
      }
    }
  }
  const x0 = Math.max(0, Math.floor(left - marginPx));
  const y0 = Math.max(0, Math.floor(top - marginPx));
  const width = Math.min(image.widthPx, Math.ceil(right + marginPx)) - x0;
  const height = Math.min(image.heightPx, Math.ceil(bottom + marginPx)) - y0;
  if (!(width > 0 && height > 0)) return null;
  let scale = 1;
  while (Math.ceil(width / scale) * Math.ceil(height / scale) > pixelLimit) scale *= 2;
  return { x0, y0, widthPx: Math.ceil(width / scale), heightPx: Math.ceil(height / scale), scale };
}

/** Rings of a window's pixels as rings of the image. */
export function inImage(ring: readonly number[], { x0, y0, scale }: PaintWindow): number[] {
  return ring.map((value, i) => value * scale + (i % 2 === 0 ? x0 : y0));
}

function shifted(stroke: Stroke, dx: number, dy: number): Stroke {
  const move = (line: readonly number[]) => line.map((value, i) => value + (i % 2 === 0 ? dx : dy));
  return {
    ...stroke,
    points: move(stroke.points),
    ...(stroke.rings === undefined ? {} : { rings: stroke.rings.map(move) }),
  };
}
