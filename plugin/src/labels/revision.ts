import { chunkCounts } from '../array/lazy-array.ts';
import type { WriteStore } from '../stores/store.ts';
import { type Attributes, asRecord, readJson } from './group-metadata.ts';

/** Where the values of one array lie, to be removed where a store cannot list its keys. */
export interface ArrayKeys {
  /** Absolute path of the array. */
  readonly path: `/${string}`;
  /** What stands before a chunk's position: `c/` in Zarr 3, nothing in Zarr 2. */
  readonly prefix: string;
  readonly separator: string;
  /** Stored values (chunks, or shards) along each axis. */
  readonly counts: readonly number[];
}

const metadataFiles = ['zarr.json', '.zarray', '.zattrs', '.zgroup'] as const;
/** Deletions under way at once. */
const deletesAtOnce = 8;

/** A folder name never used before: time for people, randomness against collisions. */
export function createRevisionId(now = new Date()): string {
  const stamp = now
    .toISOString()
    .replace(/[-:.TZ]/g, '')
    .slice(0, 14);
  return `rev-${stamp}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Keys of an array that is about to be written, chunks or shards of `storedShape`. */
export function plannedKeys(
  path: `/${string}`,
  zarrFormat: 2 | 3,
  shape: readonly number[],
  storedShape: readonly number[],
): ArrayKeys {
  const counts = chunkCounts({ shape, chunkShape: storedShape });
  return { path, prefix: zarrFormat === 3 ? 'c/' : '', separator: '/', counts };
}

/** What a Zarr array's own metadata says about its keys; undefined where there is no array. */
export async function readArrayKeys(store: WriteStore, path: `/${string}`): Promise<ArrayKeys | undefined> {
  const v3 = await readJson(store, `${path}/zarr.json`);
  if (v3 !== undefined) {
    const chunkShape = numbers(asRecord(asRecord(v3.chunk_grid).configuration).chunk_shape);
    const encoding = asRecord(v3.chunk_key_encoding);
    const isDefault = encoding.name !== 'v2';
    const separator = asRecord(encoding.configuration).separator ?? (isDefault ? '/' : '.');
    return keysOf(path, v3, chunkShape, isDefault ? `c${String(separator)}` : '', String(separator));
  }
  const v2 = await readJson(store, `${path}/.zarray`);
  if (v2 === undefined) return undefined;
  return keysOf(path, v2, numbers(v2.chunks), '', String(v2.dimension_separator ?? '.'));
}

/** Key of the value at a position. */
export function valueKey(array: ArrayKeys, index: readonly number[]): `/${string}` {
  return `${array.path}/${array.prefix}${index.join(array.separator)}`;
}

function keysOf(
  path: `/${string}`,
  document: Attributes,
  chunkShape: readonly number[],
  prefix: string,
  separator: string,
): ArrayKeys {
  return { path, prefix, separator, counts: chunkCounts({ shape: numbers(document.shape), chunkShape }) };
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
}

/**
 * Remove arrays and, where the store can list, everything below `folders`. Metadata goes first, so that
 * what is half removed no longer looks like an array.
 *
 * @throws what the store throws; callers that only tidy up ignore it
 */
export async function removeArrays(
  store: WriteStore,
  arrays: readonly ArrayKeys[],
  folders: readonly `/${string}`[] = [],
): Promise<void> {
  const paths = [...new Set([...folders, ...arrays.map((array) => array.path)])];
  for (const path of paths) await Promise.all(metadataFiles.map((file) => store.delete(`${path}/${file}`)));
  if (store.list !== undefined) {
    for (const path of paths) await deleteAll(store, await collect(store.list(`${path}/`)));
    return;
  }
  for (const array of arrays) await deleteAll(store, chunkKeys(array));
}

/** Every key that a value of the array can have. */
export function* chunkKeys(array: ArrayKeys): Generator<`/${string}`> {
  const total = array.counts.reduce((product, count) => product * count, 1);
  for (let i = 0; i < total; i++) {
    const index: number[] = [];
    let rest = i;
    for (let axis = array.counts.length - 1; axis >= 0; axis--) {
      const count = array.counts[axis]!;
      index[axis] = rest % count;
      rest = Math.floor(rest / count);
    }
    yield valueKey(array, index);
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function deleteAll(store: WriteStore, keys: Iterable<`/${string}`>): Promise<void> {
  let batch: Promise<void>[] = [];
  for (const key of keys) {
    batch.push(store.delete(key));
    if (batch.length < deletesAtOnce) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
}
