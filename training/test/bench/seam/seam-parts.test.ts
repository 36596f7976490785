import { planWindows } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { changedLabels } from '../../../src/bench/seam/changed-labels.ts';
import { consistency, seamRatio } from '../../../src/bench/seam/seam-figures.ts';
import { shiftedAxis } from '../../../src/bench/seam/shifted-axis.ts';
import { noiseTokens } from '../noise.ts';

const { signal } = new AbortController();

describe('shiftedAxis', () => {
  it.each([
    [56, 24, 3],
    [56, 14, 0],
    [20, 8, 4],
    [9, 9, 2],
  ])(
    'of %i tokens, windows of %i with %i overlapped, is the plan where it is not shifted',
    (tokens, window, overlap) => {
      const plan = planWindows(tokens, tokens, { rows: window, cols: window, overlap }).rows;
      const axis = shiftedAxis(tokens, { window, overlap }, 0);
      expect(axis.count).toBe(plan.count);
      for (let i = 0; i < axis.count; i++) {
        expect(axis.start(i)).toBe(plan.start(i));
        for (let t = 0; t < tokens; t++) expect(axis.share(i, t)).toBeCloseTo(plan.share(i, t), 12);
      }
    },
  );

  it('moves the windows along, keeps them inside and covers every token once', () => {
    const axis = shiftedAxis(56, { window: 24, overlap: 3 }, 10);
    expect(Array.from({ length: axis.count }, (_, i) => axis.start(i))).toEqual([0, 10, 31, 32]);
    for (let t = 0; t < 56; t++) {
      let sum = 0;
      for (let i = 0; i < axis.count; i++) sum += axis.share(i, t);
      expect(sum).toBeCloseTo(1, 12);
    }
  });
});

describe('seam figures', () => {
  it('tell an offset of one window', () => {
    // One channel: the column, and 5 more from column 4 on. Distances are 1, but 6 across the border at 4; down they are 0.
    const data = Float32Array.from({ length: 64 }, (_, t) => (t % 8) + (t % 8 >= 4 ? 5 : 0));
    const tokens = { rows: 8, cols: 8, dim: 1, data };
    const plan = planWindows(8, 8, { rows: 8, cols: 4, overlap: 0 });
    // Elsewhere: 8 rows × 6 pairs of distance 1 and 56 pairs of distance 0.
    expect(seamRatio(tokens, plan)).toBeCloseTo(6 / (48 / (48 + 56)), 6);
    expect(seamRatio(tokens, planWindows(8, 8, { rows: 8, cols: 8, overlap: 0 }))).toBeNull();
  });

  it('centre on the mean of the whole image', () => {
    const whole = noiseTokens(1, { rows: 4, cols: 4, dim: 6 });
    const moved = { ...whole, data: whole.data.map((value) => value + 100) };
    expect(consistency(moved, moved)).toEqual({
      centred: expect.closeTo(1, 6),
      plain: expect.closeTo(1, 6),
    });
    // Other noise about the same mean: plainly alike, centred not at all.
    const other = noiseTokens(2, { rows: 4, cols: 4, dim: 6 });
    const { centred, plain } = consistency({ ...other, data: other.data.map((value) => value + 100) }, moved);
    expect(plain).toBeGreaterThan(0.99);
    expect(Math.abs(centred)).toBeLessThan(0.4);
  });
});

describe('changedLabels', () => {
  const tokens = {
    rows: 4,
    cols: 4,
    dim: 1,
    data: Float32Array.from({ length: 16 }, (_, t) => (t % 4 < 2 ? 0 : 1)),
  };
  const o = { patch: 4, classes: 2, seed: 1, signal };

  it('is 0 for the same tokens', async () => {
    expect(await changedLabels(tokens, tokens, o)).toBe(0);
  });

  it('counts pixels, interpolated between tokens', async () => {
    // Centroids 0 and 1: the border lies at 0.5. The last column falls from 1 to 0.2: between pixels at 1 (column 2, centre
    // at 10) and 0.2 (centre at 14) the value is 1 − 0.2 (p − 9.5) at pixel p: 0.5 or less from p = 12 on; 4 of 16 columns.
    const second = { ...tokens, data: tokens.data.map((value, t) => (t % 4 === 3 ? 0.2 : value)) };
    expect(await changedLabels(tokens, second, o)).toBe(4 / 16);
  });

  it('freezes the classifier: an offset of all tokens moves labels', async () => {
    const second = { ...tokens, data: tokens.data.map((value) => value + 1) };
    expect(await changedLabels(tokens, second, o)).toBeGreaterThan(0.4);
  });
});
