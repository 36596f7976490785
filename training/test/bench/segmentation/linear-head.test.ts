import { createRandom } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { fitLinearHead, predictPixels, tokensAt } from '../../../src/bench/segmentation/linear-head.ts';

const pause = async (): Promise<void> => {};

/** 24 samples of three features, the last constant. */
const samples = (): Float32Array =>
  Float32Array.from({ length: 72 }, (_, j) => {
    const i = Math.floor(j / 3);
    return [((i * 7) % 11) - 5, ((i * i) % 13) / 2, 3][j % 3]!;
  });
const classOf = (i: number): number => (i + Math.floor(i / 4)) % 3;

// Expected: scikit-learn 1.9.1, StandardScaler and LogisticRegression(C=0.5, tol=1e-10), the scaler folded into the
// coefficients, on the samples above.
describe('fitLinearHead', () => {
  it('agrees with scikit-learn for three classes', async () => {
    const labels = Uint16Array.from({ length: 24 }, (_, i) => classOf(i));
    const head = await fitLinearHead(samples(), labels, { dim: 3, classes: 3, c: 0.5, pause });
    const weights = [-0.013825, -0.104895, 0, 0.013686, 0.086888, 0, 0.000139, 0.018008, 0];
    for (const [i, weight] of weights.entries()) expect(head.weights[i]).toBeCloseTo(weight, 3);
    for (const [k, b] of [0.317803, -0.274736, -0.043067].entries())
      expect(head.intercepts[k]).toBeCloseTo(b, 3);
  });

  it('agrees with scikit-learn for two, whose weights are of their difference', async () => {
    const labels = Uint16Array.from({ length: 24 }, (_, i) => Math.min(classOf(i), 1));
    const head = await fitLinearHead(samples(), labels, { dim: 3, classes: 2, c: 0.5, pause });
    const difference = [0, 1, 2].map((i) => head.weights[3 + i]! - head.weights[i]!);
    for (const [i, weight] of [0.018143, 0.142133, 0].entries()) expect(difference[i]).toBeCloseTo(weight, 3);
    expect(head.intercepts[1]! - head.intercepts[0]!).toBeCloseTo(0.263483, 3);
  });

  it('needs two classes, and ends on an abort', async () => {
    const one = new Uint16Array(24);
    const options = { dim: 3, classes: 3, c: 1, pause };
    await expect(fitLinearHead(samples(), one, options)).rejects.toThrow('only one class');
    const two = Uint16Array.from({ length: 24 }, (_, i) => i % 2);
    const aborted = { ...options, pause: () => Promise.reject(new DOMException('stop', 'AbortError')) };
    await expect(fitLinearHead(samples(), two, aborted)).rejects.toThrow('stop');
  });
});

describe('tokensAt', () => {
  const tokens = { rows: 2, cols: 3, dim: 1, data: Float32Array.of(0, 10, 20, 100, 110, 120) };
  const lattice = { height: 8, width: 12, pxPerToken: 4 };

  it('interpolates between the centres of tokens and holds the edge', () => {
    // Centres lie at pixel coordinates 1.5, 5.5, 9.5: pixel (0, 0) is beyond the first, (3, 5) at token row 0.375 and
    // column 0.875 → 0.375 · 100 + 0.875 · 10; (7, 11) beyond the last.
    const at = (y: number, x: number): number => y * 12 + x;
    const values = tokensAt(tokens, lattice, [at(0, 0), at(3, 5), at(7, 11)]);
    expect([...values]).toEqual([0, 46.25, 120]);
  });
});

describe('predictPixels', () => {
  it('gives every pixel the class of largest score of its interpolated token', () => {
    const random = createRandom(3);
    const [rows, cols, dim, classes] = [5, 7, 4, 6];
    const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random() - 0.5);
    const tokens = { rows, cols, dim, data: draw(rows * cols * dim) };
    const intercepts = Float64Array.from(draw(classes));
    // A class without samples is never the answer.
    intercepts[2] = Number.NEGATIVE_INFINITY;
    const head = { dim, classes, weights: Float64Array.from(draw(classes * dim)), intercepts };
    // 33 × 47 pixels: more than one strip of rows, the last not full.
    const lattice = { height: 33, width: 47, pxPerToken: 7 };
    const predicted = predictPixels(head, tokens, lattice);
    const values = tokensAt(tokens, lattice, Uint32Array.from(predicted.keys()));
    let differing = 0;
    predicted.forEach((got, pixel) => {
      const scores = Array.from({ length: classes }, (_, k) =>
        Array.from({ length: dim }, (_, c) => head.weights[k * dim + c]! * values[pixel * dim + c]!).reduce(
          (sum, term) => sum + term,
          intercepts[k]!,
        ),
      );
      // Float32 against float64: where two scores tie to 1e-5 either is right.
      if (Math.max(...scores) - scores[got]! > 1e-5) differing++;
    });
    expect(differing).toBe(0);
    expect(new Set(predicted).has(2)).toBe(false);
    expect(new Set(predicted).size).toBeGreaterThan(2);
  });
});
