import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { classifierInputs, classScores } from '../../src/segment/classes.ts';
import { classifierOnnx } from '../../src/segment/classifier-onnx.ts';
import type { ClassifierChoice } from '../../src/segment/fit-models.ts';
import { readClassifier, writeClassifier } from '../../src/segment/portable.ts';
import { activeClasses, inputNames, predictRows } from '../../src/segment/predict.ts';
import { featureCount, featureNames } from '../../src/segment/recipe.ts';
import { trainClassifier } from '../../src/segment/train.ts';
import { units } from '../features/reference.ts';
import { normalisation, recipeOf, scene, threeClasses, twoStrokes } from './scene.ts';

async function trained(choice: ClassifierChoice = {}) {
  const made = scene(120, 180, 7);
  const fit = await trainClassifier({
    ...made.input,
    classes: threeClasses,
    strokes: twoStrokes,
    recipe: await recipeOf(made.values, 3),
    choice: { trees: 20, ...choice },
    normalisation,
    level: 0,
    pixelSizeUm: { z: null, y: 0.25, x: 0.25 },
    seed: 0,
    finest: made.finest,
  });
  return {
    fit,
    input: made.input,
    model: { name: 'tiny', sha256: 'a'.repeat(64), precision: 'fp32' as const },
  };
}

describe('writeClassifier and readClassifier', () => {
  it('give the very same classifier back through JSON', async () => {
    const given = await trained();
    const file = JSON.parse(JSON.stringify(writeClassifier(given)));
    expect(file.forestSmoothing).toEqual({ sigmaPx: 8, epsilon: 2e-4 });
    const trees = ['trees class 1', 'trees class 2', 'trees class 3'];
    expect(file.features).toEqual([...featureNames(given.fit.recipe), ...trees]);
    const { fit, model } = await readClassifier(file, 'x.json');
    expect(fit).toEqual(given.fit);
    expect(model).toEqual(given.model);
  });

  it('a classifier whose trees are not smoothed has its features only', async () => {
    const given = await trained({ forestSmoothingPx: 0 });
    const file = JSON.parse(JSON.stringify(writeClassifier(given)));
    expect(file).not.toHaveProperty('forestSmoothing');
    expect(file.features).toEqual(featureNames(given.fit.recipe));
    expect((await readClassifier(file, 'x.json')).fit).toEqual(given.fit);
  });

  it.each([
    ['another format', { format: 'x' }, /no classifier: \/format/],
    ['fewer counts', { counts: [1, 2] }, /one count a class/],
    ['features out of order', { features: ['a'] }, /not those of its recipe/],
    ['no checkpoint', { model: null }, /of which checkpoint/],
    ['a changed level', { level: 3 }, /id was made from/],
  ])('refuse %s', async (_, change, message) => {
    const file = JSON.parse(JSON.stringify(writeClassifier(await trained())));
    await expect(readClassifier({ ...file, ...change }, 'x.json')).rejects.toThrow(message);
  });

  it('refuse a source nested without end', async () => {
    const file = JSON.parse(JSON.stringify(writeClassifier(await trained())));
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    const source = { ...file.source, bases: deep };
    await expect(readClassifier({ ...file, source }, 'x.json')).rejects.toMatchObject({
      tag: 'InvalidInput',
      what: 'it is nested more than 100 deep',
    });
  });

  it.each([1e21, 2 ** 31, 4])('refuse a basis of %s components that holds others', async (components) => {
    const file = JSON.parse(JSON.stringify(writeClassifier(await trained())));
    file.recipe.tokens[0].pca.components = components;
    await expect(readClassifier(file, 'x.json')).rejects.toMatchObject({
      tag: 'InvalidInput',
      what: 'a basis does not have the size it states',
    });
  });

  it('refuse trees that lead in circles or out of their list', async () => {
    const file = JSON.parse(JSON.stringify(writeClassifier(await trained())));
    const inner = file.forest.feature.findIndex((feature: number) => feature >= 0);
    for (const [key, value] of [
      ['child', inner],
      ['child', 1e6],
      ['feature', 400],
    ] as const) {
      const forest = { ...file.forest, [key]: file.forest[key].with(inner, value) };
      await expect(readClassifier({ ...file, forest }, 'x.json')).rejects.toThrow(/leads nowhere/);
    }
  });
});

describe('classifierOnnx', () => {
  for (const kind of ['linear', 'forest', 'average'] as const) {
    it(`${kind}: ONNX Runtime gives our probabilities and labels`, async () => {
      const { fit } = await trained({ kind, forestSmoothingPx: 0 });
      const dim = featureCount(fit.recipe);
      // Features of every size, among them exact thresholds of the trees, where ≤ decides.
      const rows = units(0, 500 * dim);
      if (fit.forest !== null) {
        const first = dim - (dim - 3);
        fit.forest.feature.forEach((feature, node) => {
          if (feature >= 0 && node < 400) rows[node * dim + first + feature] = fit.forest!.threshold[node]!;
        });
      }
      const session = await InferenceSession.create(classifierOnnx(fit));
      expect(session.inputNames).toEqual(['features']);
      expect(session.outputNames).toEqual(['probabilities', 'label']);
      const out = await session.run({ features: new Tensor('float32', rows, [500, dim]) });
      const theirs = out.probabilities!.data as Float32Array;
      const ours = predictRows(fit, fit.recipe, rows, { classes: 3, active: activeClasses(fit.counts) });
      expect(theirs).toHaveLength(1500);
      let most = 0;
      ours.forEach((value, i) => {
        most = Math.max(most, Math.abs(value - theirs[i]!));
      });
      expect(most).toBeLessThan(2e-5);
      const labels = out.label!.data as BigInt64Array;
      labels.forEach((label, i) => {
        const row = theirs.subarray(3 * i, 3 * i + 3);
        expect(Number(label)).toBe(1 + row.indexOf(Math.max(...row)));
      });
      // The class that nobody painted is never given.
      expect(theirs.filter((_, i) => i % 3 === 1).every((value) => value === 0)).toBe(true);
    });
  }

  for (const kind of ['forest', 'average'] as const) {
    it(`${kind} with smoothed trees: what ONNX Runtime makes of its inputs is what we make of the image`, async () => {
      const { fit, input } = await trained({ kind });
      const inputs = await classifierInputs({ fit, ...input }).getChunk([0, 0, 0], {});
      const scores = await classScores({ fit, ...input }).getChunk([0, 0, 0], {});
      const names = inputNames(fit);
      const features = featureCount(fit.recipe);
      expect(inputs.shape).toEqual([120, 180, names.length]);
      expect(names).toHaveLength(features + 3);
      const pixels = 120 * 180;
      const session = await InferenceSession.create(classifierOnnx(fit));
      expect(session.outputNames).toEqual(['probabilities', 'label']);
      const out = await session.run({ features: new Tensor('float32', inputs.data, [pixels, names.length]) });
      const theirs = out.probabilities!.data as Float32Array;
      const far = (a: Float32Array, b: Float32Array) =>
        a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
      expect(far(scores.data, theirs)).toBeLessThan(2e-5);
      const { forestSmoothing: _, ...unsmoothed } = fit;
      const rough = await classScores({ fit: unsmoothed, ...input }).getChunk([0, 0, 0], {});
      // Smoothing did something.
      expect(far(rough.data, scores.data)).toBeGreaterThan(0.05);
    });
  }
});
