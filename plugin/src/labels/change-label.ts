import { AlibiError, asAlibiError } from '../errors.ts';
import { provenanceKey } from '../ome/open-label.ts';
import type { WriteStore } from '../stores/store.ts';
import { updateConsolidated } from './consolidated.ts';
import { copyLabel, type FoundLabel } from './copy-label.ts';
import { type Attributes, asRecord, readGroup } from './group-metadata.ts';
import { Journal } from './journal.ts';
import { joinedRemains, leftBy, type Remains } from './journal-entries.ts';
import {
  attributesFile,
  datasetPaths,
  groupPath,
  listedNames,
  remainsOf,
  removeGroup,
} from './label-group.ts';
import { assertLabelName } from './label-name.ts';
import { changeListing, readMetadata } from './publish-label.ts';
import type { Replaced } from './replaced-label.ts';
import { createRevisionId } from './revision.ts';

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
    async undo() {
      if (!(await stateOf(found)).isAsFound) throw changedSince(found);
      await relist(found, (names) => [...names, place.name]);
    },
    remove: () => removeUnlisted(found),
  };
}

/**
 * Give a label image of ours another name. It is copied; then one `set` of the list puts the new name in the place of the
 * old: a reader of the image sees the one or the other. The old chunks stay until `remove` of the answer. What failed or was
 * interrupted goes on where it was when it is asked for again.
 *
 * @throws AlibiError Conflict  the new name is taken; and as {@link deleteLabel}
 */
export async function renameLabel(place: LabelPlace, to: string): Promise<Replaced> {
  assertLabelName(to);
  const found = await findOurs(place);
  const copy = await copyLabel(found, to);
  const swap = (from: string, by: string) =>
    relist(found, (names) => names.map((name) => (name === from ? by : name)), copy.label);
  try {
    await swap(place.name, to);
    await copy.journal.record({ op: 'consolidated' });
  } catch (error) {
    throw halfRenamed(error, found, to);
  }
  return {
    async undo() {
      const [old, now] = await Promise.all([stateOf(found), stateOf(copy)]);
      // Where it has failed midway before, the list is right already.
      if (!old.isAsFound || old.isListed === now.isListed) throw changedSince(found);
      await swap(to, place.name);
      await removeUnlisted(copy);
    },
    async remove() {
      await removeUnlisted(found);
      if (await copy.journal.isOurs()) await copy.journal.remove();
    },
  };
}

/** The labels are there twice, whole; which of the two is listed is not known where an answer was lost. */
function halfRenamed(error: unknown, { label, name }: FoundLabel, to: string): AlibiError {
  const { tag, what, where, remedy, data } = asAlibiError(error, label.slice(1));
  return new AlibiError(tag, {
    what,
    where,
    remedy: `${remedy} The labels are whole, as "${name}" and as "${to}", and one of the two is listed: rename "${name}" to "${to}" again to end it.`,
    cause: error,
    data,
  });
}

async function findOurs({ store, path, name }: LabelPlace): Promise<FoundLabel> {
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

/** Whether a label image is the one that was found, and whether it is listed. */
async function stateOf({ store, zarrFormat, labels, label, name, group }: FoundLabel): Promise<{
  readonly isAsFound: boolean;
  readonly isListed: boolean;
}> {
  const [now, listing] = await Promise.all([
    readGroup(store, label, zarrFormat),
    readGroup(store, labels, zarrFormat),
  ]);
  return {
    isAsFound: now !== undefined && datasetPaths(now).join() === datasetPaths(group).join(),
    isListed: listedNames(listing).includes(name),
  };
}

function changedSince({ label }: FoundLabel): AlibiError {
  return new AlibiError('Conflict', {
    what: 'the labels have been changed since',
    where: label.slice(1),
    remedy: 'Look at what is there now; what was there before can no longer be brought back.',
  });
}

/** Change the listing, then the consolidated metadata of the groups above. */
async function relist(
  { store, zarrFormat, labels, label }: FoundLabel,
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

/** Remove it for good, unless the name is in use again. */
async function removeUnlisted(found: FoundLabel): Promise<void> {
  const { isAsFound, isListed } = await stateOf(found);
  if (isAsFound && !isListed) await removeLabel(found);
}

/**
 * A journal says what is to go: where this dies,
 * the next save or copy of the name removes the rest. A save of the name that was interrupted stays, to be continued.
 */
async function removeLabel({ store, zarrFormat, label, group }: FoundLabel): Promise<void> {
  const [own, left] = await Promise.all([remainsOf(store, label, group), Journal.read(store, label)]);
  const isKept = left?.isUnfinishedSave === true;
  const remains = isKept || left === undefined ? own : joinedRemains(own, leftBy(left.begin, label));
  const journal = isKept ? undefined : await beginRemoval(store, label, { remains, replaces: left });
  await removeGroup({ store, zarrFormat, label }, remains, journal);
}

function beginRemoval(
  store: WriteStore,
  label: `/${string}`,
  { remains, replaces }: { readonly remains: Remains; readonly replaces: Journal | undefined },
): Promise<Journal> {
  const nothing = { found: null, chunks: 0, arrays: [], overwrite: false };
  const purpose = { kind: 'removal' } as const;
  const begin = { ...nothing, revision: createRevisionId(), work: 'removal', remains, purpose };
  return Journal.start(store, label, begin, { replaces });
}
