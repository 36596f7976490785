import { describe, expect, it } from 'vitest';
import {
  accuracyOf,
  addToConfusion,
  createConfusion,
  iousOf,
  meanOf,
} from '../../../src/bench/segmentation/confusion.ts';

describe('confusion', () => {
  // Truth 0 0 0 1 1 3 and a void pixel; predicted 0 0 1 1 3 3.
  //   class 0: both 2, either 3 → 2/3        class 1: both 1, either 3 → 1/3
  //   class 2: nowhere → left out            class 3: both 1, either 2 → 1/2
  const confusion = createConfusion(4);
  addToConfusion(confusion, [0, 0, 0, 1], [0, 0, 1, 1]);
  addToConfusion(confusion, [1, 3, 0xffff], [3, 3, 2]);

  it('gives the IoU of each class over all images together, without void and absent classes', () => {
    expect(iousOf(confusion)).toEqual([2 / 3, 1 / 3, null, 1 / 2]);
    expect(meanOf(iousOf(confusion))).toBeCloseTo((2 / 3 + 1 / 3 + 1 / 2) / 3, 12);
  });

  it('gives the share of pixels that got their class', () => {
    expect(accuracyOf(confusion)).toBe(4 / 6);
  });

  it('counts a class that is predicted and nowhere true as 0', () => {
    const only = createConfusion(2);
    addToConfusion(only, [0, 0], [0, 1]);
    expect(iousOf(only)).toEqual([1 / 2, 0]);
  });
});
