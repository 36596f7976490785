import { describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { classScores } from '../../src/segment/classes.ts';
import { createFeatureSource } from '../../src/segment/feature-source.ts';
import type { ClassifierChoice } from '../../src/segment/fit-models.ts';
import { featureRows, readFeatureBlock } from '../../src/segment/pixel-features.ts';
import { activeClasses, predictRows } from '../../src/segment/predict.ts';
import { featureNames } from '../../src/segment/recipe.ts';
import { trainClassifier } from '../../src/segment/train.ts';
import type { Stroke } from '../../src/segment/types.ts';
import { normalisation, recipeOf, scene, threeClasses, twoStrokes } from './scene.ts';

const height = 300;
const width = 290;

async function trained(choice: ClassifierChoice = {}, guided = true) {
  const made = scene(height, width, 7);
  const options = {
    ...made.input,
    classes: threeClasses,
    strokes: twoStrokes,
    recipe: await recipeOf(made.values, 3, guided),
    choice,
    normalisation,
    level: 0,
    pixelSizeUm: null,
    seed: 0,
    finest: made.finest,
  };
  return { ...made, options, fit: await trainClassifier(options) };
}

describe('pixel features', () => {
  for (const guided of [true, false]) {
    it(`are the same in a tile as in the whole image, to the bit (${guided ? 'guided' : 'bilinear'})`, async () => {
      const { input, options } = await trained({ kind: 'linear' }, guided);
      const source = createFeatureSource(input);
      const all = { t: 0, z: 0, y0: 0, y1: height, x0: 0, x1: width };
      const tile = { t: 0, z: 0, y0: 100, y1: 164, x0: 230, x1: width };
      const { recipe } = options;
      const whole = featureRows(await readFeatureBlock(source, recipe, all, normalisation, {}), recipe, null);
      const part = featureRows(await readFeatureBlock(source, recipe, tile, normalisation, {}), recipe, null);
      const dim = featureNames(recipe).length;
      expect(part).toHaveLength(64 * 60 * dim);
      for (let y = 0; y < 64; y++) {
        const from = ((y + 100) * width + 230) * dim;
        expect(part.subarray(y * 60 * dim, (y + 1) * 60 * dim)).toEqual(
          whole.subarray(from, from + 60 * dim),
        );
      }
    });
  }

  it('follow the edge of the image when guided', async () => {
    // The first token value is 2 higher right of x = 145, which lies within a token (140 … 154): at 143 and 147 the image
    // says which side a pixel is on, and bilinear interpolation does not.
    const jump = async (guided: boolean) => {
      const { input, options } = await trained({ kind: 'linear' }, guided);
      const source = createFeatureSource(input);
      const region = { t: 0, z: 0, y0: 0, y1: height, x0: 130, x1: 160 };
      const block = await readFeatureBlock(source, options.recipe, region, normalisation, {});
      const rows = featureRows(block, options.recipe, null);
      const dim = featureNames(options.recipe).length;
      let total = 0;
      for (let y = 0; y < height; y++) {
        total += Math.abs(rows[(y * 30 + 18) * dim]! - rows[(y * 30 + 12) * dim]!);
      }
      return total / height;
    };
    expect(await jump(true)).toBeGreaterThan(1.5 * (await jump(false)));
  });
});

describe('trainClassifier and classScores', () => {
  for (const kind of ['linear', 'forest', 'average'] as const) {
    it(`${kind}: tells the halves apart, leaves the unpainted class at 0 and sums to 1`, async () => {
      const { input, fit } = await trained({ kind });
      const scores = classScores({ fit, ...input });
      expect(scores.shape).toEqual([height, width, 3]);
      expect(scores.chunkShape).toEqual([256, 256, 3]);
      const { data } = await readRegion(scores, { start: [0, 0, 0], stop: [height, width, 3] }, {});
      let wrong = 0;
      let unpainted = 0;
      let offSum = 0;
      for (let i = 0; i < height * width; i++) {
        unpainted = Math.max(unpainted, data[3 * i + 1]!);
        offSum = Math.max(offSum, Math.abs(data[3 * i]! + data[3 * i + 2]! - 1));
        if (data[3 * i]! > data[3 * i + 2]! !== i % width < width / 2) wrong++;
      }
      expect(unpainted).toBe(0);
      expect(offSum).toBeLessThan(1e-5);
      // Wide Gaussians blur the border; elsewhere it must be right.
      expect(wrong / (height * width)).toBeLessThan(0.03);
      expect(fit.counts[1]).toBe(0);
      expect(fit.counts[0]).toBeGreaterThan(300);
    });

    it(`${kind}: predicts of a block what it predicts of the features one by one`, async () => {
      const { input, fit } = await trained({ kind, forestSmoothingPx: 0 });
      const region = { t: 0, z: 0, y0: 256, y1: height, x0: 256, x1: width };
      const block = await readFeatureBlock(createFeatureSource(input), fit.recipe, region, normalisation, {});
      const rows = featureRows(block, fit.recipe, null);
      const expected = predictRows(fit, fit.recipe, rows, { classes: 3, active: activeClasses(fit.counts) });
      const chunk = await classScores({ fit, ...input }).getChunk([1, 1, 0], {});
      expect(chunk.shape).toEqual([44, 34, 3]);
      chunk.data.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
      });
    });
  }

  it('standardises each classical feature, and gives the token components one scale', async () => {
    const { fit } = await trained();
    expect(fit.linear?.mean).toHaveLength(3 + 1 + 5 * 4);
    expect(new Set(fit.linear?.scale.subarray(0, 3)).size).toBe(1);
    expect(new Set(fit.linear?.scale.subarray(3)).size).toBe(21);
  });

  it('smooths probabilities without showing chunks', async () => {
    const { input, fit } = await trained({ kind: 'linear', smoothingPx: 3 });
    const rough = classScores({ fit: { ...fit, smoothingPx: 0 }, ...input });
    const smooth = classScores({ fit, ...input });
    const line = { start: [100, 240, 0], stop: [101, 272, 3] };
    const [a, b] = [await readRegion(rough, line, {}), await readRegion(smooth, line, {})];
    const steps = (data: Float32Array) =>
      Array.from({ length: 31 }, (_, i) => Math.abs(data[3 * (i + 1)]! - data[3 * i]!));
    expect(Math.max(...steps(b.data))).toBeLessThan(Math.max(...steps(a.data)));
    // Across the border of chunks at 256 no larger than elsewhere.
    expect(steps(b.data)[15]!).toBeLessThanOrEqual(
      Math.max(...steps(b.data).filter((_, i) => i !== 15)) + 1e-6,
    );
  });

  it('reads only tokens near strokes', async () => {
    const { reads } = await trained();
    // 290 px are 21 tokens in chunks of 7 (98 px): strokes at x 16–44 and 146–174 and y 16–64 touch chunks 0 and 1.
    expect([...new Set(reads)].sort()).toEqual(['0,0,0', '0,1,0']);
  });

  it('is the same fit for the same strokes, another for others, and caps the pixels of a class', async () => {
    const { options, fit } = await trained();
    expect((await trainClassifier(options)).id).toBe(fit.id);
    const capped = await trainClassifier({ ...options, pixelsPerClass: 50 });
    expect(capped.id).not.toBe(fit.id);
    expect(capped.counts).toEqual(fit.counts);
  });

  it('scores strokes left out, and says so where there is nothing to leave out', async () => {
    const { options } = await trained();
    expect((await trainClassifier({ ...options, validation: 'score' })).heldOut).toBeNull();
    const more: Stroke[] = [0, 60, 120, 180].flatMap((y) =>
      twoStrokes.map((stroke) => ({
        ...stroke,
        id: `${stroke.id}-${y}`,
        points: stroke.points.map((value, i) => (i % 2 === 1 ? value + y : value)),
      })),
    );
    const { heldOut } = await trainClassifier({ ...options, strokes: more, validation: 'choose' });
    expect(heldOut?.folds).toBe(4);
    expect(heldOut?.meanIou).toBeGreaterThan(0.95);
    expect(heldOut?.confusion.map((row) => row[1])).toEqual([0, 0, 0]);
  });

  it('asks for what is missing', async () => {
    const { options } = await trained();
    await expect(trainClassifier({ ...options, strokes: [] })).rejects.toThrow(/nothing is painted/);
    await expect(trainClassifier({ ...options, strokes: twoStrokes.slice(0, 1) })).rejects.toThrow(
      /Paint a stroke of a second class/,
    );
    await expect(trainClassifier({ ...options, classes: threeClasses.slice(0, 2) })).rejects.toThrow(
      /names class 2 of 2/,
    );
    const blank = {
      ...options,
      readPlanes: async (region: { y0: number; y1: number; x0: number; x1: number }) =>
        new Float32Array((region.y1 - region.y0) * (region.x1 - region.x0)).fill(Number.NaN),
    };
    await expect(trainClassifier(blank)).rejects.toThrow(/not finite/);
    const nothing = { ...options, recipe: { tokens: [], classical: null } };
    await expect(trainClassifier(nothing)).rejects.toThrow(/every feature is switched off/);
    const weights = { ...options, choice: { classWeights: [1, 2] } };
    await expect(trainClassifier(weights)).rejects.toThrow(/class weights 1, 2 for 3 classes/);
  });

  it('aborts before and during', async () => {
    const { input, options, fit } = await trained();
    const abortError = expect.objectContaining({ name: 'AbortError' });
    await expect(trainClassifier({ ...options, signal: AbortSignal.abort() })).rejects.toThrow(abortError);
    const controller = new AbortController();
    const readPlanes: typeof input.readPlanes = (region, seen, o) => {
      controller.abort();
      return input.readPlanes(region, seen, o);
    };
    await expect(trainClassifier({ ...options, readPlanes, signal: controller.signal })).rejects.toThrow(
      abortError,
    );
    const scores = classScores({ fit, ...input });
    await expect(scores.getChunk([0, 0, 0], { signal: AbortSignal.abort() })).rejects.toThrow(abortError);
  });
});
