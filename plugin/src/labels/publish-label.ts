import { AlibiError } from '../errors.ts';
import { type LabelSpec, labelAttributes, labelsListing } from '../ome/write.ts';
import type { StoreOptions, WriteStore } from '../stores/store.ts';
import { updateConsolidated } from './consolidated.ts';
import {
  type Attributes,
  type GroupPath,
  groupDocument,
  readGroup,
  readJson,
  toJson,
  writeGroup,
} from './group-metadata.ts';
import { attributesFile, groupFile, listedNames, versionOf } from './label-group.ts';
import { createProvenance, publicLocation } from './provenance.ts';
import { removeArrays } from './revision.ts';
import type { MaterializeInput, Save } from './save-types.ts';
import { type ConflictCheck, setWatched, type Watched, watch } from './watched-set.ts';

/** Another save of other labels may change the listing at the same time: read it again and add to that, this often. */
const listingTries = 5;

/**
 * The one `set` that makes the revision the label; whatever fails or is aborted before it leaves the old state.
 *
 * @throws AlibiError Conflict  somebody else has changed the label, or has begun to save it, meanwhile
 */
export async function publishRevision(
  save: Save,
  input: MaterializeInput,
  options: StoreOptions,
): Promise<ConflictCheck> {
  const { plan, label, journal, watched } = save;
  const { target } = input;
  options.signal?.throwIfAborted();
  if (!(await journal.isOurs(options))) {
    throw new AlibiError('Conflict', {
      what: 'another save of the same labels has begun meanwhile',
      where: label.slice(1),
      remedy: 'Let it end; then save again under another name, or allowing it to be overwritten.',
      data: { overtaken: true },
    });
  }
  const attributes = attributesOf(save, input);
  if (plan.zarrFormat === 2 && save.previous === undefined)
    await target.set(`${label}/.zgroup`, toJson({ zarr_format: 2 }), options);
  const document = plan.zarrFormat === 2 ? attributes : groupDocument(3, attributes, save.previous);
  return setWatched(target, watched, toJson(document), { ...options, probe: journal.key });
}

/** Make the label known. Not abortable: the label counts already. */
export async function listLabel(save: Save, { target, name }: MaterializeInput): Promise<void> {
  const { plan, out, labels, label, journal } = save;
  await journal.record({ op: 'label' });
  const root = await readGroup(target, out, plan.zarrFormat);
  if (root === undefined) await writeGroup(target, out, plan.zarrFormat, {}, undefined);
  await changeListing(target, { labels, zarrFormat: plan.zarrFormat, probe: journal.key }, (names) =>
    names.includes(name) ? undefined : [...names, name],
  );
  await journal.record({ op: 'listed' });
  await updateConsolidated(target, plan.zarrFormat, label, await metadataFiles(save, target));
  await journal.record({ op: 'consolidated' });
}

/** Remove what the label replaces and what died before it, then the journal. */
export async function removeReplaced(save: Save, target: WriteStore): Promise<void> {
  const { journal, label, revision } = save;
  const { folders, arrays } = save.remains;
  const own = `${label}/${revision}`;
  await removeArrays(
    target,
    arrays.filter(({ path }) => !path.startsWith(`${own}/`)),
    folders.filter((folder) => folder !== own),
  );
  await journal.record({ op: 'removed' });
  await journal.remove();
  await target.tidy?.(label);
}

/**
 * Change the names a `labels` group lists, as one `set`.
 *
 * @param change  the names as they are → as they are to be; undefined leaves them
 */
export async function changeListing(
  store: WriteStore,
  {
    labels,
    zarrFormat,
    probe,
  }: { readonly labels: `/${string}`; readonly zarrFormat: 2 | 3; readonly probe: `/${string}` },
  change: (names: readonly string[]) => readonly string[] | undefined,
): Promise<void> {
  const key: `/${string}` = `${labels}/${attributesFile(zarrFormat)}`;
  for (let tries = 1; ; tries++) {
    const watched = await watch(store, key);
    const listing = await readGroup(store, labels, zarrFormat);
    const names = change(listedNames(listing));
    if (names === undefined) return;
    const attributes = labelsListing(versionOf({ zarrFormat }), names, withoutNames(listing?.attributes));
    if (zarrFormat === 2 && Object.keys(listing?.document ?? {}).length === 0)
      await store.set(`${labels}/.zgroup`, toJson({ zarr_format: 2 }));
    const document = zarrFormat === 2 ? attributes : groupDocument(3, attributes, listing);
    try {
      await setWatched(store, watched, toJson(document), { probe });
      return;
    } catch (error) {
      const again = error instanceof AlibiError && error.tag === 'Conflict' && tries < listingTries;
      if (!again) throw error;
    }
  }
}

/** `labelsListing` adds to the names that are there. */
function withoutNames(attributes: Attributes = {}): LabelsGroupAttributes {
  const { labels: _, ome, ...others } = attributes;
  if (typeof ome !== 'object' || ome === null) return others;
  const { labels: __, ...kept } = { labels: undefined, ...ome };
  return { ...others, ome: kept };
}

type LabelsGroupAttributes = NonNullable<Parameters<typeof labelsListing>[2]>;

/** The metadata files of the label, its arrays and the groups above it, by key. */
async function metadataFiles(save: Save, target: WriteStore): Promise<Map<`/${string}`, Attributes>> {
  const { plan, out, labels, label, revision, journal } = save;
  return readMetadata(target, plan.zarrFormat, [
    ...(out === '' ? [] : [out]),
    labels,
    label,
    `${label}/${revision}`,
    ...journal.begin.arrays.map((array) => array.path),
  ]);
}

/** Metadata files of groups and arrays, by key; those that are missing are left out. */
export async function readMetadata(
  store: WriteStore,
  zarrFormat: 2 | 3,
  paths: readonly Exclude<GroupPath, ''>[],
): Promise<Map<`/${string}`, Attributes>> {
  const files = zarrFormat === 3 ? ['zarr.json'] : ['.zgroup', '.zarray', '.zattrs'];
  const keys = paths.flatMap((path) => files.map((file): `/${string}` => `${path}/${file}`));
  const documents = await Promise.all(keys.map(async (key) => [key, await readJson(store, key)] as const));
  return new Map(documents.flatMap(([key, document]) => (document === undefined ? [] : [[key, document]])));
}

function attributesOf({ plan, revision, out }: Save, input: MaterializeInput): Attributes {
  const { image, target } = input;
  const inImage = target === image.store && out === `/${image.path}`.replace(/^\/+/, '/').replace(/\/$/, '');
  const source = input.source ?? (inImage ? '../../' : addressOf(image.location));
  const spec: LabelSpec = {
    version: versionOf(plan),
    name: input.name,
    axes: plan.axes,
    datasets: plan.levels.map((level, n) => ({ path: `${revision}/${n}`, transform: level.transform })),
    classes: input.classes,
    ...(source === undefined ? {} : { source }),
    provenance: createProvenance(input.provenance, image),
  };
  return labelAttributes(spec);
}

/** A location that means the same everywhere; the mere name of a folder or file would be read as a path from the label. */
function addressOf(location: string): string | undefined {
  return /^[a-z][a-z0-9+.-]+:/i.test(location) ? publicLocation(location) : undefined;
}

/** Remove what a save has written, unless it became the label after all (a `set` that arrived and lost its answer). */
export async function discardSave(save: Save, target: WriteStore): Promise<void> {
  const { journal, label, plan, revision, previous, watched } = save;
  const now = await watch(target, watched.key);
  const text = new TextDecoder().decode(now.bytes ?? new Uint8Array(0));
  if (text.includes(revision)) return;
  const { remains, arrays } = journal.begin;
  // What earlier saves have left goes too, the label that is there does not.
  const left = remains.folders.filter((folder) => !text.includes(folder.slice(label.length + 1)));
  const dead = remains.arrays.filter(({ path }) => left.some((folder) => path.startsWith(`${folder}/`)));
  await removeArrays(target, [...arrays, ...dead], [`${label}/${revision}`, ...left]);
  if (previous === undefined) await target.delete(`${label}/${groupFile(plan.zarrFormat)}`);
  await journal.remove();
  await target.tidy?.(label);
}

/** Whether the last `set` arrived though its answer did not. */
export async function becameLabel({ watched, revision }: Save, target: WriteStore): Promise<boolean> {
  const now: Watched = await watch(target, watched.key);
  return new TextDecoder().decode(now.bytes ?? new Uint8Array(0)).includes(revision);
}
