import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { readPlaneReflected } from '../../src/array/plane.ts';
import { classicalFeatures } from '../../src/segment/classical-features.ts';
import { createFeatureSource } from '../../src/segment/feature-source.ts';
import { spreadPlane } from '../../src/segment/pixel-features.ts';
import { type ClassicalRecipe, classicalKinds } from '../../src/segment/recipe.ts';
import type { SliceRegion } from '../../src/segment/types.ts';
import { units } from '../features/reference.ts';
import { normalisation } from './scene.ts';

const recipe: ClassicalRecipe = {
  normalisation,
  sigmas: [1, 2],
  unit: 'pixel',
  kinds: classicalKinds,
  zContext: false,
};

function sourceOf(data: Float32Array, shape: readonly number[], sizes?: readonly number[]) {
  const names = ['z', 'y', 'x'].slice(3 - shape.length);
  const pixels = fromMemory(data, {
    shape,
    dtype: 'float32',
    ...(sizes === undefined
      ? {}
      : {
          axes: names.map((name) => ({ name, type: 'space', unit: 'micrometer' })),
          transform: { scale: sizes, translation: sizes.map(() => 0) },
        }),
  });
  return createFeatureSource({
    pixels,
    patchPx: 14,
    tokens: () => {
      throw new Error('no tokens are asked for');
    },
    readPlanes: async (region, _, o) => (await readPlaneReflected(pixels, { z: region.z }, region, o)).data,
  });
}

/** Every feature at a pixel of a region. */
async function featuresAt(
  source: ReturnType<typeof sourceOf>,
  asked: ClassicalRecipe,
  region: SliceRegion,
  y: number,
  x: number,
): Promise<number[]> {
  const groups = await classicalFeatures(source, asked, region, {});
  const width = region.x1 - region.x0;
  return groups.flatMap((group) =>
    group.planes.map((plane) => {
      const out = new Float32Array(1);
      const pixels = Int32Array.of((y - region.y0) * width + x - region.x0);
      spreadPlane(group, plane, width, pixels, { out, step: 1, offset: 0 });
      return out[0]!;
    }),
  );
}

const all = (height: number, width: number, z = 0): SliceRegion => ({
  t: 0,
  z,
  y0: 0,
  y1: height,
  x0: 0,
  x1: width,
});

describe('classicalFeatures', () => {
  it('agrees with scipy: Gaussian, gradient, Hessian, structure tensor, difference', async () => {
    const source = sourceOf(units(300, 24 * 20), [24, 20]);
    // ../features/reference.py
    const scipy = {
      middle: [
        0.464158, 0.044518, 0.113018, 0.019655, 0.041897, 0.021797, -0.05052, 0.519354, 0.014644, 0.003995,
        -0.005286, 0.015386, 0.006278, 0.009524,
      ],
      corner: [
        0.134978, 0, 0.025664, 0.023298, 0.067725, 0.042552, -0.076748, 0.267405, 0, 0.037022, 0.020487,
        0.03181, 0.021451, -0.099141,
      ],
    };
    for (const [expected, y, x] of [
      [scipy.middle, 11, 9],
      [scipy.corner, 0, 19],
    ] as const) {
      const values = await featuresAt(source, recipe, all(24, 20), y, x);
      expect(values).toHaveLength(expected.length);
      values.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(3e-6);
      });
    }
  });

  it('gives a pixel the same values whatever the region, to the bit, wide scales included', async () => {
    const source = sourceOf(units(0, 150 * 170), [150, 170]);
    const wide = { ...recipe, sigmas: [0, 1, 4, 16] };
    for (const [y, x] of [
      [70, 101],
      [0, 169],
      [149, 64],
    ] as const) {
      const whole = await featuresAt(source, wide, all(150, 170), y, x);
      const part = { t: 0, z: 0, y0: Math.max(0, y - 3), y1: Math.min(150, y + 9), x0: x - 7, x1: x + 1 };
      expect(await featuresAt(source, wide, part, y, x)).toEqual(whole);
    }
  });

  it('takes sizes in micrometres on both axes of pixels that are not square', async () => {
    // f = (3x)² + y² in µm, x three times as long: a blob round in µm has the same size along both axes, so that the
    // second derivatives per pixel along x, 2 · 3² and 2 · 3², are alike and so are the eigenvalues of the Hessian.
    const f = Float32Array.from({ length: 60 * 40 }, (_, i) => {
      const y = Math.floor(i / 40) - 30;
      const x = (i % 40) - 20;
      return ((3 * x) ** 2 + y ** 2) / 1000;
    });
    const source = sourceOf(f, [60, 40], [1, 3]);
    const asked: ClassicalRecipe = { ...recipe, sigmas: [3], unit: 'micrometer', kinds: ['hessian'] };
    const [larger, smaller] = await featuresAt(source, asked, all(60, 40), 30, 20);
    expect(larger! * 1000).toBeCloseTo(18, 2);
    expect(smaller! * 1000).toBeCloseTo(18, 2);
  });

  it('looks along z by the same size in micrometres, and only when asked to', async () => {
    // Nine slices, 2 µm apart, of which slice 4 is 1: smoothed by σ = 2 µm, one slice, its neighbours get e^(-1/2) of its share.
    const stack = new Float32Array(9 * 16 * 16);
    stack.fill(1, 4 * 256, 5 * 256);
    const source = sourceOf(stack, [9, 16, 16], [2, 1, 1]);
    const asked: ClassicalRecipe = {
      ...recipe,
      sigmas: [2],
      unit: 'micrometer',
      kinds: ['gaussian'],
      zContext: true,
    };
    const at = async (z: number, zContext: boolean) =>
      (await featuresAt(source, { ...asked, zContext }, all(16, 16, z), 8, 8))[0]!;
    expect((await at(5, true)) / (await at(4, true))).toBeCloseTo(Math.exp(-0.5), 5);
    expect(await at(5, false)).toBe(0);
    expect(await at(4, false)).toBeCloseTo(1, 6);
  });

  it('stays within a few parts in a thousand of the dense result where it works on a lattice', async () => {
    // σ = 8 is computed on every fourth pixel; a wave of 100 px, smoothed, has amplitude e^(-(2π/100)²·8²/2).
    const wave = (y: number, x: number) => Math.sin((2 * Math.PI * (x + 0.5 * y)) / 100);
    const image = Float32Array.from({ length: 400 * 400 }, (_, i) => wave(Math.floor(i / 400), i % 400));
    const source = sourceOf(image, [400, 400]);
    const asked: ClassicalRecipe = { ...recipe, sigmas: [8], kinds: ['gaussian'] };
    const k = (2 * Math.PI) / 100;
    const damping = Math.exp((-(k * k) * 1.25 * 64) / 2);
    for (const x of [200, 201, 202, 203]) {
      const [value] = await featuresAt(
        source,
        asked,
        { ...all(400, 400), y0: 190, y1: 210, x0: 190, x1: 210 },
        201,
        x,
      );
      expect(Math.abs(value! - damping * wave(201, x))).toBeLessThan(5e-3);
    }
  });
});
