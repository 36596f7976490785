import { AlibiError } from '../errors.ts';
import type { StoreOptions, WriteStore } from '../stores/store.ts';

/** `''` for a store's root, else `/A/1/0`. */
export type GroupPath = '' | `/${string}`;

export type Attributes = Readonly<Record<string, unknown>>;

/** A Zarr group's metadata; in version 3 `document` is the whole `zarr.json`. */
export interface GroupMetadata {
  readonly attributes: Attributes;
  readonly document: Attributes;
}

/**
 * @param zarrFormat  the version looked for; a group of the other version is not seen
 * @returns           undefined where there is no such group
 */
export async function readGroup(
  store: WriteStore,
  path: GroupPath,
  zarrFormat: 2 | 3,
  options: StoreOptions = {},
): Promise<GroupMetadata | undefined> {
  if (zarrFormat === 3) {
    const document = await readJson(store, `${path}/zarr.json`, options);
    return document && { attributes: asRecord(document.attributes), document };
  }
  const [document, attributes] = await Promise.all([
    readJson(store, `${path}/.zgroup`, options),
    readJson(store, `${path}/.zattrs`, options),
  ]);
  if (document === undefined && attributes === undefined) return undefined;
  return { attributes: attributes ?? {}, document: document ?? {} };
}

/**
 * Write a group's attributes; the last `set` makes them count, so a reader sees all of them or none.
 *
 * @param previous  what {@link readGroup} gave: other members of a version 3 document are kept
 */
export async function writeGroup(
  store: WriteStore,
  path: GroupPath,
  zarrFormat: 2 | 3,
  attributes: Attributes,
  previous: GroupMetadata | undefined,
  options: StoreOptions = {},
): Promise<void> {
  if (zarrFormat === 3) {
    await store.set(`${path}/zarr.json`, toJson(groupDocument(3, attributes, previous)), options);
    return;
  }
  if (previous === undefined || Object.keys(previous.document).length === 0) {
    await store.set(`${path}/.zgroup`, toJson({ zarr_format: 2 }), options);
  }
  await store.set(`${path}/.zattrs`, toJson(attributes), options);
}

/** The content of `zarr.json` (3) or `.zgroup` (2). */
export function groupDocument(
  zarrFormat: 2 | 3,
  attributes: Attributes,
  previous?: GroupMetadata,
): Attributes {
  if (zarrFormat === 2) return { zarr_format: 2 };
  return { ...previous?.document, zarr_format: 3, node_type: 'group', attributes };
}

/** The key's JSON object, or undefined where the key is missing. */
export async function readJson(
  store: WriteStore,
  key: `/${string}`,
  options: StoreOptions = {},
): Promise<Attributes | undefined> {
  const bytes = await store.get(key, options);
  if (bytes === undefined) return undefined;
  try {
    return asRecord(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new AlibiError('Integrity', {
      what: 'not valid JSON',
      where: key,
      remedy: 'Repair or remove this file, then save again.',
      cause,
    });
  }
}

export function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** The value as an object's members; `{}` for anything else. */
export function asRecord(value: unknown): Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
