import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { blobs, labelsOf, MemoryStore } from './image-fixture.ts';
import { idsOf, save, smallImage } from './save-to-server.ts';
import { mountSmallDisk, unmountDisk } from './small-disk.ts';

describe('a disk that is full', () => {
  let disk = '';
  let mounted = false;
  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), 'alibi-disk-'));
    mounted = mountSmallDisk(disk, 256);
  });
  afterAll(async () => {
    if (mounted) unmountDisk(disk);
    await rm(disk, { recursive: true, force: true });
  });

  it('is noticed before anything is written, as far as can be told', async ({ skip }) => {
    if (!mounted) skip('mounting a small disk takes root');
    const image = await smallImage(3);
    // (80 × 72 + 40 × 36 + 20 × 18) ids of 8 bytes, as they are.
    const labels = labelsOf(image, 'uint64', 16, blobs);
    const store = createNodeStore(disk);
    const small: WriteStore = { ...bound(store), free: async () => 20_000 };
    await expect(save(image, small, { labels, compression: 'none' })).rejects.toMatchObject({
      tag: 'Environment',
      what: 'saving takes about 0.0605 MB, and 0.0200 MB are free',
      data: { freeBytes: 20_000 },
    });
    expect(await readdir(disk)).toEqual([]);
    const { free } = store;
    expect(await free?.call(store)).toBeGreaterThan(200_000);
    expect(await free?.call(store)).toBeLessThanOrEqual(256 * 1024);
  });

  it('ends a save with what is kept, which goes on once there is room', async ({ skip }) => {
    if (!mounted) skip('mounting a small disk takes root');
    const image = await smallImage(3);
    const labels = labelsOf(image, 'uint64', 16, blobs);
    const store = createNodeStore(disk);
    // Stands for what other programs put there. The disk counts in pages: each of the 38 chunks takes 4 kB.
    await store.set('/others', new Uint8Array(140_000));
    const { free: _, ...blind } = bound(store);
    await expect(save(image, blind, { labels, compression: 'none' })).rejects.toMatchObject({
      tag: 'Environment',
      remedy: /The disk is full.* chunks are kept: continue the save \(--resume\)/,
      data: { code: 'ENOSPC' },
    });
    await store.delete('/others');
    const { resumed } = await save(image, blind, { labels, compression: 'none', resume: true });
    expect(resumed).toBeGreaterThan(0);
    const local = new MemoryStore();
    await save(image, local, { labels });
    expect(await idsOf(store, image)).toEqual(await idsOf(local, image));
  });
});

/** The store's methods as a plain object, to leave one out. */
function bound(store: WriteStore): WriteStore {
  return {
    get: (key, options) => store.get(key, options),
    set: (key, value, options) => store.set(key, value, options),
    delete: (key, options) => store.delete(key, options),
    list: (prefix, options) => store.list!(prefix, options),
    tidy: (folder, options) => store.tidy!(folder, options),
    free: (options) => store.free!(options),
  };
}
