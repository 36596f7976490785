import { isObject, type JsonObject, own } from './metadata-file.ts';

/**
 * A change to consolidated metadata: files by their path below the group that holds it, such as
 * `labels/cells/.zattrs` (v2) or `labels/cells/zarr.json` (v3). `null` takes the file out.
 */
export type ConsolidatedChanges = Readonly<Record<string, JsonObject | null>>;

/**
 * A group's `.zmetadata` (Zarr v2) with changes.
 *
 * @param old  the parsed `.zmetadata`
 * @returns    a new object; everything not changed is kept
 */
export function updateConsolidatedV2(old: JsonObject, changes: ConsolidatedChanges): JsonObject {
  const metadata = own(old, 'metadata');
  return {
    zarr_consolidated_format: 1,
    ...old,
    metadata: applied(isObject(metadata) ? metadata : {}, changes),
  };
}

/**
 * A group's `zarr.json` (Zarr v3) with changes to its inline consolidated metadata. Paths may end in `/zarr.json`
 * or name the node. Intermediate groups that hold consolidated metadata of their own lie flat in the
 * same list, so only this level changes.
 *
 * @param old  the parsed `zarr.json`
 * @returns    a new object, or `old` itself where it holds no consolidated metadata
 */
export function updateConsolidatedV3(old: JsonObject, changes: ConsolidatedChanges): JsonObject {
  const consolidated = own(old, 'consolidated_metadata');
  if (!isObject(consolidated)) return old;
  const metadata = own(consolidated, 'metadata');
  const nodes = Object.fromEntries(
    Object.entries(changes).map(([path, value]) => [path.replace(/\/?zarr\.json$/, ''), value]),
  );
  return {
    ...old,
    consolidated_metadata: {
      ...consolidated,
      metadata: applied(isObject(metadata) ? metadata : {}, nodes),
    },
  };
}

/** Whether a group's metadata holds consolidated metadata that must be kept true. */
export function isConsolidatedV3(zarrJson: JsonObject): boolean {
  return isObject(own(zarrJson, 'consolidated_metadata'));
}

function applied(metadata: JsonObject, changes: ConsolidatedChanges): JsonObject {
  const kept = Object.entries(metadata).filter(([path]) => !Object.hasOwn(changes, path));
  const added = Object.entries(changes).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...added]);
}
