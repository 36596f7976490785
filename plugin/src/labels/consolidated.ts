import { isConsolidatedV3, updateConsolidatedV2, updateConsolidatedV3 } from '../ome/consolidated.ts';
import type { WriteStore } from '../stores/store.ts';
import { type Attributes, asRecord, type GroupPath, readJson, toJson } from './group-metadata.ts';

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
  const old = await readJson(store, `${group}/.zmetadata`);
  if (old === undefined) return;
  const changes = changesOf(asRecord(old.metadata), group, changed, nodes);
  await store.set(`${group}/.zmetadata`, toJson(updateConsolidatedV2(old, changes)));
}

async function updateVersion3(
  store: WriteStore,
  group: GroupPath,
  changed: GroupPath,
  nodes: ReadonlyMap<`/${string}`, Attributes>,
): Promise<void> {
  const old = await readJson(store, `${group}/zarr.json`);
  if (old === undefined || !isConsolidatedV3(old)) return;
  const changes = changesOf(asRecord(asRecord(old.consolidated_metadata).metadata), group, changed, nodes);
  await store.set(`${group}/zarr.json`, toJson(updateConsolidatedV3(old, changes)));
}

/** What was below `changed` is taken out; the new nodes are put in, by their path below `group`. */
function changesOf(
  metadata: Attributes,
  group: GroupPath,
  changed: GroupPath,
  nodes: ReadonlyMap<`/${string}`, Attributes>,
): Record<string, Attributes | null> {
  const subtree = changed.slice(group.length + 1);
  const changes: Record<string, Attributes | null> = {};
  for (const key of Object.keys(metadata)) {
    if (key === subtree || key.startsWith(`${subtree}/`)) changes[key] = null;
  }
  for (const [key, value] of nodes) {
    if (!key.startsWith(`${group}/`)) continue;
    const path = key.slice(group.length + 1);
    // A group's own file is not part of what it consolidates.
    if (!path.includes('/')) continue;
    // What a subgroup consolidates itself is not repeated in what its parents consolidate.
    const { consolidated_metadata: _, ...own } = value;
    changes[path.replace(/\/zarr\.json$/, '')] = own;
  }
  return changes;
}
