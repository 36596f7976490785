import { describe, expect, it } from 'vitest';
import { boundaryF1 } from '../../../src/bench/segmentation/boundary-f1.ts';

/** Class 1 from column `from` on, of 4 rows and 12 columns. */
const split = (from: number): Uint16Array =>
  Uint16Array.from({ length: 48 }, (_, i) => (i % 12 >= from ? 1 : 0));
const shape = { height: 4, width: 12, classes: 3 };

describe('boundaryF1', () => {
  it('finds a boundary that is off by no more than the tolerance', () => {
    expect(boundaryF1(split(5), split(7), { ...shape, tolerancePx: 2 })).toEqual([1, 1, null]);
    expect(boundaryF1(split(5), split(8), { ...shape, tolerancePx: 2 })).toEqual([0, 0, null]);
  });

  it('weighs precision and recall', () => {
    // Truth: class 1 in columns 5 to 11, one boundary column of 4 pixels. Predicted: columns 5 to 9, so that its
    // boundary has columns 5 (found) and 9 (4 px away): precision 1/2, recall 1, F1 = 2 · ½ · 1 / 1.5 = 2/3.
    const band = Uint16Array.from({ length: 48 }, (_, i) => (i % 12 >= 5 && i % 12 <= 9 ? 1 : 0));
    const [, f1] = boundaryF1(split(5), band, { ...shape, tolerancePx: 2 });
    expect(f1).toBeCloseTo(2 / 3, 12);
  });

  it('measures distances along the diagonal as Euclid does', () => {
    const dot = (y: number, x: number): Uint16Array =>
      Uint16Array.from({ length: 48 }, (_, i) => (i === y * 12 + x ? 2 : 0));
    // (1, 1) away: √2; (2, 2) away: 2.83.
    expect(boundaryF1(dot(1, 4), dot(2, 5), { ...shape, tolerancePx: 2 })[2]).toBe(1);
    expect(boundaryF1(dot(1, 4), dot(3, 6), { ...shape, tolerancePx: 2 })[2]).toBe(0);
  });

  it('gives 0 for a boundary that only one of the two has, null for none', () => {
    const flat = new Uint16Array(48);
    expect(boundaryF1(split(5), flat, { ...shape, tolerancePx: 2 })).toEqual([0, 0, null]);
    expect(boundaryF1(flat, flat, { ...shape, tolerancePx: 2 })).toEqual([null, null, null]);
  });
});
