import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import {
  fitSimilarity,
  similarityColors,
  similarityOf,
  similarityScores,
} from '../../src/features/similarity.ts';

const none = new Float32Array();
const options = {
  dim: 2,
  mean: Float32Array.of(1, 1),
  like: Float32Array.of(4, 5),
  unlike: none,
  source: {},
};
const rounded = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toFixed(6)) + 0);
/** Less the mean: (3, 4), (6, 8), (−3, −4), (−4, 3), (0, 0), (4, 3). */
const tokens = Float32Array.of(4, 5, 7, 9, -2, -3, -3, 4, 1, 1, 5, 4);

describe('similarity', () => {
  it('is the cosine to a prompt without the mean, whatever the length', async () => {
    const fit = await fitSimilarity(options);
    // (4, 3)·(3, 4) / 25
    expect(rounded(similarityOf(tokens, fit))).toEqual([1, 1, -1, 0, 0, 0.96]);
  });

  it('is that to the nearest of several, and below one half where something not looked for is nearer', async () => {
    const both = await fitSimilarity({ ...options, like: Float32Array.of(4, 5, -3, 4) });
    expect(rounded(similarityOf(tokens, both))).toEqual([1, 1, 0, 1, 0, 0.96]);
    const less = await fitSimilarity({ ...options, unlike: Float32Array.of(5, 4, -2, -3) });
    // ½(1 + 1 − 0.96), twice; −1 is less than ½(1 − 1 − 1); 0 to both: 0 is less than ½; (4, 3): ½(1 + 0.96 − 1).
    expect(rounded(similarityOf(tokens, less))).toEqual([0.52, 0.52, -1, 0, 0, 0.48]);
    expect(less.id).not.toBe(both.id);
  });

  it('refuses to look for nothing, and for what is not finite', async () => {
    await expect(fitSimilarity({ ...options, like: none })).rejects.toThrow(/nothing to look for/);
    await expect(fitSimilarity({ ...options, like: Float32Array.of(Number.NaN, 0) })).rejects.toThrow(
      /not finite/,
    );
  });

  it('is drawn from dark violet to yellow, and told apart at a threshold', async () => {
    const fit = await fitSimilarity(options);
    const axes = [{ name: 'y' }, { name: 'x' }, { name: 'c' }];
    const lazy = fromMemory(tokens, { shape: [1, 6, 2], dtype: 'float32', axes });
    const colors = await similarityColors(lazy, fit).getChunk([0, 0, 0], {});
    expect(colors.shape).toEqual([1, 6, 3]);
    expect([...colors.data.slice(0, 3)]).toEqual([255, 255, 0]);
    expect([...colors.data.slice(6, 9)]).toEqual([...colors.data.slice(9, 12)]);
    const scores = await similarityScores(lazy, fit, 0.5).getChunk([0, 0, 0], {});
    expect(rounded(scores.data)).toEqual([1, 0.5, 1, 0.5, -1, 0.5, 0, 0.5, 0, 0.5, 0.96, 0.5]);
    const other = fromMemory(tokens, { shape: [1, 4, 3], dtype: 'float32', axes });
    expect(() => similarityColors(other, fit)).toThrow(/same checkpoint/);
  });
});
