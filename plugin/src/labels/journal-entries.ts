import { type Attributes, asRecord, type GroupPath } from './group-metadata.ts';
import type { ArrayKeys } from './revision.ts';

/** What is to be removed once a save is over: arrays, and where a store can list, whole folders. */
export interface Remains {
  readonly folders: readonly `/${string}`[];
  readonly arrays: readonly ArrayKeys[];
}

/** What a journal's save, copy or removal has written or was to remove, if it never ends. */
export function leftBy({ revision, arrays, remains }: JournalBegin, label: `/${string}`): Remains {
  return joinedRemains({ folders: [`${label}/${revision}`], arrays }, remains);
}

export function joinedRemains(a: Remains, b: Remains): Remains {
  return {
    folders: [...new Set([...a.folders, ...b.folders])],
    arrays: [...new Map([...a.arrays, ...b.arrays].map((keys) => [keys.path, keys])).values()],
  };
}

/** The first entry: what is being written, in place of what. */
export interface JournalBegin {
  readonly op: 'begin';
  readonly format: typeof journalFormat;
  readonly revision: string;
  readonly started: string;
  /** Of the run that writes; the last `begin` or `resume` says who has the say. */
  readonly owner: string;
  /** sha256 of everything that decides what the chunks hold; a save of other work does not go on from here. */
  readonly work: string;
  /** sha256 of the label's metadata file as it was found; null where there was none. */
  readonly found: string | null;
  /** Chunks of all levels. */
  readonly chunks: number;
  readonly arrays: readonly ArrayKeys[];
  /** The label image that is replaced, and what earlier saves that died have left. */
  readonly remains: Remains;
  /** A person has allowed to replace what is there. */
  readonly overwrite: boolean;
  readonly purpose: Purpose;
}

/** What a journal is kept for: a save; a copy under another name, of the label image `of`; the removal of what is no longer a label. */
export type Purpose =
  | { readonly kind: 'save' }
  | { readonly kind: 'copy'; readonly of: string }
  | { readonly kind: 'removal' };

/** A chunk or shard that is stored, or known to hold nothing but 0. */
export interface StoredObject {
  readonly op: 'object';
  readonly key: `/${string}`;
  /** 0: nothing is stored for it. */
  readonly bytes: number;
  /** Of the stored bytes; 0 where there are none. */
  readonly crc32c: number;
  /** Its chunks that hold something, and those that are empty. */
  readonly written: number;
  readonly skipped: number;
}

export type JournalEntry =
  | JournalBegin
  | StoredObject
  | { readonly op: 'resume'; readonly owner: string; readonly started: string }
  /** All chunks and the metadata of an array are stored. */
  | { readonly op: 'level'; readonly level: number }
  /** Steps after the one `set` that made the revision the label. */
  | { readonly op: 'label' | 'listed' | 'consolidated' | 'removed' };

export const journalFormat = 'alibi-zarr/journal/2';

/**
 * One line of a journal; undefined for one that was cut off or that this version does not know.
 *
 * @param label  the folder it lies in: nothing outside of it is ever taken for what may be removed
 */
export function parseEntry(line: string, label: GroupPath): JournalEntry | undefined {
  const entry = parseJsonObject(line);
  switch (entry?.op) {
    case 'begin':
      return parseBegin(entry, label);
    case 'object':
      return parseObject(entry, label);
    case 'resume':
      return typeof entry.owner === 'string' && typeof entry.started === 'string'
        ? { op: 'resume', owner: entry.owner, started: entry.started }
        : undefined;
    case 'level':
      return typeof entry.level === 'number' ? { op: 'level', level: entry.level } : undefined;
    case 'label':
    case 'listed':
    case 'consolidated':
    case 'removed':
      return { op: entry.op };
    default:
      return undefined;
  }
}

function parseJsonObject(line: string): Attributes | undefined {
  try {
    return asRecord(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function parseBegin(entry: Attributes, label: GroupPath): JournalBegin | undefined {
  const { revision, started, owner, work, chunks } = entry;
  if (entry.format !== journalFormat || typeof revision !== 'string' || !isRevision(revision))
    return undefined;
  if (typeof started !== 'string' || typeof owner !== 'string' || typeof work !== 'string') return undefined;
  const remains = asRecord(entry.remains);
  return {
    op: 'begin',
    format: journalFormat,
    revision,
    started,
    owner,
    work,
    found: typeof entry.found === 'string' ? entry.found : null,
    chunks: typeof chunks === 'number' ? chunks : 0,
    arrays: arrayKeys(entry.arrays, `${label}/${revision}/`),
    remains: {
      folders: list(remains.folders)
        .filter((folder) => typeof folder === 'string')
        .filter((folder): folder is `/${string}` => isRevision(folder.slice(label.length + 1)))
        .filter((folder) => folder.startsWith(`${label}/`)),
      arrays: arrayKeys(remains.arrays, `${label}/`),
    },
    overwrite: entry.overwrite === true,
    purpose: parsePurpose(entry.purpose),
  };
}

function parsePurpose(value: unknown): Purpose {
  const { kind, of } = asRecord(value);
  if (kind === 'removal') return { kind };
  return kind === 'copy' && typeof of === 'string' ? { kind, of } : { kind: 'save' };
}

function parseObject(entry: Attributes, label: GroupPath): StoredObject | undefined {
  const { key } = entry;
  const numbers = [entry.bytes, entry.crc32c, entry.written, entry.skipped];
  const counts = numbers.filter((value) => typeof value === 'number');
  const [bytes, crc32c, written, skipped] = counts;
  if (typeof key !== 'string' || !isInside(key, `${label}/rev-`)) return undefined;
  if (bytes === undefined || crc32c === undefined || written === undefined || skipped === undefined)
    return undefined;
  return { op: 'object', key, bytes, crc32c, written, skipped };
}

function arrayKeys(value: unknown, prefix: string): ArrayKeys[] {
  return list(value)
    .filter(isArrayKeys)
    .filter(({ path }) => path.startsWith(prefix));
}

function isArrayKeys(value: unknown): value is ArrayKeys {
  if (typeof value !== 'object' || value === null) return false;
  const keys: Partial<Record<keyof ArrayKeys, unknown>> = value;
  return (
    typeof keys.path === 'string' &&
    isInside(keys.path, '/') &&
    typeof keys.prefix === 'string' &&
    typeof keys.separator === 'string' &&
    Array.isArray(keys.counts) &&
    keys.counts.every((count) => Number.isInteger(count) && count >= 0)
  );
}

function isInside(key: string, prefix: string): key is `/${string}` {
  return key.startsWith(prefix) && !key.split('/').includes('..');
}

function isRevision(name: string): boolean {
  return /^rev-[0-9]+-[0-9a-f]+$/.test(name);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
