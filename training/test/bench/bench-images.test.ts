import { describe, expect, it } from 'vitest';
import { resizedSquare, squaresOf } from '../../src/bench/bench-images.ts';
import { resample } from '../../src/bench/resize.ts';

const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

describe('resample', () => {
  const line = { height: 1, width: 4, channels: 1, white: 255, data: Float32Array.of(0, 4, 8, 12) };
  const row = { count: 1, start: 0, step: 1 };

  it('interpolates between pixel centres where it enlarges', () => {
    // Target centres lie at −0.25, 0.25, 0.75, … of source pixels; beyond the edge the edge pixel stands.
    expect([...resample(line, row, { count: 8, start: 0, step: 0.5 })]).toEqual([0, 1, 3, 5, 7, 9, 11, 12]);
  });

  it('averages with a triangle where it makes smaller', () => {
    // Centres 0.5 and 2.5, reach 2: weights 1 − |d|/2 of pixels at −0.5 … 2 → 3/4, 3/4, 1/4, and of those outside none.
    expect([...resample(line, row, { count: 2, start: 0, step: 2 })]).toEqual([
      expect.closeTo((0 * 0.75 + 4 * 0.75 + 8 * 0.25) / 1.75, 6),
      expect.closeTo((4 * 0.25 + 8 * 0.75 + 12 * 0.75) / 1.75, 6),
    ]);
  });

  it('cuts a part out', () => {
    expect([...resample(line, row, { count: 2, start: 1, step: 1 })]).toEqual([4, 8]);
  });
});

describe('images of a bench', () => {
  const image = {
    height: 2,
    width: 6,
    channels: 1 as const,
    white: 255,
    data: Float32Array.from({ length: 12 }, (_, i) => (i % 6) / 10),
  };

  it('are squares of the centre, then of corners, stretched', () => {
    const squares = squaresOf(image, { ...plain, sizePx: 2, crops: 5 });
    // Two pixels of 2 × 6: the centre, left and right; upper and lower places are the same.
    expect(squares).toHaveLength(3);
    for (const square of squares) {
      expect(square.data).toHaveLength(12);
      expect([...square.data.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    }
    expect(squaresOf(image, { ...plain, sizePx: 2 })).toHaveLength(1);
    // Enlarged to 4 pixels the sides are of one source pixel's half; enlarged twice, of 2 × 6, a square of 2 is one pixel high.
    expect(squaresOf(image, { ...plain, sizePx: 4 })[0]?.data).toHaveLength(48);
    expect(squaresOf(image, { ...plain, sizePx: 2, scale: 2, crops: 5 })).toHaveLength(5);
  });

  it('are whole images where they are resized, in their own colours', () => {
    const colour = {
      height: 1,
      width: 2,
      channels: 3 as const,
      white: 255,
      data: Float32Array.of(0.1, 0.2, 0.3, 0.5, 0.6, 0.7),
    };
    const { data } = resizedSquare(colour, { mean: [0.1, 0, 0], std: [0.5, 1, 1], sizePx: 2 });
    const expected = [0, 0.8, 0, 0.8, 0.2, 0.6, 0.2, 0.6, 0.3, 0.7, 0.3, 0.7];
    expect([...data]).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  });
});
