import { describe, expect, it } from 'vitest';
import { fitLogistic, type LogisticModel } from '../../src/segment/logistic.ts';
import { unit, units } from '../features/reference.ts';

const pause = async () => {};

/** The data of features/reference.py: 60 samples of 3 values, class i % 3, raised by 0.4 in its own value. */
function reference(): { samples: Float32Array; labels: Uint16Array } {
  const samples = Float32Array.from(
    { length: 180 },
    (_, i) => unit(i) + (Math.floor(i / 3) % 3 === i % 3 ? 0.4 : 0),
  );
  return { samples, labels: Uint16Array.from({ length: 60 }, (_, i) => i % 3) };
}

function probabilities(model: LogisticModel, sample: Float32Array, classes: readonly number[]): number[] {
  const stride = sample.length + 1;
  const exps = classes.map((c) => {
    const row = model.weights.subarray(c * stride, (c + 1) * stride);
    return Math.exp(sample.reduce((sum, v, i) => sum + v * row[i]!, row[stride - 1]!));
  });
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((v) => v / total);
}

/** scikit-learn 1.9.1 LogisticRegression(C, tol=1e-10), probabilities of samples 0 … 3: reference.py. */
const sklearn = [
  {
    c: 0.02,
    rows: [
      [0.364895, 0.296292, 0.338813],
      [0.329891, 0.353552, 0.316557],
      [0.323597, 0.322828, 0.353575],
      [0.349158, 0.33914, 0.311702],
    ],
  },
  {
    c: 1,
    rows: [
      [0.775967, 0.025209, 0.198824],
      [0.190306, 0.674074, 0.13562],
      [0.162668, 0.175393, 0.66194],
      [0.514956, 0.370171, 0.114873],
    ],
  },
];

describe('fitLogistic', () => {
  for (const { c, rows } of sklearn) {
    it(`agrees with scikit-learn's probabilities at C = ${c}`, async () => {
      const { samples, labels } = reference();
      const model = await fitLogistic(samples, labels, { dim: 3, classes: 3, c, pause });
      rows.forEach((row, i) => {
        const ours = probabilities(model, samples.subarray(3 * i, 3 * i + 3), [0, 1, 2]);
        row.forEach((value, k) => {
          expect(Math.abs(ours[k]! - value)).toBeLessThan(1e-3);
        });
      });
    });
  }

  it('agrees in the binary case, where scikit-learn penalises the difference; absent classes stay out', async () => {
    const { samples, labels } = reference();
    const kept = [...labels.keys()].filter((i) => labels[i]! < 2);
    const two = Float32Array.from(kept.flatMap((i) => [...samples.subarray(3 * i, 3 * i + 3)]));
    // Classes 0 and 1 of the reference are called 1 and 3 of five here.
    const names = Uint16Array.from(kept, (i) => 1 + 2 * labels[i]!);
    const model = await fitLogistic(two, names, { dim: 3, classes: 5, c: 1, pause });
    const expected = [0.908262, 0.302985, 0.562483, 0.376562];
    expected.forEach((value, i) => {
      const [ours] = probabilities(model, two.subarray(3 * i, 3 * i + 3), [1, 3]);
      expect(Math.abs(ours! - value)).toBeLessThan(1e-3);
    });
    expect([...model.counts]).toEqual([0, 20, 0, 20, 0]);
    expect([...model.weights.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('stays bounded on separable data and is deterministic', async () => {
    const samples = Float32Array.from({ length: 40 }, (_, i) => (i < 20 ? -1 : 1) * (1 + unit(i)));
    const labels = Uint16Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
    const options = { dim: 1, classes: 2, c: 0.02, pause };
    const model = await fitLogistic(samples, labels, options);
    // At the optimum W = C · Σ errors · x / penalty, whose size is at most C · Σ |x| ≤ 0.02 · 40 · 2.
    expect(Math.abs(model.weights[0]!)).toBeLessThan(1.6);
    expect(Math.abs(model.weights[0]!)).toBeGreaterThan(0.1);
    expect(await fitLogistic(samples, labels, options)).toEqual(model);
  });

  it('counts a class of weight 3 as three times its samples', async () => {
    const { samples, labels } = reference();
    const options = { dim: 3, classes: 3, c: 0.02, pause };
    const weighted = await fitLogistic(samples, labels, {
      ...options,
      classWeights: Float64Array.of(1, 3, 1),
    });
    const rows = [...labels.keys()].flatMap((i) => (labels[i] === 1 ? [i, i, i] : [i]));
    const repeated = await fitLogistic(
      Float32Array.from(rows.flatMap((i) => [...samples.subarray(3 * i, 3 * i + 3)])),
      Uint16Array.from(rows, (i) => labels[i]!),
      options,
    );
    weighted.weights.forEach((value, i) => {
      expect(Math.abs(value - repeated.weights[i]!)).toBeLessThan(2e-3);
    });
  });

  it('settles within 25 evaluations for 10,000 pixels of 40 values and three classes', async () => {
    const labels = Uint16Array.from({ length: 10_000 }, (_, i) => i % 3);
    const samples = units(0, 400_000).map((v, i) => v + (i % 40 === labels[Math.floor(i / 40)] ? 0.5 : 0));
    let pauses = 0;
    const counted = async () => {
      pauses++;
    };
    await fitLogistic(samples, labels, { dim: 40, classes: 3, c: 0.02, pause: counted });
    // Ten pauses an evaluation, one every 1,024 samples.
    expect(pauses).toBeLessThanOrEqual(250);
  });
});
