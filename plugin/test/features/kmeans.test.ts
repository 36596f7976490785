import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { clusterScores, fitClusters } from '../../src/features/kmeans.ts';
import { unit, units } from './reference.ts';

const source = { image: 'test' };
const tokenAxes = [{ name: 'y' }, { name: 'x' }, { name: 'c' }];

function blobs(): Float32Array {
  const centres = [0, 0, 5, 4, 0, -5, 0, 6, 0, -7, 1, 2];
  const labels = [50, 30, 20, 40].flatMap((size, label) => new Array<number>(size).fill(label));
  return Float32Array.from({ length: 140 * 3 }, (_, i) => {
    const label = labels[Math.floor(i / 3)]!;
    return centres[label * 3 + (i % 3)]! + unit(1000 + i) - 0.5;
  });
}

function inertia(samples: Float32Array, centroids: Float32Array, dim: number): number {
  let total = 0;
  for (let at = 0; at < samples.length; at += dim) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 0; c < centroids.length; c += dim) {
      let squared = 0;
      for (let i = 0; i < dim; i++) squared += (samples[at + i]! - centroids[c + i]!) ** 2;
      nearest = Math.min(nearest, squared);
    }
    total += nearest;
  }
  return total;
}

describe('fitClusters', () => {
  it('finds scikit-learn’s clusters of separate blobs, the largest first (reference.py)', async () => {
    const fit = await fitClusters(blobs(), { k: 4, dim: 3, seed: 7, source });
    expect(fit.counts).toEqual([50, 40, 30, 20]);
    const expected = [
      -0.0010458, -0.0374488, 4.9601231, -7.0728565, 0.9631139, 1.978909, 3.9866304, -0.0300386, -4.9255686,
      0.002969, 5.9861341, 0.057168,
    ];
    expected.forEach((value, i) => {
      expect(fit.centroids[i]).toBeCloseTo(value, 5);
    });
    expect(inertia(blobs(), fit.centroids, 3)).toBeCloseTo(34.9796, 3);
  });

  it('comes within 3 % of scikit-learn’s best of 50 starts where there are no clusters', async () => {
    const samples = units(5000, 300 * 4);
    const fit = await fitClusters(samples, { k: 5, dim: 4, seed: 1, source, starts: 10 });
    expect(inertia(samples, fit.centroids, 4)).toBeLessThan(49.946 * 1.03);
  });

  it('is a function of samples and seed', async () => {
    const samples = units(0, 200 * 3);
    const once = await fitClusters(samples, { k: 6, dim: 3, seed: 3, source });
    const again = await fitClusters(samples, { k: 6, dim: 3, seed: 3, source });
    expect(again).toEqual(once);
  });

  it('orders clusters of equal size by their first coordinate', async () => {
    const fit = await fitClusters(Float32Array.of(9, 9, 1, 1, 5, 5), { k: 3, dim: 1, seed: 0, source });
    expect([...fit.centroids]).toEqual([1, 5, 9]);
    expect(fit.counts).toEqual([2, 2, 2]);
  });

  it('refuses more clusters than distinct samples, NaN, and k below 1', async () => {
    const same = new Float32Array(12).fill(1);
    await expect(fitClusters(same, { k: 2, dim: 2, seed: 0, source })).rejects.toThrow(
      /fewer than 2 distinct/,
    );
    await expect(fitClusters(same, { k: 7, dim: 2, seed: 0, source })).rejects.toThrow(/6 samples for 7/);
    await expect(fitClusters(same, { k: 0, dim: 2, seed: 0, source })).rejects.toThrow(/k is 0/);
    const bad = Float32Array.of(1, Number.NaN);
    await expect(fitClusters(bad, { k: 1, dim: 1, seed: 0, source })).rejects.toThrow(/not finite/);
  });

  it('aborts before and during', async () => {
    const samples = units(0, 3000 * 64);
    const options = { k: 12, dim: 64, seed: 0, source };
    await expect(fitClusters(samples, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    const controller = new AbortController();
    const running = fitClusters(samples, { ...options, signal: controller.signal });
    setTimeout(() => controller.abort(), 0);
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('clusterScores', () => {
  it('gives minus the squared distance to each centroid', async () => {
    const fit = await fitClusters(Float32Array.of(0, 0, 0, 0, 3, 4), { k: 2, dim: 2, seed: 0, source });
    const tokens = fromMemory(Float32Array.of(0, 0, 3, 4, 3, 0), {
      shape: [1, 3, 2],
      dtype: 'float32',
      axes: tokenAxes,
    });
    const { data, shape } = await clusterScores(tokens, fit).getChunk([0, 0, 0], {});
    expect(shape).toEqual([1, 3, 2]);
    // To (0, 0) and (3, 4): 0, 25; 25, 0; 9, 16.
    expect([...data].map((v) => v + 0)).toEqual([0, -25, -25, 0, -9, -16]);
  });
});
