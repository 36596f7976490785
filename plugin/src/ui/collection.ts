import { AlibiError } from '../errors.ts';
import { openNode } from '../ome/open-node.ts';
import { type OmePlate, openWell } from '../ome/plate.ts';
import { below } from '../stores/below.ts';
import { openStore } from '../stores/open-store.ts';
import type { ReadStore, Source } from '../stores/store.ts';

/** One image of a collection. */
export interface CollectionItem {
  /** Below the collection: `B/03/0`. */
  readonly path: string;
  /** For people: `Field 1`. */
  readonly title: string;
}

/** Several images at one place, one of which is to be chosen. */
export interface Collection {
  readonly source: Source;
  readonly name: string;
  readonly store: ReadStore;
  readonly content:
    | { readonly kind: 'plate'; readonly plate: OmePlate }
    | {
        readonly kind: 'list';
        readonly of: 'fields' | 'images' | 'labels';
        readonly items: readonly CollectionItem[];
      };
}

/**
 * What lies at a place that is no single image.
 *
 * @returns  `null` where it is an image after all
 * @throws AlibiError  as openStore and openNode
 */
async function openCollection(source: Source, signal: AbortSignal): Promise<Collection | null> {
  const at = await openStore(source, { signal });
  const node = await openNode(at, { signal });
  const name = at.location.replace(/\/+$/, '').split('/').at(-1) ?? at.location;
  const base = { source, name, store: at.store };
  switch (node.kind) {
    case 'image':
      return null;
    case 'plate':
      return { ...base, name: node.plate.name, content: { kind: 'plate', plate: node.plate } };
    case 'well':
      return { ...base, content: { kind: 'list', of: 'fields', items: fieldItems('', node.well.fields) } };
    case 'series': {
      const items = node.series.images.map(({ path }) => ({ path, title: path }));
      return { ...base, content: { kind: 'list', of: 'images', items } };
    }
    case 'labels': {
      const items = node.labels.labels.map(({ path, name: title }) => ({ path, title }));
      return { ...base, content: { kind: 'list', of: 'labels', items } };
    }
  }
}

/** The fields of a plate's well. */
export async function wellItems(
  plate: OmePlate,
  path: string,
  signal: AbortSignal,
): Promise<CollectionItem[]> {
  const { fields } = await openWell(plate, path, { signal });
  return fieldItems(`${path}/`, fields);
}

function fieldItems(prefix: string, fields: readonly { readonly path: string }[]): CollectionItem[] {
  return fields.map(({ path }, index) => ({ path: `${prefix}${path}`, title: `Field ${index + 1}` }));
}

/** An image of a collection as something to open: an address where the collection has one. */
export async function itemSource({ source, store }: Collection, path: string): Promise<Source> {
  if (typeof source === 'string' || source instanceof URL) {
    const url = new URL(source, document.baseURI);
    if (!/\.(zip|ozx)$/i.test(url.pathname)) {
      url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path.split('/').map(encodeURIComponent).join('/')}`;
      return url;
    }
  }
  if (typeof source === 'object' && 'getDirectoryHandle' in source) {
    let folder: FileSystemDirectoryHandle = source;
    for (const part of path.split('/')) folder = await folder.getDirectoryHandle(part);
    return folder;
  }
  return below(store, path);
}

/** True for failures that a collection in the place of an image gives. */
export function mayBeCollection(error: unknown): boolean {
  return error instanceof AlibiError && error.tag === 'UnsupportedFormat';
}

/** What can be chosen from at a place; `null` where that cannot be told either. */
export async function browseCollection(source: Source, signal: AbortSignal): Promise<Collection | null> {
  try {
    return await openCollection(source, signal);
  } catch {
    return null; // Why the image did not open is what people need to hear.
  }
}

/** A source in words: its address or its name. */
export function describeSource(source: Source): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return source.href;
  return 'name' in source && typeof source.name === 'string' ? source.name : 'the image';
}
