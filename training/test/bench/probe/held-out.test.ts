import { createRandom } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { heldOutProbe, heldOutSteps } from '../../../src/bench/probe/held-out.ts';
import { RAMP_NAMES, rampOf } from '../../../src/bench/probe/ramps.ts';
import { referenceProbe } from '../../../src/bench/probe/reference-probe.ts';
import type { TokenGrid } from '../../../src/bench/tokens.ts';
import { noiseTokens } from '../noise.ts';

const shape = { rows: 12, cols: 12, dim: 120 };
const noPause = async (): Promise<void> => {};

/** Noise with the ramps lr and ud in two channels, and an offset of each image's own in all. */
function placed(seed: number): TokenGrid {
  const tokens = noiseTokens(seed, shape);
  const [lr, ud] = [rampOf('lr', 12, 12), rampOf('ud', 12, 12)];
  for (let t = 0; t < 144; t++) {
    tokens.data[t * shape.dim] = 3 * (lr[t] ?? 0);
    tokens.data[t * shape.dim + 1] = -2 * (ud[t] ?? 0);
    for (let c = 0; c < shape.dim; c++) {
      tokens.data[t * shape.dim + c] = (tokens.data[t * shape.dim + c] ?? 0) + 10 * seed;
    }
  }
  return tokens;
}

describe('the held-out probe', () => {
  it('finds nothing in noise, where a fit to the tokens it is scored on finds most', async () => {
    const images = [1, 2, 3, 4].map((seed) => noiseTokens(seed, shape));
    const held = await heldOutProbe(images, noPause);
    expect(held.samples).toBe(3 * 144);
    for (const { r2, perImage } of held.ramps) {
      expect(r2).toBeLessThan(0.01);
      expect(r2).toBeGreaterThan(-0.2);
      expect(perImage).toHaveLength(4);
    }
    // 144 samples and 120 channels: the reference's regression explains most of any ramp in the very tokens it has seen.
    const random = createRandom(1);
    const fooled = await referenceProbe(images, { step: 1, repeats: 1, random }, noPause);
    for (const { r2 } of fooled.ramps) expect(r2).toBeGreaterThan(0.6);
    // Trained on a few of them it does worse than the mean, and says so: nothing is clamped.
    const few = await referenceProbe(images, { step: 3, repeats: 3, random }, noPause);
    for (const { r2 } of few.ramps) expect(r2).toBeLessThan(0);
    expect(few.samples).toBe(16);
  });

  it('finds a place that is written the same way into every image, whatever the images’ own offsets', async () => {
    // 288 samples and 118 channels of noise: the strength that noise and ramps agree on leaves a few per cent.
    const held = await heldOutProbe([1, 2, 3].map(placed), noPause);
    const by = new Map(held.ramps.map(({ ramp, r2 }) => [ramp, r2]));
    for (const ramp of ['lr', 'ud', 'diag'] as const) expect(by.get(ramp)).toBeGreaterThan(0.95);
    // By symmetry no linear function of x and y is like a bowl.
    expect(by.get('radial')).toBeLessThan(0.05);
  });

  it('gives what scikit-learn gives with the same folds', async () => {
    // Ridge(alpha = strength · n, fit_intercept = False) of scikit-learn 1.9 on the same numbers, each image centred, features
    // over their deviation in training, strengths chosen by the same inner folds.
    const [rows, cols, dim] = [6, 7, 5];
    const images = [0, 1, 2, 3].map((n) => {
      const data = Float32Array.from({ length: rows * cols * dim }, (_, i) => {
        const [t, c] = [Math.floor(i / dim), i % dim];
        const place = 0.25 * (t % cols) * (c % 2) + (c === 2 ? 0.15 * Math.floor(t / cols) : 0);
        return Math.sin(1 + t * (c + 1) * 0.7 + n * 1.3 + c * c) + place + n;
      });
      return { rows, cols, dim, data };
    });
    let steps = 0;
    const { strengths, ramps } = await heldOutProbe(images, async () => {
      steps++;
    });
    expect(steps).toBe(heldOutSteps(4));
    expect(strengths).toEqual([0.1, 0.1, 0.1, 0.1]);
    const pooled = [0.4531371327, 0.104733146, 0.3057970254, 0.0039764758];
    expect(ramps.map(({ r2 }) => r2)).toEqual(pooled.map((r2) => expect.closeTo(r2, 5)));
    const radial = [-0.0130615528, 0.0140939097, 0.0082928014, 0.006580745];
    expect(ramps[3]?.perImage).toEqual(radial.map((r2) => expect.closeTo(r2, 5)));
  });

  it('stops when asked to', async () => {
    const abort = new DOMException('stop', 'AbortError');
    let calls = 0;
    const pause = async (): Promise<void> => {
      if (++calls > 5) throw abort;
    };
    await expect(heldOutProbe([1, 2, 3].map(placed), pause)).rejects.toBe(abort);
  });
});

describe('the reference protocol', () => {
  it('reads a ramp that a channel holds exactly', async () => {
    // Channel c is ramp c; trained on all n tokens alone a channel has R² 1 − 1 / (n + 1)² with α = 1.
    const ramps = RAMP_NAMES.map((name) => rampOf(name, 8, 8));
    const data = Float32Array.from({ length: 256 }, (_, i) => ramps[i % 4]?.[i >> 2] ?? 0);
    const tokens = { rows: 8, cols: 8, dim: 4, data };
    const probe = await referenceProbe([tokens], { step: 1, repeats: 1, random: createRandom(3) }, noPause);
    for (const [r, { r2, perChannel, deviation, perImage }] of probe.ramps.entries()) {
      expect(r2).toBeGreaterThan(0.99);
      expect(perImage).toEqual([r2]);
      expect(deviation).toBe(0);
      expect(perChannel[r]).toBeCloseTo(1 - 1 / 65 ** 2, 5);
    }
  });

  it('draws other tokens for another seed and the same for the same', async () => {
    const images = [noiseTokens(5, shape)];
    const at = async (seed: number) =>
      (await referenceProbe(images, { step: 3, repeats: 1, random: createRandom(seed) }, noPause)).ramps[0]
        ?.r2;
    expect(await at(1)).toBe(await at(1));
    expect(await at(1)).not.toBe(await at(2));
  });

  it('refuses to train on fewer than two tokens', async () => {
    const images = [noiseTokens(5, { ...shape, rows: 3, cols: 3 })];
    await expect(
      referenceProbe(images, { step: 3, repeats: 1, random: createRandom(1) }, noPause),
    ).rejects.toThrow(/--step/);
  });
});
