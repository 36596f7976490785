import { expect, it } from 'vitest';
import { addWeightedRows, rowProducts } from '../../src/array/matrix.ts';

/** Seven rows of three: four side by side and three behind them. Small integers, so that every sum is exact. */
const rows = Float32Array.from({ length: 21 }, (_, i) => ((i * 7) % 11) - 5);
const dim = 3;

it('multiplies each row with a vector, those behind the last four too', () => {
  const vector = Float64Array.of(2, -3, 5);
  const out = new Float64Array(7);
  rowProducts(rows, vector, 10, out);
  const expected = Array.from({ length: 7 }, (_, r) =>
    vector.reduce((sum, factor, i) => sum + factor * rows[r * dim + i]!, 10),
  );
  expect([...out]).toEqual(expected);
});

it('adds rows times factors to what is there', () => {
  const factors = Float64Array.of(1, -2, 3, -4, 5, -6, 7);
  const sum = Float64Array.of(100, 200, 300);
  addWeightedRows(rows, factors, sum);
  const expected = [100, 200, 300].map((start, i) =>
    factors.reduce((total, factor, r) => total + factor * rows[r * dim + i]!, start),
  );
  expect([...sum]).toEqual(expected);
});
