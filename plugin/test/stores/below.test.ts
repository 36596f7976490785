import { describe, expect, it } from 'vitest';
import { below } from '../../src/stores/below.ts';
import { isWritable, type ReadStore, type WriteStore } from '../../src/stores/store.ts';

const bytes = Uint8Array.of(1, 2, 3);

const holding = (held: string): ReadStore => ({ get: async (key) => (key === held ? bytes : undefined) });

describe('part of a store', () => {
  it.each(['A/1', '/A/1/', '//A//1'])('has its keys below "%s"', async (path) => {
    const part = below(holding('/A/1/zarr.json'), path);
    expect(await part.get('/zarr.json')).toBe(bytes);
    expect(await part.get('/A/1/zarr.json')).toBeUndefined();
  });

  it('is the whole store where the path is empty', async () => {
    expect(await below(holding('/zarr.json'), '').get('/zarr.json')).toBe(bytes);
  });

  it('reads parts of values only where the store can, and hands on the signal', async () => {
    const asked: unknown[] = [];
    const store: ReadStore = {
      get: async () => undefined,
      getRange: async (...call) => {
        asked.push(call);
        return bytes;
      },
    };
    const { signal } = new AbortController();
    await below(store, 'a').getRange?.('/c/0', { suffixLength: 4 }, { signal });
    expect(asked).toEqual([['/a/c/0', { suffixLength: 4 }, { signal }]]);
    expect(below({ get: store.get }, 'a').getRange).toBeUndefined();
  });

  it('is writable where the store is', async () => {
    const done: string[] = [];
    const store: WriteStore = {
      get: async () => undefined,
      set: async (key) => void done.push(`set ${key}`),
      delete: async (key) => void done.push(`delete ${key}`),
    };
    const part = below(store, 'A/1');
    if (!isWritable(part)) throw new Error('not writable');
    await part.set('/labels/zarr.json', bytes);
    await part.delete('/labels/old');
    expect(done).toEqual(['set /A/1/labels/zarr.json', 'delete /A/1/labels/old']);
    expect(isWritable(below({ get: store.get }, 'A/1'))).toBe(false);
  });
});
