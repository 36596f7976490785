import { describe, expect, it } from 'vitest';
import { AlibiError } from '../../src/errors.ts';
import { deleteLabel, renameLabel } from '../../src/labels/change-label.ts';
import type { Replaced } from '../../src/labels/replaced-label.ts';
import { openImage } from '../../src/ome/open-image.ts';
import type { WriteStore } from '../../src/stores/store.ts';
import { labelsOf, MemoryStore, writeImage } from './image-fixture.ts';
import { idsOf, save } from './save-to-server.ts';

const levels = [
  [40, 36],
  [20, 18],
];

async function saved(zarrFormat: 2 | 3, canList = true) {
  const store = new MemoryStore({ canList });
  const image = await writeImage(store, '', { zarrFormat, axes: 'yx', levels });
  await save(image, store, { name: 'other' });
  await save(image, store);
  return { store, image, ids: await idsOf(store, image) };
}

const listed = async (store: WriteStore) =>
  (await openImage({ store, path: '', location: 'memory' })).labels.map(({ name }) => name);

/** `once`: the n-th write or removal fails; `for good`: so do all after it, as for a process that is killed or a connection that is lost. */
type Fault = 'once' | 'for good';

/** The store with a fault at its n-th write or removal, and how many there were. */
function failing(store: MemoryStore, at: number, fault: Fault, tag: AlibiError['tag'] = 'Network') {
  let operations = 0;
  const step = (): void => {
    operations++;
    if (operations === at || (fault === 'for good' && operations > at))
      throw new AlibiError(tag, { what: 'it is gone', where: 'memory', remedy: 'Look after it.' });
  };
  const target: WriteStore = {
    get: (key, options) => store.get(key, options),
    ...(store.list === undefined ? {} : { list: store.list.bind(store) }),
    set: async (key, value, options) => {
      step();
      await store.set(key, value, options);
    },
    delete: async (key) => {
      step();
      await store.delete(key);
    },
  };
  return { target, operations: () => operations };
}

const place = (store: WriteStore, name = 'phases') => ({ store, path: '', name });
const rename = (store: WriteStore) => renameLabel(place(store), 'grains');

/** Keys of what is there, without the dates of journals. */
const keysOf = (store: MemoryStore) => [...store.values.keys()].sort();

/** What each kind of change does, and what stands there once it has been done without a fault. */
async function clean(zarrFormat: 2 | 3, canList: boolean, change: (store: WriteStore) => Promise<unknown>) {
  const { store } = await saved(zarrFormat, canList);
  const { target, operations } = failing(store, 0, 'once');
  await change(target);
  return { operations: operations() };
}

/** Ids of the label under whichever of its two names is listed; a reader must find just one. */
async function found(store: MemoryStore, names: readonly string[]): Promise<string[]> {
  const there = await listed(store);
  expect(there).toContain('other');
  const ours = there.filter((name) => names.includes(name));
  expect(ours).toHaveLength(1);
  const image = await openImage({ store, path: '', location: 'memory' });
  const copy = store.copy();
  for (const [key, value] of store.values)
    copy.values.set(key.replace(`/labels/${ours[0]}/`, '/labels/phases/'), value);
  return idsOf(copy, image);
}

for (const { zarrFormat, canList } of [
  { zarrFormat: 2, canList: true },
  { zarrFormat: 3, canList: true },
  { zarrFormat: 3, canList: false },
] as const) {
  const title = `v${zarrFormat}${canList ? '' : ', where the store cannot list'}`;
  for (const fault of ['once', 'for good'] as const) {
    it(`a renaming that fails ${fault} at any of its writes leaves the label, and goes on when it is asked for again: ${title}`, async () => {
      const { operations } = await clean(zarrFormat, canList, rename);
      // 9 + 4 chunks, their arrays and the group at the least.
      expect(operations).toBeGreaterThan(15);
      for (let n = 1; n <= operations; n++) {
        const { store, ids } = await saved(zarrFormat, canList);
        const error = await rename(failing(store, n, fault).target).catch((failure: unknown) => failure);
        if (error instanceof AlibiError)
          expect(error.remedy, `operation ${n}`).toMatch(
            /^Look after it\.( .*as they were, under the name "phases".*|.* whole, as "phases" and as "grains".*)?/,
          );
        expect(await found(store, ['phases', 'grains']), `operation ${n}`).toEqual(ids);
        await (await rename(store)).remove();
        expect(await listed(store), `operation ${n}`).toEqual(['other', 'grains']);
        expect(await found(store, ['grains'])).toEqual(ids);
        expect(keysOf(store).filter((key) => /journal|\/phases\//.test(key))).toEqual([]);
      }
    });

    for (const how of ['undo', 'remove'] as const) {
      it(`${how} of a renaming that fails ${fault} leaves the label, and its name is free again: ${title}`, async () => {
        const both = async (store: WriteStore) => (await rename(store))[how]();
        const { operations } = await clean(zarrFormat, canList, both);
        const first = (await clean(zarrFormat, canList, rename)).operations;
        expect(operations).toBeGreaterThan(first);
        for (let n = first + 1; n <= operations; n++) {
          const { store, ids } = await saved(zarrFormat, canList);
          await both(failing(store, n, fault).target).catch((failure: unknown) => failure);
          expect(await found(store, ['phases', 'grains']), `operation ${n}`).toEqual(ids);
          const [now = ''] = (await listed(store)).filter((name) => name !== 'other');
          const other = now === 'phases' ? 'grains' : 'phases';
          // There and back: neither of the two names is blocked.
          await (await renameLabel(place(store, now), other)).remove();
          await (await renameLabel(place(store, other), now)).remove();
          expect(await found(store, [now]), `operation ${n}`).toEqual(ids);
          const left = keysOf(store).filter((key) => key.includes('journal') || key.includes(`/${other}/`));
          expect(left, `operation ${n}`).toEqual([]);
        }
      });
    }

    it(`a removal that fails ${fault} is ended by the next save of the name: ${title}`, async () => {
      const gone = async (store: WriteStore) => (await deleteLabel(place(store))).remove();
      const { operations } = await clean(zarrFormat, canList, gone);
      const first = (await clean(zarrFormat, canList, (store) => deleteLabel(place(store)))).operations;
      for (let n = first + 1; n <= operations; n++) {
        const { store, image, ids } = await saved(zarrFormat, canList);
        await gone(failing(store, n, fault).target).catch((failure: unknown) => failure);
        expect(await listed(store), `operation ${n}`).toEqual(['other']);
        await save(image, store, { overwrite: true });
        expect(await idsOf(store, image), `operation ${n}`).toEqual(ids);
        const below = keysOf(store).filter((key) => key.startsWith('/labels/phases/'));
        expect(new Set(below.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size).toBe(1);
        expect(below.filter((key) => key.includes('journal'))).toEqual([]);
      }
    });
  }
}

describe('a renaming that was interrupted', () => {
  /** Interrupted after some of its chunks, or with all but the list done. */
  const interrupted = async (n: number) => {
    const place = await saved(3);
    await rename(failing(place.store, n, 'for good').target).catch((failure: unknown) => failure);
    expect(keysOf(place.store).some((key) => key.startsWith('/labels/grains/'))).toBe(true);
    return place;
  };

  it('copies nothing again that the journal has', async () => {
    const { store } = await interrupted(12);
    const before = keysOf(store).filter((key) => /\/grains\/rev-.*\/c\/\d/.test(key));
    expect(before.length).toBeGreaterThan(2);
    const written = new Set<string>();
    store.beforeSet = (_, key) => written.add(key);
    await rename(store);
    const again = before.filter((key) => written.has(key));
    // What was stored and not recorded yet: at most the four that were under way.
    expect(again.length).toBeLessThanOrEqual(4);
    expect(again.length).toBeLessThan(before.length);
  });

  it('makes way for another renaming to that name, and for a save', async () => {
    for (const n of [12, 30]) {
      const first = await interrupted(n);
      await (await renameLabel(place(first.store, 'other'), 'grains')).remove();
      expect(await listed(first.store)).toEqual(['grains', 'phases']);
      const second = await interrupted(n);
      await save(second.image, second.store, { name: 'grains' });
      expect(await listed(second.store)).toEqual(['other', 'phases', 'grains']);
      for (const { store } of [first, second]) {
        const below = keysOf(store).filter((key) => key.startsWith('/labels/grains/'));
        expect(below.filter((key) => key.includes('journal'))).toEqual([]);
        expect(new Set(below.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size).toBe(1);
      }
    }
  });

  it('of labels that were saved anew meanwhile is begun anew', async () => {
    const { store, image } = await interrupted(12);
    const labels = labelsOf(image, 'uint8', 16, () => 7);
    await save(image, store, { labels, overwrite: true });
    const ids = await idsOf(store, image);
    await (await rename(store)).remove();
    expect(await found(store, ['grains'])).toEqual(ids);
    const below = keysOf(store).filter((key) => key.startsWith('/labels/grains/'));
    expect(new Set(below.flatMap((key) => /rev-[^/]+/.exec(key)?.[0] ?? [])).size).toBe(1);
  });

  it('by a full disk gives its room back', async () => {
    const { store } = await saved(3);
    const before = store.copy().values;
    await expect(rename(failing(store, 12, 'once', 'Environment').target)).rejects.toMatchObject({
      tag: 'Environment',
      remedy:
        'Look after it. The labels are as they were, under the name "phases"; nothing of the copy is left.',
    });
    expect(store.values).toEqual(before);
  });

  it('by a lost connection says what is kept, and how to go on', async () => {
    const { store } = await saved(3);
    await expect(rename(failing(store, 12, 'for good').target)).rejects.toMatchObject({
      tag: 'Network',
      remedy:
        /^Look after it\. The labels are as they were, under the name "phases"; \d+ of \d+ objects of the copy are kept: rename them to "grains" again to go on from there\.$/,
    });
  });
});

describe('what a change has left', () => {
  const gone = async (replaced: Replaced) => {
    await replaced.remove();
    await expect(replaced.undo()).rejects.toMatchObject({ tag: 'Conflict' });
  };

  it('of labels that were deleted is not taken for those saved in their place', async () => {
    const { store, image } = await saved(3);
    const deleted = await deleteLabel(place(store));
    const labels = labelsOf(image, 'uint8', 16, () => 7);
    await save(image, store, { labels, overwrite: true });
    const ids = await idsOf(store, image);
    await gone(deleted);
    expect(await listed(store)).toEqual(['other', 'phases']);
    expect(await idsOf(store, image)).toEqual(ids);
  });

  it('of labels that were renamed there and back is not taken for the label', async () => {
    for (const how of ['undo', 'remove'] as const) {
      const { store, ids } = await saved(3);
      const there = await rename(store);
      const back = await renameLabel(place(store, 'grains'), 'phases');
      // In the order in which messages go.
      await there[how]().catch((error: unknown) => expect(error).toMatchObject({ tag: 'Conflict' }));
      expect(await found(store, ['phases', 'grains'])).toEqual(ids);
      await back[how]().catch((error: unknown) => expect(error).toMatchObject({ tag: 'Conflict' }));
      expect(await found(store, ['phases', 'grains'])).toEqual(ids);
    }
  });

  it('of labels of which a save was interrupted is not that save', async () => {
    const { store, image } = await saved(3);
    const labels = labelsOf(image, 'uint8', 16, () => 7);
    const again = { labels, overwrite: true } as const;
    await save(image, failing(store, 9, 'for good').target, again).catch((error: unknown) => error);
    await (await deleteLabel(place(store))).remove();
    await expect(save(image, store, { labels })).rejects.toMatchObject({ what: /interrupted save/ });
    const { resumed } = await save(image, store, { ...again, resume: true });
    expect(resumed).toBeGreaterThan(0);
  });
});
