import type { WriteStore } from '../stores/store.ts';
import { type Attributes, asRecord, type GroupPath, readGroup, readJson, toJson } from './group-metadata.ts';

/**
 * Rewrite the consolidated metadata of every group above `changed` that has any, so that readers who
 * trust it (zarr-python's defaults) find what was just written.
 *
 * @param changed  the group whose subtree is new; every entry below it is replaced
 * @param nodes    metadata files of `changed`, of what lies below it and of new groups above it, by
 *                 absolute key: `/labels/zarr.json`, `/labels/x/.zattrs`, …
 */
export async function updateConsolidated(
  store: WriteStore,
  zarrFormat: 2 | 3,
  changed: GroupPath,
  nodes: ReadonlyMap<`/${string}`, Attributes>,
): Promise<void> {
  const parts = changed.split('/').slice(1, -1);
  for (let depth = parts.length; depth >= 0; depth--) {
    const group: GroupPath = depth === 0 ? '' : `/${parts.slice(0, depth).join('/')}`;
    await (zarrFormat === 2 ? updateVersion2 : updateVersion3)(store, group, changed, nodes);
  }
}

async function updateVersion2(
  store: WriteStore,
  group: GroupPath,
  changed: GroupPath,
  nodes: ReadonlyMap<`/${string}`, Attributes>,
): Promise<void> {
  const document = await readJson(store, `${group}/.zmetadata`);
  if (document === undefined) return;
  const metadata = without(asRecord(document.metadata), changed.slice(group.length + 1));
  for (const [key, value] of nodes) {
    if (key.startsWith(`${group}/`)) metadata[key.slice(group.length + 1)] = value;
  }
  await store.set(`${group}/.zmetadata`, toJson({ ...document, metadata }));
}

async function updateVersion3(
  store: WriteStore,
  group: GroupPath,
  changed: GroupPath,
  nodes: ReadonlyMap<`/${string}`, Attributes>,
): Promise<void> {
  const found = await readGroup(store, group, 3);
  const consolidated = found?.document.consolidated_metadata;
  if (found === undefined || typeof consolidated !== 'object' || consolidated === null) return;
  const inline = asRecord(consolidated);
  const metadata = without(asRecord(inline.metadata), changed.slice(group.length + 1));
  for (const [key, value] of nodes) {
    const path = key.slice(0, -'/zarr.json'.length);
    // What a subgroup consolidates itself is not repeated in what its parents consolidate.
    const { consolidated_metadata: _, ...own } = value;
    if (path.startsWith(`${group}/`)) metadata[path.slice(group.length + 1)] = own;
  }
  const document = { ...found.document, consolidated_metadata: { ...inline, metadata } };
  await store.set(`${group}/zarr.json`, toJson(document));
}

function without(metadata: Attributes, subtree: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([key]) => key !== subtree && !key.startsWith(`${subtree}/`)),
  );
}
