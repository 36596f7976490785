import { describe, expect, it } from 'vitest';
import { averagePrecision } from '../bench/average-precision.ts';
import { otsuThreshold } from '../bench/otsu.ts';

describe('averagePrecision', () => {
  it('counts matches over all objects, at each threshold', () => {
    const actual = [1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 3, 3];
    //              IoU 3/4      IoU 4/5         none
    const found = [5, 5, 5, 0, 6, 6, 6, 6, 6, 0, 0, 0];
    const { ap50, meanAp, predicted, actual: count } = averagePrecision(found, actual);
    expect({ predicted, count }).toEqual({ predicted: 2, count: 3 });
    // Two matches, one missed: 2 / 3. Above 0.75 one match of 2 + 3 objects: 1 / 4; above 0.8 none.
    expect(ap50).toBeCloseTo(2 / 3, 12);
    // 0.5 … 0.7: 2/3 (five times); 0.75: 3/4 is not above it, 1/4; 0.8: 4/5 is not above it, 0; and on.
    expect(meanAp).toBeCloseTo((5 * (2 / 3) + 1 / 4) / 10, 12);
  });

  it('is 1 for the same objects under other ids, and for none at all', () => {
    expect(averagePrecision([3, 3, 0, 9], [1, 1, 0, 2])).toMatchObject({ ap50: 1, meanAp: 1 });
    expect(averagePrecision([0, 0], [0, 0]).ap50).toBe(1);
    expect(averagePrecision([1, 0], [0, 0]).ap50).toBe(0);
  });
});

describe('otsuThreshold', () => {
  it('is the greatest value of the lower of two groups, or the one value there is', () => {
    expect(otsuThreshold([10, 11, 12, 10, 200, 201, 199])).toBe(12);
    expect(otsuThreshold([4, 4, 4])).toBe(4);
  });
});
