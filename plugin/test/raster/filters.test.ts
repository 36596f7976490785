import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { gaussianBlur } from '../../src/raster/gaussian.ts';
import { linearTaps, resampleBilinear, tapRange, tokenPosition } from '../../src/raster/resample.ts';
import { resampled } from '../../src/raster/resampled.ts';
import { units } from '../features/reference.ts';

/** scipy.ndimage.gaussian_filter(σ = 1.3, truncate 4) of unit(77…111) as 7 × 5; rows 0, 3 and 6 (reference.py). */
const scipy = {
  reflect: [
    [0.630614, 0.6579167, 0.6548862, 0.6109766, 0.570009],
    [0.3406713, 0.4169264, 0.5114706, 0.5862015, 0.6317338],
    [0.3259302, 0.3596156, 0.4209151, 0.4909682, 0.5333188],
  ],
  nearest: [
    [0.6126401, 0.6496665, 0.6377142, 0.5818622, 0.5256818],
    [0.3109417, 0.4110736, 0.5112312, 0.5903449, 0.6521876],
    [0.2765695, 0.3187903, 0.3925182, 0.4702067, 0.4998841],
  ],
  mirror: [
    [0.6666091, 0.6769575, 0.6836416, 0.6696222, 0.6589841],
    [0.4056534, 0.4416469, 0.5139774, 0.5713949, 0.5925478],
    [0.4336537, 0.4439398, 0.4706519, 0.505848, 0.5244388],
  ],
} as const;

describe('gaussianBlur', () => {
  for (const mode of ['reflect', 'nearest', 'mirror'] as const) {
    it(`agrees with scipy at the edges (${mode})`, () => {
      const blurred = gaussianBlur(units(77, 35), { height: 7, width: 5 }, 1.3, mode);
      [0, 3, 6].forEach((y, i) => {
        scipy[mode][i]!.forEach((value, x) => {
          expect(Math.abs(blurred[y * 5 + x]! - value)).toBeLessThan(1e-6);
        });
      });
    });
  }

  it('leaves a constant as it is and spreads a point into the product of two kernels', () => {
    const constant = gaussianBlur(new Float32Array(30).fill(3), { height: 5, width: 6 }, 2, 'reflect');
    expect(constant.every((v) => Math.abs(v - 3) < 1e-6)).toBe(true);
    const point = new Float32Array(21 * 21);
    point[10 * 21 + 10] = 1;
    const spread = gaussianBlur(point, { height: 21, width: 21 }, 1, 'nearest');
    // Ratio of weights one pixel from the centre along x and along both axes: e^-1/2 and e^-1.
    expect(spread[10 * 21 + 11]! / spread[10 * 21 + 10]!).toBeCloseTo(Math.exp(-0.5), 5);
    expect(spread[11 * 21 + 11]! / spread[10 * 21 + 10]!).toBeCloseTo(Math.exp(-1), 5);
    // Truncated at 4 σ: nothing at 5 pixels.
    expect(spread[10 * 21 + 15]).toBe(0);
  });
});

describe('resampleBilinear', () => {
  it('aligns centres, clamps at the edges and reproduces a ramp between', () => {
    // Two tokens of patch 4, value 0 and 8: centres at pixels 1.5 and 5.5, slope 2 a pixel.
    const colTaps = linearTaps({ count: 8, size: 2, origin: 0, position: (i) => tokenPosition(i, 4) });
    const rowTaps = linearTaps({ count: 1, size: 1, origin: 0, position: () => 0 });
    const out = resampleBilinear(Float32Array.of(0, 8), { cols: 2, dim: 1 }, rowTaps, colTaps);
    expect([...out]).toEqual([0, 0, 1, 3, 5, 7, 8, 8]);
  });

  it('gives the same from a piece of the grid as from the whole', () => {
    const grid = units(0, 5 * 6 * 2);
    const shape = { cols: 6, dim: 2 };
    const all = (count: number, size: number) =>
      linearTaps({ count, size, origin: 0, position: (i) => tokenPosition(i, 14) });
    const whole = resampleBilinear(grid, shape, all(70, 5), all(84, 6));
    // Pixels 20 … 39 down and 30 … 49 across.
    const rows = tapRange(tokenPosition(20, 14), tokenPosition(39, 14), 5);
    const cols = tapRange(tokenPosition(30, 14), tokenPosition(49, 14), 6);
    const piece = new Float32Array((rows.stop - rows.start) * (cols.stop - cols.start) * 2);
    let at = 0;
    for (let r = rows.start; r < rows.stop; r++) {
      for (let i = cols.start * 2; i < cols.stop * 2; i++) piece[at++] = grid[r * 12 + i]!;
    }
    const part = (first: number, size: number, origin: number) =>
      linearTaps({ count: 20, size, origin, position: (i) => tokenPosition(first + i, 14) });
    const out = resampleBilinear(
      piece,
      { cols: cols.stop - cols.start, dim: 2 },
      part(20, 5, rows.start),
      part(30, 6, cols.start),
    );
    for (let y = 0; y < 20; y++) {
      for (let x = 0; x < 20; x++) {
        expect(out[(y * 20 + x) * 2 + 1]).toBe(whole[((y + 20) * 84 + x + 30) * 2 + 1]);
      }
    }
  });
});

/** Pillow's BILINEAR of unit(40 … 48) to 18, 4 and 13 pixels: ../features/reference.py. */
const pillow = [
  [
    0.38032, 0.51603, 0.78746, 0.86839, 0.75884, 0.56501, 0.28688, 0.14562, 0.14122, 0.16246, 0.20935,
    0.17791,
  ],
  [0.67772, 0.35393, 0.1711, 0.35306],
  [0.38032, 0.67262, 0.87261, 0.72092, 0.36176, 0.14511, 0.13902, 0.20394, 0.14836, 0.05103, 0.39092, 0.4384],
];

describe('resampled', () => {
  it('agrees with Pillow, larger and smaller', async () => {
    const line = fromMemory(units(40, 9), { shape: [1, 9], dtype: 'float32' });
    for (const [i, size] of [18, 4, 13].entries()) {
      const lazy = resampled(line, { y: 1, x: size / 9 });
      expect(lazy.shape).toEqual([1, size]);
      const { data } = await readRegion(lazy, { start: [0, 0], stop: lazy.shape }, {});
      pillow[i]!.forEach((value, x) => {
        expect(Math.abs(data[x]! - value)).toBeLessThan(2e-5);
      });
    }
  });

  it('keeps the corner in place and chunks do not show', async () => {
    const size = 700;
    const image = fromMemory(units(0, 40 * size), {
      shape: [40, size],
      dtype: 'float32',
      transform: { scale: [2, 2], translation: [10, 20] },
    });
    const lazy = resampled(image, { y: 1.5, x: 1.5 });
    // Two chunks of 512 along x; the corner of the image lies at 20 − 2/2 = 19 and at 19 again.
    expect(lazy.transform.translation[1]! - lazy.transform.scale[1]! / 2).toBeCloseTo(19, 12);
    const across = await readRegion(lazy, { start: [7, 500], stop: [8, 530] }, {});
    for (let i = 0; i < 30; i++) {
      // Linear interpolation between the two neighbours along each axis, by hand.
      const at = (y: number, x: number) => units(y * size + x, 1)[0]!;
      const px = (500 + i + 0.5) / 1.5 - 0.5;
      const py = 7.5 / 1.5 - 0.5;
      const [x, y] = [Math.floor(px), Math.floor(py)];
      const row = (r: number) => at(r, x) + (px - x) * (at(r, x + 1) - at(r, x));
      expect(across.data[i]!).toBeCloseTo(row(y) + (py - y) * (row(y + 1) - row(y)), 5);
    }
  });
});
