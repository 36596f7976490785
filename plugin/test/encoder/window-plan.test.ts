import { describe, expect, it } from 'vitest';
import { type AxisPlan, planWindows } from '../../src/encoder/window-plan.ts';
import { seeded } from '../array/fake-array.ts';

const grid = (window: number, overlap: number) => ({ rows: window, cols: window, overlap });
const starts = (axis: AxisPlan) => Array.from({ length: axis.count }, (_, i) => axis.start(i));

describe('planWindows', () => {
  it('shifts the last window inwards by whole tokens', () => {
    // 24-token windows, 3 overlapped: starts every 21 tokens; 56 tokens end at 56, so the last starts at 32.
    const { rows, windows, cost } = planWindows(56, 56, grid(24, 3));
    expect(starts(rows)).toEqual([0, 21, 32]);
    expect(windows).toBe(9);
    expect(cost).toBeCloseTo((9 * 24 * 24) / (56 * 56), 12);
  });

  it.each([
    [1, 24, 3, [0]],
    [24, 24, 3, [0]],
    [25, 24, 3, [0, 1]],
    [45, 24, 3, [0, 21]],
    [46, 24, 3, [0, 21, 22]],
    [8, 4, 0, [0, 4]],
    [5, 1, 0, [0, 1, 2, 3, 4]],
  ])('%i tokens under windows of %i with %i overlapped start at %j', (tokens, window, overlap, expected) => {
    expect(starts(planWindows(tokens, tokens, grid(window, overlap)).rows)).toEqual(expected);
  });

  it('finds exactly the windows a token region touches, and shares that sum to one', () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const window = 1 + Math.floor(random() * 12);
      const overlap = Math.floor(random() * window);
      const tokens = 1 + Math.floor(random() * 60);
      const { rows } = planWindows(tokens, 1, { rows: window, cols: window, overlap });
      const begin = Math.floor(random() * tokens);
      const end = begin + 1 + Math.floor(random() * (tokens - begin));
      const touching = starts(rows).flatMap((start, i) => (start < end && start + window > begin ? [i] : []));
      const { first, last } = rows.windowsOf(begin, end);
      expect(touching).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
      let sum = 0;
      for (let i = 0; i < rows.count; i++) {
        const inside = begin >= rows.start(i) && begin < rows.start(i) + window;
        expect(rows.share(i, begin) > 0).toBe(inside);
        sum += rows.share(i, begin);
      }
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('passes from one window to the next in equal steps over all they share', () => {
    // Starts 0, 5 and 7: tokens 5 and 6 are shared by the first two, which have 2 and 1, 1 and 2 tokens to their nearer edge
    // (6 − 5 + 1 = 2 against 1, then 1 against 2).
    const three = planWindows(14, 14, grid(7, 2)).rows;
    expect(starts(three)).toEqual([0, 5, 7]);
    expect([4, 5, 6].map((t) => three.share(0, t))).toEqual([1, 2 / 3, 1 / 3]);
    // The last window is shifted inwards: 8 tokens are shared, and the step is a ninth all the way.
    const two = planWindows(24, 24, grid(16, 4)).rows;
    expect(starts(two)).toEqual([0, 8]);
    for (let t = 8; t < 16; t++) expect(two.share(1, t)).toBeCloseTo((t - 7) / 9, 12);
  });

  it('needs at most four windows for an inner chunk of stride × stride tokens', () => {
    const { rows } = planWindows(1000, 1000, grid(24, 3));
    for (let chunk = 1; chunk < 40; chunk++) {
      const { first, last } = rows.windowsOf(chunk * rows.stride, (chunk + 1) * rows.stride);
      expect(last - first + 1).toBe(2);
    }
  });

  it('takes no memory for a huge image', () => {
    const tokens = Math.ceil(100_000 / 14);
    const before = process.memoryUsage().heapUsed;
    const plan = planWindows(tokens, tokens, grid(24, 3));
    expect(plan.rows.start(plan.rows.count - 1)).toBe(tokens - 24);
    expect(plan.rows.windowsOf(5000, 5021)).toEqual({ first: 237, last: 239 });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1e6);
  });

  it('refuses an overlap as wide as the window', () => {
    expect(() => planWindows(10, 10, grid(4, 4))).toThrow(/overlap smaller/);
  });
});
