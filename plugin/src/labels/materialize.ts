import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import { transposed } from '../array/transposed.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { validateStore } from '../ome/validate.ts';
import { type LabelClass, labelAttributes, labelsListing, type WritableVersion } from '../ome/write.ts';
import type { WriteStore } from '../stores/store.ts';
import { updateConsolidated } from './consolidated.ts';
import {
  type Attributes,
  asRecord,
  type GroupMetadata,
  type GroupPath,
  groupDocument,
  readGroup,
  readJson,
  toJson,
  writeGroup,
} from './group-metadata.ts';
import { type Journal, readJournal, removeJournal, writeJournal } from './journal.ts';
import { assertLabelName } from './label-name.ts';
import { createProvenance, type ProvenanceFacts, publicLocation } from './provenance.ts';
import { type PyramidPlan, planPyramid } from './pyramid-plan.ts';
import { type ArrayKeys, createRevisionId, plannedKeys, readArrayKeys, removeArrays } from './revision.ts';
import { chunkTotal } from './write-level.ts';
import { writePyramid } from './write-pyramid.ts';

/** Steps of a save; `etaMs` is absent until it can be told. */
export interface SaveProgress {
  readonly done: number;
  readonly total: number;
  readonly etaMs?: number;
}

export interface MaterializeInput {
  /** Ids, 0 for none; canonical (t?, z?, y, x), of the size of one level of the image. */
  readonly labels: LazyArray<LabelType>;
  readonly image: OmeImage;
  readonly target: WriteStore;
  /** Group that gets `labels/NAME`: the image's own path, or that of any other place. */
  readonly targetPath: string;
  readonly name: string;
  /** Ids with their names and colours (`rrggbb`). */
  readonly classes: readonly LabelClass[];
  readonly provenance: ProvenanceFacts;
  /** `image-label.source.image`; default `../../` in the image itself, else where the image lies. */
  readonly source?: string;
  /** Replace a label image of that name; default false. */
  readonly overwrite?: boolean;
  /** Obeyed until the new label counts; what follows is a handful of small files and is always finished. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: SaveProgress) => void;
}

export interface MaterializeResult {
  /** Chunks stored, and chunks left out because they hold nothing but 0. */
  readonly written: number;
  readonly skipped: number;
  readonly seconds: number;
  /** What `validate` says of the label image just written. */
  readonly validation: { readonly valid: boolean; readonly message?: string };
}

/**
 * Save labels as an OME-Zarr label image with its pyramid. Chunks go to a fresh place, then the arrays'
 * metadata, then one `set` of the group's attributes makes them the label; the listing in `labels`,
 * consolidated metadata and the removal of the old arrays follow. Whatever fails or is aborted before
 * that one `set` leaves the old state, and its leftovers are removed now or by the next save.
 *
 * One save of a name at a time: two at once are not kept apart.
 *
 * @throws AlibiError Conflict  the name is taken and `overwrite` is not set
 * @throws AlibiError InvalidInput  a bad name, labels that fit no level; and what the store throws
 */
export async function materialize(input: MaterializeInput): Promise<MaterializeResult> {
  const startMs = performance.now();
  const save = await prepare(input);
  const counts = await writeRevision(save, input);
  await publish(save, input);
  const validation = await validateStore(
    { store: input.target, path: save.label, location: `${input.image.location} labels/${input.name}` },
    { strict: false },
  );
  const seconds = (performance.now() - startMs) / 1000;
  return {
    ...counts,
    seconds,
    validation: {
      valid: validation.valid,
      ...(validation.message === undefined ? {} : { message: validation.message }),
    },
  };
}

interface Save {
  readonly plan: PyramidPlan;
  readonly revision: string;
  readonly out: GroupPath;
  readonly labels: `/${string}`;
  readonly label: `/${string}`;
  readonly previous: GroupMetadata | undefined;
  /** Arrays of the label that is replaced. */
  readonly oldArrays: readonly ArrayKeys[];
  readonly arrays: readonly ArrayKeys[];
}

async function prepare(input: MaterializeInput): Promise<Save> {
  const { image, target, name, signal } = input;
  signal?.throwIfAborted();
  assertLabelName(name);
  const plan = planPyramid(image, input.labels);
  const trimmed = input.targetPath.replace(/^\/+|\/+$/g, '');
  const out: GroupPath = trimmed === '' ? '' : `/${trimmed}`;
  const labels: `/${string}` = `${out}/labels`;
  const label: `/${string}` = `${labels}/${name}`;
  await assertSameFormat(target, out, plan.zarrFormat);
  const [previous, listing, journal] = await Promise.all([
    readGroup(target, label, plan.zarrFormat),
    readGroup(target, labels, plan.zarrFormat),
    readJournal(target, label),
  ]);
  // A save that died between the label and the listing left a label nobody has been told of.
  const unfinished = journal !== undefined && !listedNames(listing).includes(name);
  if (previous !== undefined && !unfinished && input.overwrite !== true) {
    throw new AlibiError('Conflict', {
      what: `a label image "${name}" is there already`,
      where: label.slice(1),
      remedy: 'Choose another name, or allow it to be overwritten (--overwrite).',
    });
  }
  const oldPaths = datasetPaths(previous).map((path): `/${string}` => `${label}/${path}`);
  const found = await Promise.all(oldPaths.map((path) => readArrayKeys(target, path)));
  const oldArrays = found.filter((keys) => keys !== undefined);
  if (journal !== undefined) await removeLeftovers(target, label, journal, oldPaths);
  const revision = createRevisionId();
  const arrays = plan.levels.map((level, n) =>
    plannedKeys(
      `${label}/${revision}/${n}`,
      plan.zarrFormat,
      level.shape,
      level.shardShape ?? level.chunkShape,
    ),
  );
  return { plan, revision, out, labels, label, previous, oldArrays, arrays };
}

/** Remove what a save that died has written, unless it had got as far as being the label. */
async function removeLeftovers(
  target: WriteStore,
  label: GroupPath,
  journal: Journal,
  livePaths: readonly string[],
): Promise<void> {
  const folder: `/${string}` = `${label}/${journal.revision}`;
  if (livePaths.some((path) => path.startsWith(`${folder}/`))) return;
  await removeArrays(target, journal.arrays, [folder]);
}

/** Everything up to, not including, the one `set` that makes the revision the label. */
async function writeRevision(
  save: Save,
  input: MaterializeInput,
): Promise<{ written: number; skipped: number }> {
  const { plan, label, revision, arrays } = save;
  const { target, signal } = input;
  const options = signal === undefined ? {} : { signal };
  const folder: `/${string}` = `${label}/${revision}`;
  try {
    await writeJournal(target, label, { revision, started: new Date().toISOString(), arrays }, options);
    const labels = transposed(
      input.labels,
      plan.axes.map((axis) => axis.name),
    );
    const counts = await writePyramid(
      { store: target, folder, plan, labels },
      {
        signal,
        onProgress: input.onProgress,
        total: plan.levels.reduce((sum, level) => sum + chunkTotal(level), 0),
      },
    );
    await target.set(
      `${folder}/${groupFile(plan.zarrFormat)}`,
      toJson(groupDocument(plan.zarrFormat, {})),
      options,
    );
    signal?.throwIfAborted();
    await writeGroup(target, label, plan.zarrFormat, attributesOf(save, input), save.previous, options);
    return counts;
  } catch (error) {
    await undo(save, input);
    throw error;
  }
}

/** Remove what was written, unless it became the label after all (a `set` that arrived and lost its answer). */
async function undo(save: Save, { target }: MaterializeInput): Promise<void> {
  try {
    const now = await readGroup(target, save.label, save.plan.zarrFormat);
    if (datasetPaths(now).some((path) => path.startsWith(`${save.revision}/`))) return;
    await removeArrays(target, save.arrays, [`${save.label}/${save.revision}`]);
    if (save.previous === undefined) await target.delete(`${save.label}/${groupFile(save.plan.zarrFormat)}`);
    await removeJournal(target, save.label);
  } catch {
    // The first failure is what the caller needs to hear; the journal tells the next save what is left.
  }
}

/** Make the label known and remove what it replaces. Not abortable: the label counts already. */
async function publish(save: Save, { target, name }: MaterializeInput): Promise<void> {
  const { plan, out, labels, label } = save;
  const root = await readGroup(target, out, plan.zarrFormat);
  if (root === undefined) await writeGroup(target, out, plan.zarrFormat, {}, undefined);
  const listing = await readGroup(target, labels, plan.zarrFormat);
  if (!listedNames(listing).includes(name)) {
    const attributes = labelsListing(versionOf(plan), [name], listing?.attributes);
    await writeGroup(target, labels, plan.zarrFormat, attributes, listing);
  }
  await updateConsolidated(target, plan.zarrFormat, label, await metadataFiles(save, target));
  await removeArrays(target, save.oldArrays, oldFolders(save));
  await removeJournal(target, label);
}

/** Revisions of ours are removed folder and all; arrays others wrote, array by array. */
function oldFolders({ label, oldArrays }: Save): `/${string}`[] {
  const folders = oldArrays.map(({ path }) => path.slice(label.length + 1).split('/'));
  const revisions = folders
    .filter((parts) => parts.length > 1 && /^rev-/.test(parts[0]!))
    .map((parts) => parts[0]!);
  return [...new Set(revisions)].map((revision): `/${string}` => `${label}/${revision}`);
}

/** The metadata files of the label, its arrays and the groups above it, by key. */
async function metadataFiles(save: Save, target: WriteStore): Promise<Map<`/${string}`, Attributes>> {
  const { plan, out, labels, label, revision, arrays } = save;
  const paths: `/${string}`[] = [
    ...(out === '' ? [] : [out]),
    labels,
    label,
    `${label}/${revision}`,
    ...arrays.map((array) => array.path),
  ];
  const files = plan.zarrFormat === 3 ? ['zarr.json'] : ['.zgroup', '.zarray', '.zattrs'];
  const keys = paths.flatMap((path) => files.map((file): `/${string}` => `${path}/${file}`));
  const documents = await Promise.all(keys.map(async (key) => [key, await readJson(target, key)] as const));
  return new Map(documents.flatMap(([key, document]) => (document === undefined ? [] : [[key, document]])));
}

function attributesOf({ plan, revision, out }: Save, input: MaterializeInput): Attributes {
  const { image, target } = input;
  const inImage = target === image.store && out === `/${image.path}`.replace(/^\/+/, '/').replace(/\/$/, '');
  return labelAttributes({
    version: versionOf(plan),
    name: input.name,
    axes: plan.axes,
    datasets: plan.levels.map((level, n) => ({ path: `${revision}/${n}`, transform: level.transform })),
    classes: input.classes,
    source: input.source ?? (inImage ? '../../' : publicLocation(image.location)),
    provenance: createProvenance(input.provenance, image),
  });
}

/** A folder holds groups of one Zarr version; a reader of the image would not see labels of the other. */
async function assertSameFormat(target: WriteStore, out: GroupPath, zarrFormat: 2 | 3): Promise<void> {
  const other = zarrFormat === 2 ? 3 : 2;
  const [same, different] = await Promise.all([
    readGroup(target, out, zarrFormat),
    readGroup(target, out, other),
  ]);
  if (same !== undefined || different === undefined) return;
  throw new AlibiError('Conflict', {
    what: `the target is a Zarr v${other} group and the image is Zarr v${zarrFormat}`,
    where: out === '' ? '/' : out,
    remedy: 'Choose an empty target, or one of the same Zarr version.',
  });
}

function groupFile(zarrFormat: 2 | 3): string {
  return zarrFormat === 3 ? 'zarr.json' : '.zgroup';
}

/** Names listed in a `labels` group, of either version. */
function listedNames(listing: GroupMetadata | undefined): string[] {
  const attributes = listing?.attributes ?? {};
  const both = [attributes.labels, asRecord(attributes.ome).labels].filter((value) => Array.isArray(value));
  return [...new Set(both.flat().filter((name) => typeof name === 'string'))];
}

function versionOf(plan: PyramidPlan): WritableVersion {
  return plan.zarrFormat === 2 ? '0.4' : '0.5';
}

function datasetPaths(group: GroupMetadata | undefined): string[] {
  const attributes = group?.attributes ?? {};
  const multiscales = asRecord(attributes.ome).multiscales ?? attributes.multiscales;
  const datasets = Array.isArray(multiscales) ? asRecord(multiscales[0]).datasets : undefined;
  if (!Array.isArray(datasets)) return [];
  const paths = datasets.map((dataset) => asRecord(dataset).path).filter((path) => typeof path === 'string');
  return paths.filter((path) => path !== '' && !path.split('/').some((part) => part === '..' || part === ''));
}
