import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlibiError } from '../../src/errors.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';

const content = Uint8Array.from({ length: 100 }, (_, i) => i);
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alibi-fs-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('a store in the file system', () => {
  it('gives back what was set, whole and in part', async () => {
    const store = createNodeStore(join(directory, 'new/folder'));
    await store.set('/a/b', content);
    expect(await store.get('/a/b')).toEqual(content);
    expect(await store.getRange?.('/a/b', { offset: 5, length: 3 })).toEqual(content.slice(5, 8));
    expect(await store.getRange?.('/a/b', { suffixLength: 3 })).toEqual(content.slice(97));
    expect(await store.getRange?.('/a/b', { suffixLength: 300 })).toEqual(content);
    expect(await store.getRange?.('/a/b', { offset: 98, length: 30 })).toEqual(content.slice(98));
  });

  it('knows missing keys, folders among them', async () => {
    const store = createNodeStore(directory);
    await store.set('/a/b', content);
    for (const key of ['/none', '/a', '/a/b/c'] as const) {
      expect(await store.get(key)).toBeUndefined();
      expect(await store.getRange?.(key, { suffixLength: 1 })).toBeUndefined();
    }
    await store.delete('/none');
    await store.delete('/a/b');
    expect(await store.get('/a/b')).toBeUndefined();
  });

  it('refuses keys that lead out of it', async () => {
    const store = createNodeStore(directory);
    for (const key of ['/../x', '/a/../../x', '/a\\b', '//x', '/'] as const) {
      await expect(store.get(key)).rejects.toMatchObject({ tag: 'InvalidInput' });
      await expect(store.set(key, content)).rejects.toMatchObject({ tag: 'InvalidInput' });
      await expect(store.delete(key)).rejects.toMatchObject({ tag: 'InvalidInput' });
    }
  });

  it('lists keys below a prefix, without what a killed writer left', async () => {
    const store = createNodeStore(directory);
    for (const key of ['/a/b', '/a/c/d', '/e'] as const) await store.set(key, content);
    await writeFile(join(directory, 'a', '.01234567-89ab-cdef-0123-456789abcdef.tmp'), 'half');
    const keys: string[] = [];
    for await (const key of store.list?.('/a/') ?? []) keys.push(key);
    expect(keys.sort()).toEqual(['/a/b', '/a/c/d']);
    for await (const key of store.list?.('/none/') ?? []) expect(key).toBe('nothing');
  });

  it('replaces at once: readers see the old value or the new one', async () => {
    const store = createNodeStore(directory);
    const size = 2 ** 20;
    await store.set('/x', new Uint8Array(size).fill(0));
    let writing = true;
    const writer = (async () => {
      for (let i = 1; i <= 20; i++) await store.set('/x', new Uint8Array(size).fill(i));
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      const bytes = await store.get('/x');
      expect(bytes?.length).toBe(size);
      expect(bytes?.[0]).toBe(bytes?.[size - 1]);
      reads++;
    }
    await writer;
    expect(reads).toBeGreaterThan(0);
    expect(await readdir(directory)).toEqual(['x']);
  });

  it.skipIf(process.getuid?.() === 0)('says what is not permitted (skipped for root)', async () => {
    const store = createNodeStore(directory);
    await store.set('/x', content);
    await chmod(join(directory, 'x'), 0);
    await expect(store.get('/x')).rejects.toMatchObject({
      tag: 'PermissionDenied',
      where: join(directory, 'x'),
    });
  });

  it('says so where a file is in the way', async () => {
    const store = createNodeStore(directory);
    await store.set('/x', content);
    await expect(store.set('/x/y', content)).rejects.toMatchObject({ tag: 'Environment' });
  });

  it.skipIf(!existsSync('/proc/self'))(
    'gives an error where no folder can be made (skipped: no /proc)',
    async () => {
      const store = createNodeStore('/proc/alibi-zarr/new');
      await expect(store.set('/a', content)).rejects.toThrow(AlibiError);
    },
  );

  it('passes aborts through, before and during, and leaves nothing behind', async () => {
    const store = createNodeStore(directory);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(store.set('/x', content, { signal })).rejects.toBe(reason);
    await expect(store.get('/x', { signal })).rejects.toBe(reason);
    await expect(store.getRange?.('/x', { suffixLength: 1 }, { signal })).rejects.toBe(reason);
    const controller = new AbortController();
    const big = new Uint8Array(2 ** 26);
    const writing = store.set('/x', big, { signal: controller.signal });
    const other = store.set('/y', content);
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    await other;
    expect(await readdir(directory)).toEqual(['y']);
  });
});
