import { AlibiError } from '../errors.ts';
import { provenanceKey } from '../ome/open-label.ts';
import type { WriteStore } from '../stores/store.ts';
import { forEachConcurrent } from './concurrent.ts';
import { updateConsolidated } from './consolidated.ts';
import {
  type Attributes,
  asRecord,
  type GroupMetadata,
  groupDocument,
  readGroup,
  toJson,
} from './group-metadata.ts';
import { Journal } from './journal.ts';
import { attributesFile, groupFile, groupPath, remainsOf } from './label-group.ts';
import { assertLabelName } from './label-name.ts';
import { changeListing, readMetadata } from './publish-label.ts';
import type { Replaced } from './replaced-label.ts';
import { chunkKeys, removeArrays } from './revision.ts';

/** Values copied at once. */
const copiesAtOnce = 4;

/** A label image of an image, or of any group that has `labels`. */
export interface LabelPlace {
  readonly store: WriteStore;
  readonly path: string;
  readonly name: string;
}

/**
 * Take a label image of ours off the list, as one `set`: a reader of the image sees it or does not. Its chunks stay until
 * `remove` of the answer.
 *
 * @throws AlibiError NotFound          there is none of that name
 * @throws AlibiError PermissionDenied  another program made it
 */
export async function deleteLabel(place: LabelPlace): Promise<Replaced> {
  const found = await findOurs(place);
  await relist(found, (names) => names.filter((name) => name !== place.name));
  return {
    undo: () => relist(found, (names) => [...names, place.name]),
    remove: () => removeLabel(found),
  };
}

/**
 * Give a label image of ours another name. It is copied; then one `set` of the list puts the new name in the place of the
 * old: a reader of the image sees the one or the other. The old chunks stay until `remove` of the answer.
 *
 * @throws AlibiError Conflict  the new name is taken; and as {@link deleteLabel}
 */
export async function renameLabel(place: LabelPlace, to: string): Promise<Replaced> {
  assertLabelName(to);
  const found = await findOurs(place);
  const copy = await copyLabel(found, to);
  await relist(found, (names) => names.map((name) => (name === place.name ? to : name)), copy.label);
  return {
    async undo() {
      await relist(found, (names) => names.map((name) => (name === to ? place.name : name)), copy.label);
      await removeLabel(copy);
      await copy.journal.remove();
      await place.store.tidy?.(copy.label);
    },
    async remove() {
      await removeLabel(found);
      await copy.journal.remove();
    },
  };
}

interface Found {
  readonly store: WriteStore;
  readonly zarrFormat: 2 | 3;
  readonly labels: `/${string}`;
  readonly label: `/${string}`;
  readonly name: string;
  readonly group: GroupMetadata;
}

async function findOurs({ store, path, name }: LabelPlace): Promise<Found> {
  const labels: `/${string}` = `${groupPath(path)}/labels`;
  const label: `/${string}` = `${labels}/${name}`;
  for (const zarrFormat of [3, 2] as const) {
    const group = await readGroup(store, label, zarrFormat);
    if (group === undefined) continue;
    if (provenanceKey in group.attributes) return { store, zarrFormat, labels, label, name, group };
    throw new AlibiError('PermissionDenied', {
      what: `the labels "${name}" were made by another program`,
      where: label.slice(1),
      remedy: 'Rename or remove them with the program that made them.',
    });
  }
  throw new AlibiError('NotFound', {
    what: `there are no labels "${name}"`,
    where: label.slice(1),
    remedy: 'Choose one of the labels that the image lists.',
  });
}

/** Change the listing, then the consolidated metadata of the groups above. */
async function relist(
  { store, zarrFormat, labels, label }: Found,
  change: (names: readonly string[]) => readonly string[],
  other?: `/${string}`,
): Promise<void> {
  await changeListing(
    store,
    { labels, zarrFormat, probe: `${label}/${attributesFile(zarrFormat)}` },
    (names) => [...new Set(change(names))],
  );
  const listed = await readGroup(store, labels, zarrFormat);
  const both = [listed?.attributes.labels, asRecord(listed?.attributes.ome).labels].flat();
  for (const changed of other === undefined ? [label] : [label, other]) {
    const isListed = both.includes(changed.slice(labels.length + 1));
    await updateConsolidated(
      store,
      zarrFormat,
      changed,
      await nodesOf(store, zarrFormat, { labels, changed, isListed }),
    );
  }
}

/** Metadata of a label image with everything below it, as consolidated metadata holds it; without it, of its parent. */
async function nodesOf(
  store: WriteStore,
  zarrFormat: 2 | 3,
  { labels, changed, isListed }: { labels: `/${string}`; changed: `/${string}`; isListed: boolean },
): Promise<Map<`/${string}`, Attributes>> {
  const group = isListed ? await readGroup(store, changed, zarrFormat) : undefined;
  const { arrays, folders } = await remainsOf(store, changed, group);
  const own = isListed ? [changed, ...folders, ...arrays.map(({ path }) => path)] : [];
  return readMetadata(store, zarrFormat, [labels, ...own]);
}

/** Its group first, so that what is half removed no longer looks like a label. */
async function removeLabel({
  store,
  zarrFormat,
  label,
  group,
}: Omit<Found, 'labels' | 'name'>): Promise<void> {
  const { arrays, folders } = await remainsOf(store, label, group);
  await store.delete(`${label}/${attributesFile(zarrFormat)}`);
  await removeArrays(store, arrays, folders);
  if (zarrFormat === 2) await store.delete(`${label}/.zgroup`);
  await store.tidy?.(label);
}

/** Chunks and arrays first, the group last; a journal says what it is that is there until it is whole. */
async function copyLabel(found: Found, to: string): Promise<Found & { readonly journal: Journal }> {
  const { store, zarrFormat, labels, label, group } = found;
  const target: `/${string}` = `${labels}/${to}`;
  const [taken, unfinished] = await Promise.all([
    readGroup(store, target, zarrFormat),
    Journal.read(store, target),
  ]);
  if (taken !== undefined || unfinished !== undefined) {
    throw new AlibiError('Conflict', {
      what: `labels "${to}" are there already${taken === undefined ? ', in a save that was interrupted' : ''}`,
      where: target.slice(1),
      remedy: 'Choose another name.',
    });
  }
  const { arrays, folders } = await remainsOf(store, label, group);
  const moved = (path: `/${string}`): `/${string}` => `${target}${path.slice(label.length) as `/${string}`}`;
  const revision = folders[0]?.slice(label.length + 1) ?? 'rev-0-0';
  const journal = await Journal.start(store, target, {
    revision,
    work: `copy of ${found.name}`,
    found: null,
    chunks: 0,
    arrays: arrays.map((keys) => ({ ...keys, path: moved(keys.path) })),
    remains: { folders: [], arrays: [] },
    overwrite: false,
  });
  const metadata = [...folders, ...arrays.map(({ path }) => path)].flatMap((path) =>
    ['.zgroup', '.zarray', '.zattrs', 'zarr.json'].map((file): `/${string}` => `${path}/${file}`),
  );
  for (const keys of [...arrays.map((array) => [...chunkKeys(array)]), metadata]) {
    await forEachConcurrent(keys, copiesAtOnce, async (key) => {
      const value = await store.get(key);
      if (value !== undefined) await store.set(moved(key), value);
    });
  }
  const attributes = renamed(group.attributes, to);
  if (zarrFormat === 2) await store.set(`${target}/${groupFile(2)}`, toJson({ zarr_format: 2 }));
  const document = zarrFormat === 2 ? attributes : groupDocument(3, attributes, group);
  await store.set(`${target}/${attributesFile(zarrFormat)}`, toJson(document));
  await journal.record({ op: 'consolidated' });
  return { ...found, label: target, name: to, group: { ...group, attributes }, journal };
}

/** Attributes with the new name in `multiscales`. */
function renamed(attributes: Attributes, name: string): Attributes {
  const own = asRecord(attributes.ome);
  const isNested = Array.isArray(own.multiscales);
  const list = isNested ? own.multiscales : attributes.multiscales;
  const multiscales = (Array.isArray(list) ? list : []).map((item) => ({ ...asRecord(item), name }));
  return isNested ? { ...attributes, ome: { ...own, multiscales } } : { ...attributes, multiscales };
}
