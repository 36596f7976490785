import { describe, expect, it } from 'vitest';
import { fitModels } from '../../src/segment/fit-models.ts';
import type { FeatureRecipe } from '../../src/segment/recipe.ts';
import type { LinearModel } from '../../src/segment/types.ts';
import { unit } from '../features/reference.ts';
import { basis, normalisation } from './scene.ts';

/** Two components of tokens and one classical feature; all three tell the classes apart. */
async function scene() {
  const pca = await basis(
    Float32Array.from({ length: 60 }, (_, i) => unit(i)),
    2,
  );
  const classical = {
    normalisation,
    sigmas: [0],
    unit: 'pixel',
    kinds: ['gaussian'],
    zContext: false,
  } as const;
  const recipe: FeatureRecipe = { tokens: [{ scale: 1, pca, guided: true }], classical };
  const labels = Uint16Array.from({ length: 60 }, (_, i) => i % 2);
  const values = Float32Array.from({ length: 180 }, (_, i) => labels[Math.floor(i / 3)]! + unit(i));
  return { recipe, samples: { values, labels } };
}

/** Weights of each class without the intercept. */
function weightsOf({ weights, mean }: LinearModel): number[][] {
  const dim = mean.length;
  return [0, 1].map((row) => Array.from(weights.subarray(row * (dim + 1), row * (dim + 1) + dim)));
}

const options = { classes: 2, seed: 0 };

describe('what learns from what', () => {
  it('the average has a linear model of the tokens alone beside trees of the classical features', async () => {
    const { recipe, samples } = await scene();
    const { linear, forest } = await fitModels(samples, recipe, options);
    for (const [first, second, classical] of weightsOf(linear!)) {
      expect(Math.abs(first!)).toBeGreaterThan(0.01);
      expect(Math.abs(second!)).toBeGreaterThan(0.01);
      expect(classical).toBe(0);
    }
    // The same as a linear model that never saw the third feature.
    const tokens = samples.values.filter((_, i) => i % 3 < 2);
    const alone = await fitModels(
      { ...samples, values: tokens },
      { ...recipe, classical: null },
      { ...options, kind: 'linear' },
    );
    const expected = weightsOf(alone.linear!).flat();
    weightsOf(linear!)
      .flatMap((row) => row.slice(0, 2))
      .forEach((weight, i) => {
        expect(weight).toBeCloseTo(expected[i]!, 5);
      });
    expect(forest).not.toBe(null);
  });

  it('a linear model by itself sees everything, as does one of an average without tokens', async () => {
    const { recipe, samples } = await scene();
    const { linear, forest } = await fitModels(samples, recipe, { ...options, kind: 'linear' });
    expect(forest).toBe(null);
    expect(weightsOf(linear!).every((row) => row.every((weight) => Math.abs(weight) > 0.01))).toBe(true);
    const classical = samples.values.filter((_, i) => i % 3 === 2);
    const without = await fitModels({ ...samples, values: classical }, { ...recipe, tokens: [] }, options);
    expect(weightsOf(without.linear!).every(([weight]) => Math.abs(weight!) > 0.01)).toBe(true);
  });
});
