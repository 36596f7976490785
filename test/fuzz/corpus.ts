import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { hasShared, sharedPath } from '../shared.ts';
import type { Files } from './hostile-store.ts';

/** One thing of the reference data that can be opened. */
export interface Subject {
  readonly kind: 'store' | 'archive' | 'weights';
  /** Path below ../shared. */
  readonly name: string;
  /** Groups with OME metadata in it; '' is the root. */
  readonly nodes: readonly string[];
}

const stores = 'data/ome-zarr';
const metadataNames = new Set(['zarr.json', '.zgroup', '.zattrs', '.zarray']);

export function hasCorpus(): boolean {
  return hasShared(stores) && hasShared('golden/tiny');
}

/** Every store, archive and small checkpoint of the reference data, in the order of their names. */
export function corpus(): Subject[] {
  const root = sharedPath(stores);
  const folders = new Map<string, string[]>();
  const archives: string[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const folder = relative(root, entry.parentPath).split(sep).join('/');
    if (metadataNames.has(entry.name)) folders.set(folder, []);
    if (/\.(zip|ozx)$/.test(entry.name)) archives.push(`${stores}/${folder}/${entry.name}`);
  }
  const tops = [...folders.keys()].filter((folder) => !hasAncestor(folder, folders)).sort();
  const zarrs = tops.map((top): Subject => {
    const nodes = [...folders.keys()]
      .filter((folder) => folder === top || folder.startsWith(`${top}/`))
      .map((folder) => folder.slice(top.length + 1));
    return { kind: 'store', name: `${stores}/${top}`, nodes: nodes.sort() };
  });
  const weights = readdirSync(sharedPath('golden/tiny'))
    .filter((name) => /^(alibi|dinov2_base).*\.(pth|safetensors)$/.test(name))
    .map((name): Subject => ({ kind: 'weights', name: `golden/tiny/${name}`, nodes: [] }));
  return [
    ...zarrs,
    ...archives.sort().map((name): Subject => ({ kind: 'archive', name, nodes: [''] })),
    ...weights.sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

function hasAncestor(folder: string, folders: ReadonlyMap<string, unknown>): boolean {
  const parts = folder.split('/');
  return parts.some((_, i) => i > 0 && folders.has(parts.slice(0, i).join('/')));
}

const kept = new Map<string, Files>();

/** Files of a store by their keys, a list of the caller's own; read once. */
export function filesOf(subject: Subject): Files {
  const files = kept.get(subject.name) ?? readFiles(subject);
  kept.set(subject.name, files);
  return new Map(files);
}

/** Chunks of more than 1 MiB, and files beyond the first 300 that are no metadata, are left out. */
function readFiles(subject: Subject): Files {
  const root = sharedPath(subject.name);
  const files: Files = new Map();
  const keys = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `/${relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')}`)
    .sort();
  for (const key of keys) {
    const isMetadata = isMetadataKey(key);
    if (!isMetadata && files.size > 300) continue;
    const bytes = readFileSync(join(root, key));
    if (isMetadata || bytes.length <= 2 ** 20) files.set(key, new Uint8Array(bytes));
  }
  return files;
}

export function bytesOf(subject: Subject): Uint8Array {
  return new Uint8Array(readFileSync(sharedPath(subject.name)));
}

export function isMetadataKey(key: string): boolean {
  return metadataNames.has(key.slice(key.lastIndexOf('/') + 1));
}
