import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/array/random.ts';
import { assign } from '../../src/raster/assignment.ts';

/** Rows of weights; 0 is no edge. */
function sparse(matrix: readonly (readonly number[])[]) {
  const starts = [0];
  const columns: number[] = [];
  const weights: number[] = [];
  for (const row of matrix) {
    row.forEach((weight, column) => {
      if (weight === 0) return;
      columns.push(column);
      weights.push(weight);
    });
    starts.push(columns.length);
  }
  return {
    starts: Uint32Array.from(starts),
    columns: Uint32Array.from(columns),
    weights: Float64Array.from(weights),
    columnCount: matrix[0]?.length ?? 0,
  };
}

/** The best sum of all assignments, by trying each. */
function bestSum(matrix: readonly (readonly number[])[], row = 0, taken = 0): number {
  if (row === matrix.length) return 0;
  let best = bestSum(matrix, row + 1, taken);
  matrix[row]!.forEach((weight, column) => {
    if (weight === 0 || taken & (1 << column)) return;
    best = Math.max(best, weight + bestSum(matrix, row + 1, taken | (1 << column)));
  });
  return best;
}

describe('assign', () => {
  it('gives up the best pair where the sum is larger without it', () => {
    // Greedily 0.9 + 0 is worth less than 0.8 + 0.7.
    expect([
      ...assign(
        sparse([
          [0.9, 0.8],
          [0.7, 0],
        ]),
      ),
    ]).toEqual([1, 0]);
    expect([
      ...assign(
        sparse([
          [0.9, 0.1],
          [0.7, 0],
        ]),
      ),
    ]).toEqual([0, -1]);
    expect([...assign(sparse([]))]).toEqual([]);
  });

  it('reaches the sum that trying all assignments finds', () => {
    const random = createRandom(3);
    for (let n = 0; n < 300; n++) {
      const [rows, columns] = [1 + Math.floor(random() * 6), 1 + Math.floor(random() * 6)];
      const density = 0.2 + 0.8 * random();
      const matrix = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, () => (random() < density ? Math.ceil(random() * 20) / 20 : 0)),
      );
      const found = [...assign(sparse(matrix))];
      const used = found.filter((column) => column !== -1);
      expect(new Set(used).size).toBe(used.length);
      const sum = found.reduce(
        (total, column, row) => total + (column === -1 ? 0 : matrix[row]![column]!),
        0,
      );
      expect(found.every((column, row) => column === -1 || matrix[row]![column]! > 0)).toBe(true);
      expect(sum).toBeCloseTo(bestSum(matrix), 9);
    }
  });
});
