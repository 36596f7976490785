import { describe, expect, it } from 'vitest';
import { forestProbabilities, growForest } from '../../src/segment/forest.ts';
import { units } from '../features/reference.ts';

const pause = async () => {};
const even = Float64Array.of(1, 1);

describe('growForest', () => {
  it('learns what no line separates, and is the same for the same seed', async () => {
    // Two values in [0, 1): class 1 where exactly one of them is above a half.
    const samples = units(0, 2 * 800);
    const label = (i: number) => Number(samples[2 * i]! > 0.5 !== samples[2 * i + 1]! > 0.5);
    const labels = Uint16Array.from({ length: 800 }, (_, i) => label(i));
    const options = { dim: 2, classes: 2, classWeights: even, seed: 3, pause };
    const half = { samples: samples.subarray(0, 800), labels: labels.subarray(0, 400) };
    const forest = await growForest(half.samples, half.labels, options);
    expect(await growForest(half.samples, half.labels, options)).toEqual(forest);
    expect(await growForest(half.samples, half.labels, { ...options, seed: 4 })).not.toEqual(forest);
    const unseen = forestProbabilities(forest, samples.subarray(800), 2, 2);
    let right = 0;
    for (let i = 0; i < 400; i++) if (unseen[2 * i + 1]! > 0.5 === (labels[400 + i] === 1)) right++;
    expect(right / 400).toBeGreaterThan(0.93);
  });

  it('gives probabilities that sum to 1, and those of the samples where they cannot be told apart', async () => {
    // Equal samples, three of class 0 and one of class 1: no split; weighted 1 and 3 the classes are even.
    const samples = new Float32Array(4).fill(0.5);
    const labels = Uint16Array.of(0, 0, 0, 1);
    const grow = (classWeights: Float64Array) =>
      growForest(samples, labels, { dim: 1, classes: 2, classWeights, trees: 3, seed: 0, pause });
    const of = async (weights: Float64Array) => [
      ...forestProbabilities(await grow(weights), samples.subarray(0, 1), 1, 2),
    ];
    expect(await of(even)).toEqual([expect.closeTo(0.75, 6), expect.closeTo(0.25, 6)]);
    expect(await of(Float64Array.of(1, 3))).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.5, 6)]);
  });

  it('asks no more questions than it may', async () => {
    const samples = units(0, 300);
    const labels = Uint16Array.from({ length: 300 }, (_, i) => i % 2);
    const forest = await growForest(samples, labels, {
      dim: 1,
      classes: 2,
      classWeights: even,
      trees: 5,
      depthLimit: 2,
      seed: 0,
      pause,
    });
    // Two questions: at most three inner nodes and four leaves a tree.
    expect(forest.feature.length).toBeLessThanOrEqual(5 * 7);
    expect(forest.values.length).toBe(2 * forest.feature.filter((feature) => feature < 0).length);
  });

  it('is aborted between trees', async () => {
    const controller = new AbortController();
    let trees = 0;
    const stopping = async () => {
      if (trees++ === 2) controller.abort();
      controller.signal.throwIfAborted();
    };
    const options = { dim: 1, classes: 2, classWeights: even, seed: 0, pause: stopping };
    await expect(
      growForest(
        units(0, 20),
        Uint16Array.from({ length: 20 }, (_, i) => i % 2),
        options,
      ),
    ).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(trees).toBe(3);
  });
});
