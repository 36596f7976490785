import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { createRandom, sampleIndices } from '../../src/array/random.ts';

describe('fromMemory', () => {
  it('gives chunks in C order, clipped at the far edges', async () => {
    const data = Uint16Array.from({ length: 15 }, (_, i) => i);
    const lazy = fromMemory(data, { shape: [3, 5], chunkShape: [2, 3], dtype: 'uint16' });
    expect(lazy.axes.map((axis) => axis.name)).toEqual(['y', 'x']);
    expect((await lazy.getChunk([0, 0], {})).data).toEqual(Uint16Array.of(0, 1, 2, 5, 6, 7));
    const corner = await lazy.getChunk([1, 1], {});
    expect(corner.shape).toEqual([1, 2]);
    expect(corner.data).toEqual(Uint16Array.of(13, 14));
  });

  it('fills 64-bit arrays with a bigint and refuses data that do not fit', async () => {
    expect(fromMemory(new BigUint64Array(4), { shape: [2, 2], dtype: 'uint64' }).fillValue).toBe(0n);
    expect(() => fromMemory(new Uint8Array(5), { shape: [2, 2], dtype: 'uint8' })).toThrow(/do not fill/);
    expect(() => fromMemory(new Uint8Array(1), { shape: [1, 1, 1, 1, 1], dtype: 'uint8' })).toThrow(
      /4 axes for 5/,
    );
  });

  it('rejects with the abort’s reason', async () => {
    const lazy = fromMemory(new Uint8Array(4), { shape: [2, 2], dtype: 'uint8' });
    await expect(lazy.getChunk([0, 0], { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });
});

describe('sampleIndices', () => {
  it('draws distinct rising indices, the same for a seed', () => {
    const drawn = sampleIndices(1000, 100, createRandom(5));
    expect(drawn).toEqual(sampleIndices(1000, 100, createRandom(5)));
    expect(drawn).not.toEqual(sampleIndices(1000, 100, createRandom(6)));
    expect(drawn.every((v, i) => i === 0 || v > drawn[i - 1]!)).toBe(true);
    expect(drawn).toHaveLength(100);
    expect([...sampleIndices(3, 5, createRandom(0))]).toEqual([0, 1, 2]);
  });
});
