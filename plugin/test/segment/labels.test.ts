import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { labelsFromScores } from '../../src/segment/labels.ts';
import { units } from '../features/reference.ts';

const axes = [{ name: 'y' }, { name: 'x' }, { name: 'c' }];

describe('labelsFromScores', () => {
  it('moves the edge to where the interpolated scores cross', async () => {
    // Tokens of 4 px with centres at 1.5 and 5.5: class 1 falls from 1 to 0, class 2 rises from 0 to 3.
    // They cross where 1 − s = 3s, s = 1/4, at pixel 1.5 + 4/4 = 2.5: pixels 0 … 2 are 1, the rest 2.
    const scores = fromMemory(Float32Array.of(1, 0, 0, 3), {
      shape: [1, 2, 2],
      dtype: 'float32',
      axes,
      transform: { scale: [4, 4, 1], translation: [1.5, 1.5, 0] },
    });
    const grid = { shape: [2, 8], transform: { scale: [1, 1], translation: [0, 0] } };
    const { data } = await labelsFromScores(scores, grid, 16).getChunk([0, 0], {});
    expect([...data]).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2]);
  });

  it('on its own grid is the largest score, ties to the smallest id, NaN to 0', async () => {
    const n = Number.NaN;
    const scores = fromMemory(Float32Array.of(0.2, 0.5, 0.3, 0.4, 0.4, 0.2, n, n, n), {
      shape: [1, 3, 3],
      dtype: 'float32',
      axes,
    });
    const grid = { shape: [1, 3], transform: { scale: [1, 1], translation: [0, 0] } };
    const lazy = labelsFromScores(scores, grid, 2);
    expect(lazy.dtype).toBe('uint8');
    const { data } = await readRegion(lazy, { start: [0, 0], stop: [1, 3] }, {});
    expect([...data]).toEqual([2, 1, 0]);
  });

  it('gives the same whatever the chunks, and keeps slices apart', async () => {
    const scores = fromMemory(units(0, 2 * 5 * 4 * 3), {
      shape: [2, 5, 4, 3],
      chunkShape: [1, 2, 3, 3],
      dtype: 'float32',
      axes: [{ name: 'z' }, ...axes],
      transform: { scale: [1, 7, 7, 1], translation: [0, 3, 3, 0] },
    });
    const grid = { shape: [2, 33, 26], transform: { scale: [1, 1, 1], translation: [0, 0, 0] } };
    const all = { start: [0, 0, 0], stop: [2, 33, 26] };
    const small = await readRegion(labelsFromScores(scores, grid, 5), all, {});
    const large = await readRegion(labelsFromScores(scores, grid, 64), all, {});
    expect(small.data).toEqual(large.data);
    expect(small.data.subarray(0, 33 * 26)).not.toEqual(small.data.subarray(33 * 26));
  });

  it('takes two bytes from 256 classes on and refuses what does not fit', async () => {
    const make = (classes: number) =>
      fromMemory(new Float32Array(classes), { shape: [1, 1, classes], dtype: 'float32', axes });
    const grid = { shape: [1, 1], transform: { scale: [1, 1], translation: [0, 0] } };
    expect(labelsFromScores(make(255), grid, 8).dtype).toBe('uint8');
    expect(labelsFromScores(make(256), grid, 8).dtype).toBe('uint16');
    expect(() => labelsFromScores(make(2), { ...grid, shape: [1, 1, 1] }, 8)).toThrow(/do not fit/);
    await expect(
      labelsFromScores(make(2), grid, 8).getChunk([0, 0], { signal: AbortSignal.abort() }),
    ).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
