import { describe, expect, it } from 'vitest';
import { cached } from '../../src/array/cached.ts';
import { createChunkCache } from '../../src/array/chunk-cache.ts';
import { type FakeArray, fakeArray } from './fake-array.ts';

// Chunks of two float32: eight bytes each.
const shape = { shape: [20], chunkShape: [2] };

describe('cached', () => {
  it('asks once for a chunk it holds', async () => {
    const source = fakeArray(shape);
    const array = cached(source, { byteLimit: 100 });
    const first = await array.getChunk([3], {});
    expect(await array.getChunk([3], {})).toBe(first);
    expect(source.asked).toEqual(['3']);
  });

  it('drops what was used longest ago when its bytes run out', async () => {
    const source = fakeArray(shape);
    const evicted: string[] = [];
    const array = cached(source, { byteLimit: 16, onEvict: (index) => evicted.push(index.join()) });
    for (const i of [0, 1, 0, 2]) await array.getChunk([i], {}); // 1 was used before 0
    expect(evicted).toEqual(['1']);
    for (const i of [0, 2]) await array.getChunk([i], {});
    expect(source.asked).toEqual(['0', '1', '2']);
    await array.getChunk([1], {});
    expect(source.asked).toEqual(['0', '1', '2', '1']);
  });

  it('serves several arrays from one cache without mixing them up', async () => {
    const cache = createChunkCache({ byteLimit: 16 });
    const a = fakeArray({ ...shape, value: () => 1 });
    const b = fakeArray({ ...shape, value: () => 2 });
    const [cachedA, cachedB] = [cached(a, { cache }), cached(b, { cache })];
    expect((await cachedA.getChunk([0], {})).data[0]).toBe(1);
    expect((await cachedB.getChunk([0], {})).data[0]).toBe(2);
    expect(cache.bytes).toBe(16);
    await cachedB.getChunk([1], {});
    expect([cache.bytes, cache.size]).toEqual([16, 2]);
    await cachedA.getChunk([0], {});
    expect(a.asked).toEqual(['0', '0']);
  });

  it('gives but does not keep a chunk larger than the limit', async () => {
    const cache = createChunkCache({ byteLimit: 7 });
    const array = cached(fakeArray(shape), { cache });
    expect((await array.getChunk([1], {})).data.length).toBe(2);
    expect(cache.bytes).toBe(0);
  });

  it('asks anew after an edit', async () => {
    const source: FakeArray<'float32'> = fakeArray({ ...shape, value: () => source.revision });
    const array = cached(source, { byteLimit: 100 });
    await array.getChunk([0], {});
    source.revision = 1;
    expect((await array.getChunk([0], {})).data[0]).toBe(1);
  });

  it('keeps neither a failure nor an abort', async () => {
    let fails = true;
    const source = fakeArray({
      ...shape,
      before: async () => {
        if (fails) throw new Error('lost');
      },
    });
    const array = cached(source, { byteLimit: 100 });
    await expect(array.getChunk([0], {})).rejects.toThrow('lost');
    fails = false;
    expect((await array.getChunk([0], {})).data[1]).toBe(1);
    const signal = AbortSignal.abort();
    await expect(array.getChunk([0], { signal })).rejects.toBe(signal.reason);
  });

  it('empties one array’s share of a cache', async () => {
    const cache = createChunkCache({ byteLimit: 100 });
    const [a, b] = [cache.scope<'uint8'>(), cache.scope<'uint8'>()];
    a.set('k', { data: new Uint8Array(3), shape: [3] });
    b.set('k', { data: new Uint8Array(5), shape: [5] });
    a.clear();
    expect([a.get('k'), b.get('k')?.shape, cache.bytes]).toEqual([undefined, [5], 5]);
  });
});
