import type { WriteStore } from '../stores/store.ts';
import { type GroupPath, readJson, toJson } from './group-metadata.ts';
import type { ArrayKeys } from './revision.ts';

/** File in the label's folder while a save is under way; a finished or undone save leaves none. */
const fileName = 'alibi-zarr-journal.json';
const format = 'alibi-zarr/journal/1';

/** What a save is about to write, so that the next one can remove what a crash left. */
export interface Journal {
  readonly revision: string;
  readonly started: string;
  readonly arrays: readonly ArrayKeys[];
}

/** The journal of a save that did not end, if any. One that cannot be understood is an error, not nothing. */
export async function readJournal(store: WriteStore, label: GroupPath): Promise<Journal | undefined> {
  const value = await readJson(store, `${label}/${fileName}`);
  if (value === undefined || value.format !== format) return undefined;
  const { revision, started, arrays } = value;
  if (typeof revision !== 'string' || typeof started !== 'string' || !Array.isArray(arrays)) return undefined;
  // Only what lies in this very label's folder may ever be removed, whatever the file says.
  const own = arrays.filter(isArrayKeys).filter((keys) => keys.path.startsWith(`${label}/${revision}/`));
  return /^rev-[0-9]+-[0-9a-f]+$/.test(revision) ? { revision, started, arrays: own } : undefined;
}

export async function writeJournal(
  store: WriteStore,
  label: GroupPath,
  journal: Journal,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  await store.set(`${label}/${fileName}`, toJson({ format, ...journal }), options);
}

export async function removeJournal(store: WriteStore, label: GroupPath): Promise<void> {
  await store.delete(`${label}/${fileName}`);
}

function isArrayKeys(value: unknown): value is ArrayKeys {
  if (typeof value !== 'object' || value === null) return false;
  const keys: Partial<Record<keyof ArrayKeys, unknown>> = value;
  return (
    typeof keys.path === 'string' &&
    !keys.path.split('/').includes('..') &&
    typeof keys.prefix === 'string' &&
    typeof keys.separator === 'string' &&
    Array.isArray(keys.counts) &&
    keys.counts.every((count) => Number.isInteger(count) && count >= 0)
  );
}
