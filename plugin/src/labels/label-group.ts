import { AlibiError } from '../errors.ts';
import type { WritableVersion } from '../ome/write.ts';
import type { WriteStore } from '../stores/store.ts';
import { asRecord, type GroupMetadata, type GroupPath, readGroup } from './group-metadata.ts';
import type { Journal } from './journal.ts';
import type { Remains } from './journal-entries.ts';
import { type ArrayKeys, readArrayKeys, removeArrays } from './revision.ts';

/** `''` or `/a/b` for a path with or without slashes at its ends. */
export function groupPath(path: string): GroupPath {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `/${trimmed}`;
}

/** The file whose `set` makes a group what it is. */
export function attributesFile(zarrFormat: 2 | 3): 'zarr.json' | '.zattrs' {
  return zarrFormat === 3 ? 'zarr.json' : '.zattrs';
}

/** The file that makes it a group. */
export function groupFile(zarrFormat: 2 | 3): 'zarr.json' | '.zgroup' {
  return zarrFormat === 3 ? 'zarr.json' : '.zgroup';
}

export function versionOf({ zarrFormat }: { readonly zarrFormat: 2 | 3 }): WritableVersion {
  return zarrFormat === 2 ? '0.4' : '0.5';
}

/** Names listed in a `labels` group, of either version. */
export function listedNames(listing: GroupMetadata | undefined): string[] {
  const attributes = listing?.attributes ?? {};
  const both = [attributes.labels, asRecord(attributes.ome).labels].filter((value) => Array.isArray(value));
  return [...new Set(both.flat().filter((name) => typeof name === 'string'))];
}

/** Paths of a multiscale group's arrays below it. */
export function datasetPaths(group: GroupMetadata | undefined): string[] {
  const attributes = group?.attributes ?? {};
  const multiscales = asRecord(attributes.ome).multiscales ?? attributes.multiscales;
  const datasets = Array.isArray(multiscales) ? asRecord(multiscales[0]).datasets : undefined;
  if (!Array.isArray(datasets)) return [];
  const paths = datasets.map((dataset) => asRecord(dataset).path).filter((path) => typeof path === 'string');
  return paths.filter((path) => path !== '' && !path.split('/').some((part) => part === '..' || part === ''));
}

/** Where the values of a label image lie. Revisions of ours go folder and all; arrays others wrote, array by array. */
export async function remainsOf(
  store: WriteStore,
  label: `/${string}`,
  group: GroupMetadata | undefined,
): Promise<Remains> {
  const paths = datasetPaths(group);
  const arrays = await Promise.all(paths.map((path) => readArrayKeys(store, `${label}/${path}`)));
  const revisions = paths.filter((path) => /^rev-[^/]+\//.test(path)).map((path) => path.split('/')[0]!);
  return {
    folders: [...new Set(revisions)].map((revision): `/${string}` => `${label}/${revision}`),
    arrays: arrays.filter((keys): keys is ArrayKeys => keys !== undefined),
  };
}

/**
 * Remove what lies under the name of a label image: what makes it one first, so that what is half removed no longer looks like it; last
 * the journal that says what is to go, if any.
 *
 * @throws what the store throws
 */
export async function removeGroup(
  {
    store,
    zarrFormat,
    label,
  }: { readonly store: WriteStore; readonly zarrFormat: 2 | 3; readonly label: `/${string}` },
  { arrays, folders }: Remains,
  journal: Journal | undefined,
): Promise<void> {
  await store.delete(`${label}/${attributesFile(zarrFormat)}`);
  await removeArrays(store, arrays, folders);
  if (zarrFormat === 2) await store.delete(`${label}/${groupFile(2)}`);
  await journal?.remove();
  await store.tidy?.(label);
}

/** A folder holds groups of one Zarr version; a reader of the image would not see labels of the other. */
export async function assertSameFormat(target: WriteStore, out: GroupPath, zarrFormat: 2 | 3): Promise<void> {
  const other = zarrFormat === 2 ? 3 : 2;
  const [same, different] = await Promise.all([
    readGroup(target, out, zarrFormat),
    readGroup(target, out, other),
  ]);
  if (same !== undefined || different === undefined) return;
  throw new AlibiError('Conflict', {
    what: `the target is a Zarr v${other} group, and labels of OME-Zarr ${versionOf({ zarrFormat })} are Zarr v${zarrFormat}`,
    where: out === '' ? '/' : out,
    remedy: 'Choose an empty target, or save in the version that is there.',
  });
}
