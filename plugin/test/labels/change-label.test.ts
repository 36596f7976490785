import { describe, expect, it } from 'vitest';
import { deleteLabel, renameLabel } from '../../src/labels/change-label.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { validateStore } from '../../src/ome/validate.ts';
import { labelsOf, MemoryStore, writeImage } from './image-fixture.ts';
import { idsOf, save } from './save-to-server.ts';

/** An image with labels of ours, in it. */
async function saved(zarrFormat: 2 | 3, canList: boolean) {
  const store = new MemoryStore({ canList });
  const levels = [
    [40, 36],
    [20, 18],
  ];
  const image = await writeImage(store, '', { zarrFormat, axes: 'yx', levels });
  await save(image, store, { name: 'other' });
  await save(image, store);
  return { store, image };
}

const listed = async (store: MemoryStore) =>
  (await openImage({ store, path: '', location: 'memory' })).labels.map(({ name }) => name);
const keysBelow = (store: MemoryStore, prefix: string) =>
  [...store.values.keys()].filter((key) => key.startsWith(prefix));

for (const zarrFormat of [2, 3] as const) {
  for (const canList of [true, false]) {
    describe(`labels of ours: v${zarrFormat}${canList ? '' : ', where the store cannot list'}`, () => {
      it('are deleted, brought back, and gone for good', async () => {
        const { store } = await saved(zarrFormat, canList);
        const before = store.copy().values;
        const replaced = await deleteLabel({ store, path: '', name: 'phases' });
        expect(await listed(store)).toEqual(['other']);
        await replaced.undo();
        expect(await listed(store)).toEqual(['other', 'phases']);
        expect(store.values).toEqual(before);
        await (await deleteLabel({ store, path: '', name: 'phases' })).remove();
        expect(keysBelow(store, '/labels/phases/')).toEqual([]);
        expect(keysBelow(store, '/labels/other/').length).toBeGreaterThan(0);
      });

      it('are renamed, brought back, and the old ones gone for good', async () => {
        const { store, image } = await saved(zarrFormat, canList);
        const ids = await idsOf(store, image);
        const before = store.copy().values;
        const replaced = await renameLabel({ store, path: '', name: 'phases' }, 'grains');
        expect(await listed(store)).toEqual(['other', 'grains']);
        await replaced.undo();
        expect(await listed(store)).toEqual(['other', 'phases']);
        expect([...store.values.keys()].sort()).toEqual([...before.keys()].sort());
        await (await renameLabel({ store, path: '', name: 'phases' }, 'grains')).remove();
        expect(keysBelow(store, '/labels/phases/')).toEqual([]);
        expect(keysBelow(store, '/labels/grains/').filter((key) => key.includes('journal'))).toEqual([]);
        const label = await openLabel(await openImage({ store, path: '', location: 'memory' }), 'grains');
        expect(label.pyramid).toHaveLength(2);
        await renameLabel({ store, path: '', name: 'grains' }, 'phases');
        expect(await idsOf(store, image)).toEqual(ids);
        expect(
          await validateStore({ store, path: '/labels/phases', location: 'memory' }, { strict: false }),
        ).toMatchObject({
          valid: true,
        });
      });

      it('are replaced, and brought back', async () => {
        const { store, image } = await saved(zarrFormat, canList);
        const before = store.copy().values;
        const labels = labelsOf(image, 'uint8', 16, () => 7);
        const first = await save(image, store, { labels, overwrite: true, keepReplaced: true });
        expect(await idsOf(store, image)).not.toEqual([]);
        await first.replaced?.undo();
        expect(store.values).toEqual(before);
        const second = await save(image, store, { labels, overwrite: true, keepReplaced: true });
        await second.replaced?.remove();
        await expect(second.replaced?.undo()).rejects.toMatchObject({ tag: 'Conflict' });
        const revisions = keysBelow(store, '/labels/phases/').flatMap(
          (key) => /rev-[^/]+/.exec(key)?.[0] ?? [],
        );
        expect(new Set(revisions).size).toBe(1);
      });

      it('that were replaced and left so are removed by the next save', async () => {
        const { store, image } = await saved(zarrFormat, canList);
        const first = await save(image, store, { overwrite: true, keepReplaced: true });
        await save(image, store, { overwrite: true });
        const below = keysBelow(store, '/labels/phases/');
        expect(new Set(below.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size).toBe(1);
        expect(below.filter((key) => key.includes('journal'))).toEqual([]);
        await expect(first.replaced?.undo()).rejects.toMatchObject({ tag: 'Conflict' });
      });
    });
  }
}

describe('labels of somebody else', () => {
  it('are left alone, and taken names refused', async () => {
    const { store } = await saved(3, true);
    const group = store.json('/labels/phases/zarr.json') as { attributes: Record<string, unknown> };
    const { 'alibi-zarr': _, ...attributes } = group.attributes;
    store.values.set(
      '/labels/theirs/zarr.json',
      new TextEncoder().encode(JSON.stringify({ ...group, attributes })),
    );
    await expect(deleteLabel({ store, path: '', name: 'theirs' })).rejects.toMatchObject({
      tag: 'PermissionDenied',
    });
    await expect(renameLabel({ store, path: '', name: 'theirs' }, 'x')).rejects.toMatchObject({
      tag: 'PermissionDenied',
    });
    await expect(deleteLabel({ store, path: '', name: 'none' })).rejects.toMatchObject({ tag: 'NotFound' });
    await expect(renameLabel({ store, path: '', name: 'phases' }, 'other')).rejects.toMatchObject({
      tag: 'Conflict',
    });
    await expect(renameLabel({ store, path: '', name: 'phases' }, 'a/b')).rejects.toMatchObject({
      tag: 'InvalidInput',
    });
  });
});
