import { describe, expect, it } from 'vitest';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { isWritable, type ReadStore } from '../../src/stores/store.ts';
import { createUnion } from '../../src/stores/union.ts';
import { labelsOf, MemoryStore, writeImage } from '../labels/image-fixture.ts';
import { save } from '../labels/save-to-server.ts';

const readOnly = (store: MemoryStore): ReadStore => ({ get: (key, options) => store.get(key, options) });
const first = async (image: Awaited<ReturnType<typeof openImage>>, name: string) => {
  const [finest] = (await openLabel(image, name)).pyramid;
  const { data } = await finest!.getChunk([0, 0], {});
  return Number(data[0]);
};

describe('createUnion', () => {
  for (const zarrFormat of [2, 3] as const) {
    it(`shows labels that lie elsewhere as if inside the image: v${zarrFormat}`, async () => {
      const own = new MemoryStore();
      const image = await writeImage(own, '/plate/A', { zarrFormat, axes: 'yx', levels: [[8, 8]] });
      const of = (id: number) => labelsOf(image, 'uint8', 8, () => id);
      await save(image, own, { targetPath: '/plate/A', labels: of(1), name: 'own' });
      await save(image, own, { targetPath: '/plate/A', labels: of(2), name: 'both' });
      const union = createUnion(readOnly(own), '/plate/A');
      const open = () => openImage({ store: union.store, path: '/plate/A', location: 'union' });
      expect((await open()).labels.map(({ name }) => name)).toEqual(['own', 'both']);
      const sidecar = new MemoryStore();
      await save(image, sidecar, { labels: of(3), name: 'both' });
      await save(image, sidecar, { labels: of(4), name: 'elsewhere' });
      union.add({ store: sidecar, path: '' });
      const opened = await open();
      expect(opened.labels.map(({ name }) => name)).toEqual(['own', 'both', 'elsewhere']);
      expect([
        await first(opened, 'own'),
        await first(opened, 'both'),
        await first(opened, 'elsewhere'),
      ]).toEqual([1, 3, 4]);
      expect(await union.ownerOf('own')).toBeUndefined();
      expect(await union.ownerOf('both')).toMatchObject({ store: sidecar });
      expect(isWritable(union.store)).toBe(false);
      expect(isWritable(createUnion(own, '').store)).toBe(true);
    });
  }

  it('never puts a label together from two places', async () => {
    const own = new MemoryStore();
    const sidecar = new MemoryStore();
    const bytes = new Uint8Array([1]);
    await own.set('/labels/a/zarr.json', bytes);
    await own.set('/labels/a/0/c/0', bytes);
    await sidecar.set('/labels/a/zarr.json', bytes);
    const union = createUnion(own, '');
    union.add({ store: sidecar, path: '' });
    // A chunk that is missing is the fill value, not the other label's chunk.
    expect(await union.store.get('/labels/a/0/c/0')).toBeUndefined();
    expect(await union.store.get('/0/c/0')).toBeUndefined();
  });

  it('looks anew where labels lie once they came or went', async () => {
    const own = new MemoryStore();
    const sidecar = new MemoryStore();
    const [theirs, ours] = [new Uint8Array([1]), new Uint8Array([2])];
    await own.set('/labels/a/zarr.json', ours);
    await sidecar.set('/labels/a/zarr.json', theirs);
    const union = createUnion(own, '');
    union.add({ store: sidecar, path: '' });
    expect(await union.store.get('/labels/a/zarr.json')).toEqual(theirs);
    await sidecar.delete('/labels/a/zarr.json');
    union.refresh();
    expect(await union.store.get('/labels/a/zarr.json')).toEqual(ours);
    expect(await union.ownerOf('a')).toBeUndefined();
  });
});
