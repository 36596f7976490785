import { describe, expect, it } from 'vitest';
import { pickWindows, sampleLevel } from '../../src/pipeline/sample.ts';

const range = (length: number) => Array.from({ length }, (_, index) => index);

describe('pickWindows', () => {
  it('takes every window of every slice where the budget allows', () => {
    const picks = pickWindows(2, { t: [0], z: [3, 5] }, 4, 0);
    expect(picks).toEqual([
      { t: 0, z: 3, window: 0 },
      { t: 0, z: 3, window: 1 },
      { t: 0, z: 5, window: 0 },
      { t: 0, z: 5, window: 1 },
    ]);
  });

  it('draws one from each equal stratum of (t, z, window)', () => {
    const picks = pickWindows(10, { t: range(3), z: range(4) }, 6, 7);
    // 120 windows in 6 strata of 20: the flat index of pick i lies in [20 i, 20 i + 20).
    const flat = picks.map(({ t, z, window }) => (t * 4 + z) * 10 + window);
    flat.forEach((index, i) => {
      expect(Math.floor(index / 20)).toBe(i);
    });
  });

  it('is a function of its arguments alone, and the seed matters', () => {
    const slices = { t: [0], z: range(100) };
    expect(pickWindows(50, slices, 16, 1)).toEqual(pickWindows(50, slices, 16, 1));
    expect(pickWindows(50, slices, 16, 1)).not.toEqual(pickWindows(50, slices, 16, 2));
  });

  it('refuses an empty selection in words', () => {
    expect(() => pickWindows(5, { t: [], z: [0] }, 4, 0)).toThrow(/Select at least one z and one t/);
  });
});

describe('sampleLevel', () => {
  it('is the finest level within the budget, else the coarsest', () => {
    expect(sampleLevel([196, 49, 16, 4, 1], 4)).toBe(3);
    expect(sampleLevel([900, 225], 4)).toBe(1);
    expect(sampleLevel([1, 1], 4)).toBe(0);
  });
});
