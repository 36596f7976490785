import { AlibiError, asAlibiError } from '../errors.ts';
import { provenanceKey } from '../ome/open-label.ts';
import { crc32c } from '../stores/crc32c.ts';
import type { WriteStore } from '../stores/store.ts';
import { forEachConcurrent } from './concurrent.ts';
import {
  type Attributes,
  asRecord,
  type GroupMetadata,
  groupDocument,
  readGroup,
  toJson,
} from './group-metadata.ts';
import { Journal } from './journal.ts';
import { joinedRemains, leftBy } from './journal-entries.ts';
import { attributesFile, groupFile, listedNames, remainsOf, removeGroup } from './label-group.ts';
import { chunkKeys } from './revision.ts';
import { verifyStored } from './verify-stored.ts';

/** Values copied at once. */
const copiesAtOnce = 4;

/** A label image of ours as it was found. */
export interface FoundLabel {
  readonly store: WriteStore;
  readonly zarrFormat: 2 | 3;
  /** The group that lists it. */
  readonly labels: `/${string}`;
  readonly label: `/${string}`;
  readonly name: string;
  readonly group: GroupMetadata;
}

export interface LabelCopy extends FoundLabel {
  readonly journal: Journal;
}

/**
 * Copy a label image to another name beside it, which is not listed by that: chunks and arrays first, the group last. The journal in the copy's folder
 * says what it is; a copy that did not end is gone on with where it was.
 *
 * @throws AlibiError Conflict  the name is taken
 * @throws what the store throws, with what is kept and how to go on
 */
export async function copyLabel(found: FoundLabel, to: string): Promise<LabelCopy> {
  const { store, zarrFormat, labels, label, group } = found;
  const target: `/${string}` = `${labels}/${to}`;
  const moved = (path: `/${string}`): `/${string}` => `${target}/${path.slice(label.length + 1)}`;
  const keys = await keysOf(found);
  const journal = await beginCopy(found, { target, moved, total: keys.length });
  try {
    await verifyStored(store, journal, {});
    const due = keys.filter((key) => !journal.finished.has(moved(key)));
    await forEachConcurrent(due, copiesAtOnce, async (key) => {
      const value = await store.get(key);
      const empty = value === undefined;
      if (!empty) await store.set(moved(key), value);
      await journal.record({
        op: 'object',
        key: moved(key),
        bytes: empty ? 0 : value.length,
        crc32c: empty ? 0 : crc32c(value),
        written: empty ? 0 : 1,
        skipped: empty ? 1 : 0,
      });
    });
    const attributes = renamed(group.attributes, to);
    await assertStillOurs(journal, target);
    if (zarrFormat === 2) await store.set(`${target}/${groupFile(2)}`, toJson({ zarr_format: 2 }));
    const document = zarrFormat === 2 ? attributes : groupDocument(3, attributes, group);
    await store.set(`${target}/${attributesFile(zarrFormat)}`, toJson(document));
    return { ...found, label: target, name: to, group: { ...group, attributes }, journal };
  } catch (error) {
    throw await copyFailed(error, found, { target, journal });
  }
}

/** Every key that the label's arrays can have, then their metadata. */
async function keysOf({ store, label, group }: FoundLabel): Promise<`/${string}`[]> {
  const { arrays, folders } = await remainsOf(store, label, group);
  const metadata = [...folders, ...arrays.map(({ path }) => path)].flatMap((path) =>
    ['.zgroup', '.zarray', '.zattrs', 'zarr.json'].map((file): `/${string}` => `${path}/${file}`),
  );
  return [...arrays.flatMap((array) => [...chunkKeys(array)]), ...metadata];
}

/** The journal of a copy that was interrupted, or a new one where nothing is in its way. */
async function beginCopy(
  found: FoundLabel,
  {
    target,
    moved,
    total,
  }: {
    readonly target: `/${string}`;
    readonly moved: (path: `/${string}`) => `/${string}`;
    readonly total: number;
  },
): Promise<Journal> {
  const { store, label, name, group } = found;
  const { arrays, folders } = await remainsOf(store, label, group);
  const revision = folders[0]?.slice(label.length + 1) ?? 'rev-0-0';
  const there = await whatIsThere(found, target);
  const { taken, left, isListed } = there;
  const purpose = left?.begin.purpose;
  // A copy that ended and was listed is a label; one that is not listed, or has not ended, is what a renaming has left.
  const isLeft = left !== undefined && !(isListed && left.has('consolidated'));
  if (isLeft && purpose?.kind === 'copy' && purpose.of === name && left.begin.revision === revision) {
    await left.resume();
    return left;
  }
  const isThere = taken !== undefined || left !== undefined;
  if (isThere && !isDead(there)) throw isTaken(target, there);
  if (isThere) await dropDead(found, target, { group: taken, journal: left });
  return Journal.start(
    store,
    target,
    {
      revision,
      work: `copy of ${name}`,
      found: null,
      chunks: total,
      arrays: arrays.map((array) => ({ ...array, path: moved(array.path) })),
      remains: { folders: [], arrays: [] },
      overwrite: false,
      purpose: { kind: 'copy', of: name },
    },
    { replaces: left },
  );
}

/** What there is under the name that labels are to get. */
interface There {
  readonly taken: GroupMetadata | undefined;
  readonly left: Journal | undefined;
  readonly isListed: boolean;
  /** An earlier renaming took the labels away from that name; this one takes them back. */
  readonly isOrigin: boolean;
}

async function whatIsThere(
  { store, zarrFormat, labels, label }: FoundLabel,
  target: `/${string}`,
): Promise<There> {
  const [taken, listing, left, own] = await Promise.all([
    readGroup(store, target, zarrFormat),
    readGroup(store, labels, zarrFormat),
    Journal.read(store, target),
    Journal.read(store, label),
  ]);
  const purpose = own?.begin.purpose;
  const isListed = listedNames(listing).includes(target.slice(labels.length + 1));
  const isOrigin = purpose?.kind === 'copy' && `${labels}/${purpose.of}` === target;
  return { taken, left, isListed, isOrigin };
}

/** Whether what is there is no label, and nothing that somebody may want to go on with. */
function isDead({ taken, left, isListed, isOrigin }: There): boolean {
  if (isListed) return false;
  if (left === undefined) return isOrigin && provenanceKey in (taken?.attributes ?? {});
  const { kind } = left.begin.purpose;
  return kind === 'removal' || (kind === 'copy' && !left.has('consolidated'));
}

/** Remove what there is of labels that are listed nowhere; the journal goes last. */
async function dropDead(
  { store, zarrFormat }: FoundLabel,
  target: `/${string}`,
  { group, journal }: { readonly group: GroupMetadata | undefined; readonly journal: Journal | undefined },
): Promise<void> {
  const own = await remainsOf(store, target, group);
  const remains = journal === undefined ? own : joinedRemains(own, leftBy(journal.begin, target));
  await removeGroup({ store, zarrFormat, label: target }, remains, journal);
}

async function assertStillOurs(journal: Journal, target: `/${string}`): Promise<void> {
  if (await journal.isOurs()) return;
  throw new AlibiError('Conflict', {
    what: 'somebody else has begun to write labels of that name meanwhile',
    where: target.slice(1),
    remedy: 'Look at what is there now, or choose another name.',
    data: { overtaken: true },
  });
}

function isTaken(target: `/${string}`, { isListed, left }: There): AlibiError {
  const interrupted = left?.isUnfinishedSave === true;
  const why = interrupted ? ', in a save that was interrupted' : isListed ? '' : ', though not listed';
  const way = interrupted
    ? 'or save under that name to continue or replace what is there'
    : 'or save under that name, allowing it to replace what is there';
  return new AlibiError('Conflict', {
    what: `labels "${target.split('/').at(-1)}" are there already${why}`,
    where: target.slice(1),
    remedy: `Choose another name, ${way}.`,
  });
}

/** What is told where copying failed. A full disk gets its room back; else what is copied is kept, to go on from there. */
async function copyFailed(
  error: unknown,
  found: FoundLabel,
  { target, journal }: { readonly target: `/${string}`; readonly journal: Journal },
): Promise<AlibiError> {
  const failure = asAlibiError(error, target.slice(1));
  const { tag, what, where, remedy, data } = failure;
  if (data.overtaken === true) return failure;
  const isGone =
    tag === 'Environment' && (await tried(dropDead(found, target, { group: undefined, journal })));
  const kept = isGone
    ? 'nothing of the copy is left'
    : `${journal.chunksDone} of ${journal.begin.chunks} objects of the copy are kept: rename them to "${target.split('/').at(-1)}" again to go on from there`;
  return new AlibiError(tag, {
    what,
    where,
    remedy: `${remedy} The labels are as they were, under the name "${found.name}"; ${kept}.`,
    cause: error,
    data,
  });
}

async function tried(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Attributes with the new name in `multiscales`. */
function renamed(attributes: Attributes, name: string): Attributes {
  const own = asRecord(attributes.ome);
  const isNested = Array.isArray(own.multiscales);
  const list = isNested ? own.multiscales : attributes.multiscales;
  const multiscales = (Array.isArray(list) ? list : []).map((item) => ({ ...asRecord(item), name }));
  return isNested ? { ...attributes, ome: { ...own, multiscales } } : { ...attributes, multiscales };
}
