import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { createCovariance } from '../../src/features/covariance.ts';
import { largestEigenpairs } from '../../src/features/eigen.ts';
import { fitPca, pcaColours, projectPca } from '../../src/features/pca.ts';
import { units } from './reference.ts';

const source = { image: 'test' };
const noPause = async () => {};

/** The float32 tensors of a safetensors file: 8 bytes of header length, JSON header, data. */
async function readTensors(path: string): Promise<(name: string) => Float32Array> {
  const bytes = await readFile(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength));
  return (name) => {
    const [begin, end] = header[name].data_offsets;
    const data = bytes.subarray(8 + headerLength + begin, 8 + headerLength + end);
    return new Float32Array(Uint8Array.from(data).buffer);
  };
}

describe('fitPca', () => {
  const golden = ['golden', 'tiny', 'probe_inputs.safetensors'];
  it.skipIf(!hasShared(...golden))(
    'agrees with scikit-learn’s full SVD (skipped: no ../shared/golden)',
    async () => {
      const tensor = await readTensors(sharedPath(...golden));
      const samples = tensor('feats.alibi');
      const fit = await fitPca(samples, { dim: 48, components: 3, source });
      const components = tensor('pca.components');
      const projection = tensor('pca.projection');
      const ours = projectPca(samples, fit, 3);
      expect(distance(fit.mean, tensor('pca.mean'))).toBeLessThan(1e-4);
      for (let k = 0; k < 3; k++) {
        const reference = components.subarray(k * 48, (k + 1) * 48);
        // Our sign rule: the entry of largest magnitude is positive.
        const peak = reference.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0);
        const sign = Math.sign(peak);
        expect(
          distance(
            fit.axes.subarray(k * 48, (k + 1) * 48),
            reference.map((v) => v * sign),
          ),
        ).toBeLessThan(1e-4);
        const theirs = Float32Array.from({ length: 400 }, (_, i) => sign * projection[i * 3 + k]!);
        const own = Float32Array.from({ length: 400 }, (_, i) => ours[i * 3 + k]!);
        expect(distance(own, theirs)).toBeLessThan(1e-4);
      }
      expect(distance(fit.variance, tensor('pca.explained_variance'))).toBeLessThan(1e-4);
    },
  );

  it('has an id that follows its content', async () => {
    const samples = units(0, 40 * 5);
    const fit = await fitPca(samples, { dim: 5, components: 3, source });
    expect((await fitPca(samples, { dim: 5, components: 3, source })).id).toBe(fit.id);
    expect((await fitPca(samples, { dim: 5, components: 3, source: { image: 'b' } })).id).not.toBe(fit.id);
    expect(fit.id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('draws constant samples as mid-grey', async () => {
    const samples = new Float32Array(6 * 4).fill(2.5);
    const fit = await fitPca(samples, { dim: 4, components: 3, source });
    expect([...fit.variance]).toEqual([0, 0, 0]);
    const tokens = fromMemory(samples, { shape: [2, 3, 4], dtype: 'float32', axes: axes('y', 'x', 'c') });
    const colours = await pcaColours(tokens, fit).getChunk([0, 0, 0], {});
    expect(colours.shape).toEqual([2, 3, 3]);
    expect([...colours.data]).toEqual(new Array(18).fill(128));
  });

  it('completes the basis where samples span too little', async () => {
    // Two samples differ along (3, 4, 0) only: the first axis is (0.6, 0.8, 0), variance 25 / 2.
    const fit = await fitPca(Float32Array.of(0, 0, 1, 3, 4, 1), { dim: 3, components: 3, source });
    expect(distance(fit.axes.subarray(0, 3), Float32Array.of(0.6, 0.8, 0))).toBeLessThan(1e-6);
    expect(fit.variance[0]).toBeCloseTo(12.5, 5);
    expect(fit.variance[1]).toBeLessThan(1e-12);
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) {
        const dot = [0, 1, 2].reduce((sum, i) => sum + fit.axes[a * 3 + i]! * fit.axes[b * 3 + i]!, 0);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 6);
      }
    }
  });

  it('maps the 1 and 99 percentiles to 0 and 255', async () => {
    // 101 samples 0 … 100 along one axis: percentiles by rank are 1 and 99, about the mean of 50.
    const samples = Float32Array.from({ length: 303 }, (_, i) => (i % 3 === 0 ? i / 3 : 0));
    const fit = await fitPca(samples, { dim: 3, components: 3, source });
    expect(fit.ranges[0]).toBeCloseTo(-49, 4);
    expect(fit.ranges[1]).toBeCloseTo(49, 4);
    const tokens = fromMemory(Float32Array.of(0, 0, 0, 1, 0, 0, 50, 0, 0, 99, 0, 0, 100, 0, 0), {
      shape: [1, 5, 3],
      dtype: 'float32',
      axes: axes('y', 'x', 'c'),
    });
    const { data } = await pcaColours(tokens, fit).getChunk([0, 0, 0], {});
    expect([0, 1, 2, 3, 4].map((i) => data[i * 3])).toEqual([0, 0, 128, 255, 255]);
  });

  it('refuses what it cannot fit', async () => {
    await expect(fitPca(new Float32Array(0), { dim: 3, components: 1, source })).rejects.toThrow(
      /no sample tokens/,
    );
    await expect(fitPca(new Float32Array(6), { dim: 3, components: 4, source })).rejects.toThrow(
      /4 components/,
    );
    await expect(
      fitPca(Float32Array.of(1, Number.NaN, 3), { dim: 3, components: 1, source }),
    ).rejects.toThrow(/value 1 is not finite/);
  });

  it('aborts before and during', async () => {
    const samples = units(0, 2000 * 128);
    const before = AbortSignal.abort();
    await expect(fitPca(samples, { dim: 128, components: 3, source, signal: before })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    const controller = new AbortController();
    const running = fitPca(samples, { dim: 128, components: 3, source, signal: controller.signal });
    setTimeout(() => controller.abort(), 0);
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('createCovariance', () => {
  it('agrees with two passes in float64, whatever the chunks, far from the origin', () => {
    const samples = units(0, 50 * 4).map((v) => v + 1000);
    const whole = createCovariance(4);
    whole.add(samples.subarray(0, 7 * 4));
    whole.add(samples.subarray(7 * 4, 8 * 4));
    const rest = createCovariance(4);
    rest.add(samples.subarray(8 * 4));
    whole.merge(rest);
    const { count, mean, covariance } = whole.done();
    expect(count).toBe(50);
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        let sum = 0;
        for (let i = 0; i < 50; i++)
          sum += (samples[i * 4 + a]! - mean[a]!) * (samples[i * 4 + b]! - mean[b]!);
        expect(covariance[a * 4 + b]).toBeCloseTo(sum / 49, 9);
      }
    }
  });
});

describe('largestEigenpairs', () => {
  it('finds eigenvalues known by construction, also when it stops early', async () => {
    // H = I − 2vvᵀ is orthogonal, so A = H diag(λ) H has the eigenvalues λ and the columns of H as vectors.
    const n = 400;
    const v = Float64Array.from(units(3, n), (u) => u - 0.5);
    const length = Math.hypot(...v);
    const h = (i: number, j: number) => (i === j ? 1 : 0) - (2 * v[i]! * v[j]!) / length ** 2;
    const lambda = Float64Array.from({ length: n }, (_, i) => 100 * 0.9 ** i);
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        // Σₖ h(i,k) λₖ h(k,j), with the rank-one terms multiplied out.
        const a = (2 / length ** 2) * v[i]! * v[j]!;
        matrix[i * n + j] = (i === j ? lambda[i]! : 0) - a * (lambda[i]! + lambda[j]!);
      }
    }
    const middle = v.reduce((sum, value, i) => sum + value * value * lambda[i]!, 0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        matrix[i * n + j] = matrix[i * n + j]! + (4 / length ** 4) * middle * v[i]! * v[j]!;
      }
    }
    const { values, vectors } = await largestEigenpairs(matrix, n, 12, noPause);
    for (let k = 0; k < 12; k++) {
      expect(values[k]).toBeCloseTo(lambda[k]!, 8);
      let dot = 0;
      for (let i = 0; i < n; i++) dot += vectors[k * n + i]! * h(i, k);
      expect(Math.abs(dot)).toBeCloseTo(1, 8);
    }
  });

  it('finds equal eigenvalues of a small matrix', async () => {
    // Ones everywhere plus 2 I, size 4: eigenvalues 6, 2, 2, 2.
    const matrix = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 3 : 1));
    const { values } = await largestEigenpairs(matrix, 4, 4, noPause);
    expect([...values].map((value) => Number(value.toFixed(9)))).toEqual([6, 2, 2, 2]);
  });
});

function axes(...names: string[]) {
  return names.map((name) => ({ name }));
}

/** Largest difference. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = Math.abs(a.length - b.length);
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
