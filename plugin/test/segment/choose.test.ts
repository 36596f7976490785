import { describe, expect, it } from 'vitest';
import { chooseRecipe } from '../../src/segment/choose.ts';
import { crossValidate, meanIou } from '../../src/segment/cross-validate.ts';
import type { FeatureRecipe } from '../../src/segment/recipe.ts';
import { joinSamples, type Samples } from '../../src/segment/samples.ts';
import { unit } from '../features/reference.ts';
import { basis, normalisation } from './scene.ts';

const options = { classes: 2, seed: 0 };

/** Ten strokes of 20 pixels, classes in turn; `value` gives the features. */
function samplesOf(
  dim: number,
  value: (label: number, group: number, f: number, i: number) => number,
): Samples {
  const count = 200;
  const labels = Uint16Array.from({ length: count }, (_, i) => Math.floor(i / 20) % 2);
  const groups = Int32Array.from({ length: count }, (_, i) => Math.floor(i / 20));
  const values = Float32Array.from({ length: count * dim }, (_, i) => {
    const sample = Math.floor(i / dim);
    return value(labels[sample]!, groups[sample]!, i % dim, i);
  });
  return { values, labels, groups, painted: Int32Array.of(100, 100) };
}

/** Two token components and one classical feature. */
async function recipe(): Promise<FeatureRecipe> {
  const pca = await basis(
    Float32Array.from({ length: 60 }, (_, i) => unit(i)),
    2,
  );
  return {
    tokens: [{ scale: 1, pca, guided: true }],
    classical: { normalisation, sigmas: [0], unit: 'pixel', kinds: ['gaussian'], zContext: false },
  };
}

describe('crossValidate', () => {
  it('leaves whole strokes out: what tells strokes apart and not classes does not help', async () => {
    // The last value is the class with noise; the others name the stroke, which the left-out ones do not share.
    const told = samplesOf(3, (label, group, f, i) => (f === 2 ? 3 * label + unit(i) : unit(100 + group)));
    const named = samplesOf(3, (_, group, f) => unit(31 * group + f));
    const features = await recipe();
    const good = await crossValidate(told, features, {}, options);
    const bad = await crossValidate(named, features, {}, options);
    expect(good?.folds).toBe(5);
    expect(good?.meanIou).toBe(1);
    expect(good?.confusion).toEqual([
      [100, 0],
      [0, 100],
    ]);
    expect(bad!.meanIou).toBeLessThan(0.7);
  });

  it('has nothing to say of a class with one stroke', async () => {
    const samples = samplesOf(3, (label) => label);
    const groups = samples.groups.map((group, i) => (samples.labels[i] === 0 ? 0 : group));
    expect(await crossValidate({ ...samples, groups }, await recipe(), {}, options)).toBeNull();
  });

  it('counts intersection over union of a confusion matrix', () => {
    // Class 0: 3 of 3 + 1 + 2; class 1: 4 of 4 + 2 + 1; class 2 is nowhere.
    expect(
      meanIou([
        [3, 1, 0],
        [2, 4, 0],
        [0, 0, 0],
      ]),
    ).toBeCloseTo((3 / 6 + 4 / 7) / 2, 12);
  });
});

describe('chooseRecipe', () => {
  it('drops tokens that mislead, and says what it tried', async () => {
    // Tokens name the stroke loudly; the classical feature is the class, faintly.
    const samples = samplesOf(3, (label, group, f, i) =>
      f < 2 ? 40 * (unit(31 * group + f) - 0.5) : 0.3 * label + 0.25 * unit(i),
    );
    const features = await recipe();
    const chosen = await chooseRecipe(samples, features, { kind: 'linear', c: 1 }, options);
    expect(chosen.tried[0]).toMatchObject({ what: 'default' });
    expect(chosen.tried.map(({ what }) => what)).toContain('no tokens');
    expect(chosen.heldOut!.meanIou).toBeGreaterThanOrEqual(chosen.tried[0]!.meanIou);
    expect(chosen.recipe.tokens).toEqual([]);
    expect(chosen.samples.values).toHaveLength(200);
  });

  it('keeps the default where nothing is better', async () => {
    const samples = samplesOf(3, (label, _, __, i) => 3 * label + unit(i));
    const features = await recipe();
    const chosen = await chooseRecipe(samples, features, {}, options);
    expect(chosen.recipe).toBe(features);
    expect(chosen.choice).toEqual({});
  });
});

describe('joinSamples', () => {
  it('keeps the strokes of two images apart', () => {
    const part = (labels: number[], groups: number[], painted: number[]): Samples => ({
      values: Float32Array.from(labels),
      labels: Uint16Array.from(labels),
      groups: Int32Array.from(groups),
      painted: Int32Array.from(painted),
    });
    const joined = joinSamples([part([0, 1, 1], [0, 2, 2], [10, 20]), part([1, 0], [0, 1], [1, 5])]);
    expect([...joined.labels]).toEqual([0, 1, 1, 1, 0]);
    expect([...joined.groups]).toEqual([0, 2, 2, 3, 4]);
    expect([...joined.painted]).toEqual([11, 25]);
    expect([...joined.values]).toEqual([0, 1, 1, 1, 0]);
  });
});
