import { describe, expect, it } from 'vitest';
import { fitRidge, predictRidge, rSquared } from '../../../src/bench/probe/ridge.ts';

describe('ridge regression', () => {
  it('shrinks one standardised feature by n / (n + α)', () => {
    // x = 1, 2, 3 standardises to ∓√1.5, 0; y = 10 x. XᵀX = 3, Xᵀy = 20·√1.5, so w = 20·√1.5 / 4 and
    // the prediction at x = 3 is 20 + 20·1.5/4 = 27.5.
    const fit = fitRidge(Float32Array.of(1, 2, 3), Float64Array.of(10, 20, 30), { dim: 1, alpha: 1 });
    expect([...predictRidge(fit, Float32Array.of(1, 2, 3))]).toEqual([
      expect.closeTo(12.5, 10),
      expect.closeTo(20, 10),
      expect.closeTo(27.5, 10),
    ]);
    // Residuals 2.5, 0, −2.5 against deviations 10, 0, −10: R² = 1 − 12.5 / 200.
    expect(rSquared([12.5, 20, 27.5], [10, 20, 30])).toBeCloseTo(1 - 12.5 / 200, 12);
  });

  it('gives one answer from the dual and from the primal system', () => {
    // Three samples of four features (dual); each sample thrice and α thrice is the same problem (primal).
    const rows = [
      [1, 0, 2, -1],
      [0.5, 3, 1, 4],
      [-2, 1, 1, 0],
    ];
    const wanted = [1, -2, 5, 3, 1, 0];
    const few = fitRidge(Float32Array.from(rows.flat()), Float64Array.from(wanted), { dim: 4, alpha: 0.7 });
    const thrice = [...rows, ...rows, ...rows].flat();
    const [first, second] = [wanted.slice(0, 3), wanted.slice(3)];
    const many = fitRidge(
      Float32Array.from(thrice),
      Float64Array.from([...first, ...first, ...first, ...second, ...second, ...second]),
      { dim: 4, alpha: 2.1 },
    );
    expect(few.targets).toBe(2);
    for (const [i, weight] of few.weights.entries()) expect(many.weights[i]).toBeCloseTo(weight, 10);
  });

  it('leaves a constant feature out', () => {
    const features = Float32Array.of(0.1, 1, 0.1, 2, 0.1, 4);
    const fit = fitRidge(features, Float64Array.of(1, 2, 4), { dim: 2, alpha: 1e-9 });
    expect(fit.weights[0]).toBeCloseTo(0, 6);
    expect(rSquared(predictRidge(fit, features), [1, 2, 4])).toBeCloseTo(1, 6);
  });
});
