import { describe, expect, it } from 'vitest';
import { placeInformation } from '../../../src/bench/homogeneity/place-information.ts';
import { positionShare } from '../../../src/bench/homogeneity/position-share.ts';
import { normalNumbers } from '../noise.ts';

const shape = { rows: 20, cols: 30 };
const map = (value: (row: number, col: number) => number): Float64Array =>
  Float64Array.from({ length: 600 }, (_, t) => value(Math.floor(t / 30), t % 30));

describe('positionShare', () => {
  it.each([
    ['a plane', (row: number, col: number) => 3 * row - 2 * col + 7],
    ['a bowl', (row: number, col: number) => (row - 4) ** 2 + 0.5 * (col - 20) ** 2],
    ['a saddle', (row: number, col: number) => (row - 9) * (col - 3)],
  ])('is 1 for %s', (_, value) => {
    expect(positionShare(map(value), shape)).toBeCloseTo(1, 6);
  });

  it('gives what NumPy’s least squares give', () => {
    const values = Float64Array.from(
      { length: 108 },
      (_, t) => Math.sin(t * 0.37) + (t % 9) * 0.2 + Math.floor(t / 9) ** 2 * 0.01,
    );
    expect(positionShare(values, { rows: 12, cols: 9 })).toBeCloseTo(0.46123092864, 7);
  });

  it('is 0 for a constant', () => {
    expect(
      positionShare(
        map(() => 5),
        shape,
      ),
    ).toBe(0);
  });

  it('is 0 in the mean for noise', () => {
    // R² of noise with 5 free coefficients and n = 600 follows Beta(5/2, 594/2): mean 5/599, deviation 0.0053. Adjusted, the
    // mean is 0, and that of 40 draws lies within ±0.0053/√40 · 4 = 0.0034.
    const normal = normalNumbers(1);
    let mean = 0;
    for (let i = 0; i < 40; i++) mean += positionShare(map(normal), shape) / 40;
    expect(Math.abs(mean)).toBeLessThan(0.0034);
  });

  it('is the share of the variance for a plane in noise', () => {
    // A plane of deviation s and noise of deviation 1: s² / (s² + 1). x is uniform on 30 steps of d: s² = d² (30² − 1) / 12.
    // The noise of one draw moves the share by about 0.03.
    const normal = normalNumbers(2);
    const step = Math.sqrt(12 / (30 ** 2 - 1));
    let mean = 0;
    for (let i = 0; i < 20; i++) {
      mean +=
        positionShare(
          map((_, col) => step * col + normal()),
          shape,
        ) / 20;
    }
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
  });

  it('does not see what is finer', () => {
    expect(
      positionShare(
        map((row, col) => (row + col) % 2),
        shape,
      ),
    ).toBeLessThan(0.01);
  });

  it('leaves tokens out', () => {
    const spiked = map((row, col) => (row === 10 && col === 15 ? 1e6 : col));
    expect(positionShare(spiked, shape)).toBeLessThan(0.1);
    expect(positionShare(spiked, shape, (row, col) => row !== 10 || col !== 15)).toBeCloseTo(1, 6);
  });

  it('shares one fraction among several maps', () => {
    // Two maps of equal variance, one a plane and one a chequerboard that position does not explain: a half.
    const plane = map((_, col) => col);
    const deviation = Math.sqrt((30 ** 2 - 1) / 12);
    const board = map((row, col) => (((row + col) % 2) * 2 - 1) * deviation);
    expect(positionShare([...plane, ...board], shape)).toBeCloseTo(0.5, 1);
  });
});

describe('placeInformation', () => {
  it('is 1 where the cell gives the cluster', () => {
    // 20 and 32 are multiples of 4: the halves are unions of cells.
    const halves = Uint8Array.from({ length: 640 }, (_, t) => (t % 32 < 16 ? 0 : 1));
    expect(placeInformation(halves, { rows: 20, cols: 32 })).toBeCloseTo(1, 6);
  });

  it('is 0 for clusters thrown at random, and for one cluster', () => {
    const normal = normalNumbers(4);
    let mean = 0;
    for (let i = 0; i < 20; i++) {
      const thrown = Uint8Array.from({ length: 600 }, () => (normal() > 0 ? 1 : 0));
      mean += placeInformation(thrown, shape) / 20;
    }
    // 2 n I follows χ² of 15 degrees: I has deviation √30 / 1200 = 0.0046, over ln 2 and √20: 0.0015.
    expect(Math.abs(mean)).toBeLessThan(4 * 0.0015);
    expect(placeInformation(new Uint8Array(600), shape)).toBe(0);
  });
});
