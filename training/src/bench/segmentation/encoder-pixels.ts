import type { WindowGrid } from 'alibi-zarr/checkpoint';
import { linearTaps, reflectIndex, resampleBilinear } from 'alibi-zarr/checkpoint';
import type { Pixels } from '../tokens.ts';

/** One plane of values, float32 [height, width]. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** The 0.1 and 99.9 percentiles become 0 and 1, what lies beyond is clipped; no range smaller than a grey value of 8 bits is stretched. */
export function betweenPercentiles(plane: Plane): Plane {
  const sorted = plane.data.slice().sort();
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))] ?? 0;
  const high = sorted[Math.ceil(0.999 * (sorted.length - 1))] ?? 0;
  const span = Math.max(high - low, 1 / 255);
  return { ...plane, data: plane.data.map((value) => Math.max(0, Math.min(1, (value - low) / span))) };
}

/** Bilinear, edges aligned: side × scale, rounded. */
export function enlarged(plane: Plane, scale: number): Plane {
  if (scale === 1) return plane;
  const [height, width] = [plane.height, plane.width].map((side) => Math.max(1, Math.round(side * scale)));
  if (height === undefined || width === undefined) throw new TypeError('a plane has two sides');
  const taps = (count: number, size: number) =>
    linearTaps({ count, size, origin: 0, position: (i) => ((i + 0.5) * size) / count - 0.5 });
  const shape = { cols: plane.width, dim: 1 };
  const data = resampleBilinear(plane.data, shape, taps(height, plane.height), taps(width, plane.width));
  return { height, width, data };
}

/**
 * What the encoder is fed: three channels, normalised, continued by reflection to whole tokens and to a window at least.
 *
 * @param planes  one (grey) or three (red, green, blue), 0…1, of one size
 */
export function encoderPixels(
  planes: readonly Plane[],
  o: {
    readonly patch: number;
    readonly window: WindowGrid;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  },
): Pixels {
  const [first] = planes;
  if (first === undefined) throw new TypeError('an image has at least one plane');
  const side = (px: number, least: number): number => Math.max(Math.ceil(px / o.patch), least) * o.patch;
  const [height, width] = [side(first.height, o.window.rows), side(first.width, o.window.cols)];
  const data = new Float32Array(3 * height * width);
  const cols = Int32Array.from({ length: width }, (_, x) => reflectIndex(x, first.width));
  for (let c = 0; c < 3; c++) {
    const plane = planes[c] ?? first;
    const [mean, std] = [o.mean[c] ?? 0, o.std[c] ?? 1];
    for (let y = 0; y < height; y++) {
      const from = reflectIndex(y, first.height) * first.width;
      const to = (c * height + y) * width;
      for (let x = 0; x < width; x++) data[to + x] = ((plane.data[from + (cols[x] ?? 0)] ?? 0) - mean) / std;
    }
  }
  return { height, width, data };
}
