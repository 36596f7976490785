import { describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { projectPca } from '../../src/features/pca.ts';
import { resampleBilinear } from '../../src/raster/resample.ts';
import { classScores } from '../../src/segment/classes.ts';
import { createFeatureSource } from '../../src/segment/feature-source.ts';
import { imageFeatures, readTokenPatch } from '../../src/segment/pixel-features.ts';
import { trainClassifier } from '../../src/segment/train.ts';
import { basis, scene, threeClasses, twoStrokes } from './scene.ts';

const height = 300;
const width = 290;

async function trained(components = 3) {
  const made = scene(height, width, 7);
  const pca = await basis(made.values, components);
  const options = {
    ...made.input,
    classes: threeClasses,
    strokes: twoStrokes,
    recipe: { level: 0, pca, channels: 1 },
    finest: made.finest,
  };
  return { ...made, options, fit: await trainClassifier(options) };
}

describe('imageFeatures and readTokenPatch', () => {
  it('give a pixel the same values in a tile as in the whole image', async () => {
    const { input, options } = await trained();
    const source = createFeatureSource(input);
    const recipe = { ...options.recipe, sigmasPx: [1, 2, 4, 8] };
    const all = { t: 0, z: 0, y0: 0, y1: height, x0: 0, x1: width };
    const tile = { t: 0, z: 0, y0: 100, y1: 164, x0: 230, x1: width };
    const whole = await imageFeatures(source, recipe, all, {});
    const part = await imageFeatures(source, recipe, tile, {});
    const wholePatch = await readTokenPatch(source, all, {});
    const partPatch = await readTokenPatch(source, tile, {});
    const up = (patch: typeof wholePatch) =>
      resampleBilinear(patch.tokens, { cols: patch.cols, dim: 6 }, patch.rowTaps, patch.colTaps);
    const wholeTokens = up(wholePatch);
    const partTokens = up(partPatch);
    let difference = 0;
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 60; x++) {
        const at = (y + 100) * width + x + 230;
        part.forEach((plane, f) => {
          difference = Math.max(difference, Math.abs(plane[y * 60 + x]! - whole[f]![at]!));
        });
        for (let c = 0; c < 6; c++) {
          const token = partTokens[(y * 60 + x) * 6 + c]! - wholeTokens[at * 6 + c]!;
          difference = Math.max(difference, Math.abs(token));
        }
      }
    }
    expect(part).toHaveLength(8);
    expect(difference).toBeLessThanOrEqual(1e-5);
  });
});

describe('trainClassifier and classScores', () => {
  it('tells the halves apart, leaves the unpainted class at 0 and sums to 1', async () => {
    const { input, fit } = await trained();
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
    expect(offSum).toBeLessThan(1e-6);
    // Bilinear tokens and wide Gaussians blur the border by about a token; elsewhere it must be right.
    expect(wrong / (height * width)).toBeLessThan(0.03);
    expect(fit.counts[1]).toBe(0);
    expect(fit.counts[0]).toBeGreaterThan(300);
  });

  it('predicts what the weights say of the features one by one', async () => {
    const { input, fit } = await trained();
    const source = createFeatureSource(input);
    const region = { t: 0, z: 0, y0: 256, y1: height, x0: 256, x1: width };
    const image = await imageFeatures(source, fit.recipe, region, {});
    const patch = await readTokenPatch(source, region, {});
    const projected = projectPca(patch.tokens, fit.recipe.pca, 3);
    const tokens = resampleBilinear(projected, { cols: patch.cols, dim: 3 }, patch.rowTaps, patch.colTaps);
    const chunk = await classScores({ fit, ...input }).getChunk([1, 1, 0], {});
    expect(chunk.shape).toEqual([44, 34, 3]);
    for (let pixel = 0; pixel < 44 * 34; pixel++) {
      const stride = fit.mean.length + 1;
      const raw = [...tokens.subarray(3 * pixel, 3 * pixel + 3), ...image.map((plane) => plane[pixel]!)];
      const [dark, bright] = [0, 2].map((k) =>
        raw.reduce(
          (sum, value, f) => sum + (fit.weights[k * stride + f]! * (value - fit.mean[f]!)) / fit.scale[f]!,
          fit.weights[(k + 1) * stride - 1]!,
        ),
      ) as [number, number];
      expect(Math.abs(chunk.data[3 * pixel]! - 1 / (1 + Math.exp(bright - dark)))).toBeLessThan(1e-4);
    }
  });

  it('gives the token components one scale, so that their small ones stay small', async () => {
    const { fit } = await trained();
    expect(fit.mean).toHaveLength(3 + 2 * 5);
    expect(new Set(fit.scale.subarray(0, 3)).size).toBe(1);
    expect(new Set(fit.scale.subarray(3)).size).toBe(10);
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

  it('asks for what is missing', async () => {
    const { options } = await trained();
    await expect(trainClassifier({ ...options, strokes: [] })).rejects.toThrow(/nothing is painted/);
    await expect(trainClassifier({ ...options, strokes: twoStrokes.slice(0, 1) })).rejects.toThrow(
      /Paint a stroke of a second class/,
    );
    await expect(trainClassifier({ ...options, classes: threeClasses.slice(0, 2) })).rejects.toThrow(
      /names class 2 of 2/,
    );
    const blank = { ...options, readNormalised: async () => new Float32Array(1e6).fill(Number.NaN) };
    await expect(trainClassifier(blank)).rejects.toThrow(/not finite/);
  });

  it('aborts before and during', async () => {
    const { input, options, fit } = await trained();
    const abortError = expect.objectContaining({ name: 'AbortError' });
    await expect(trainClassifier({ ...options, signal: AbortSignal.abort() })).rejects.toThrow(abortError);
    const controller = new AbortController();
    const readNormalised: typeof input.readNormalised = (region, o) => {
      controller.abort();
      return input.readNormalised(region, o);
    };
    await expect(trainClassifier({ ...options, readNormalised, signal: controller.signal })).rejects.toThrow(
      abortError,
    );
    const scores = classScores({ fit, ...input });
    await expect(scores.getChunk([0, 0, 0], { signal: AbortSignal.abort() })).rejects.toThrow(abortError);
  });
});
