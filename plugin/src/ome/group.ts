import { AlibiError } from '../errors.ts';
import {
  childPath,
  type GroupLocation,
  isObject,
  type JsonObject,
  keyPrefix,
  own,
  type ReadOptions,
  readMetadataFile,
} from './metadata-file.ts';

/** A Zarr group with its attributes, whichever Zarr format it is stored in. */
export interface ZarrGroup extends GroupLocation {
  readonly zarrFormat: 2 | 3;
  /** Everything the group says: the content of `.zattrs`, or `attributes` of `zarr.json`. */
  readonly attributes: JsonObject;
  /** What OME-Zarr says: the attributes themselves in Zarr v2, `attributes.ome` in Zarr v3. */
  readonly ome: JsonObject;
  /** `LOCATION/.zattrs` or `LOCATION/zarr.json#attributes.ome`, for messages. */
  readonly where: string;
  /** Bytes of the file the attributes stand in. */
  readonly bytes: Uint8Array;
}

export type ZarrNode = { readonly kind: 'group'; readonly group: ZarrGroup } | { readonly kind: 'array' };

/**
 * Read what lies at a path: a group in either Zarr format (v3 where both are there), an array, or nothing.
 *
 * @param zarrFormat  where it is known, the other format's files are not asked for
 * @throws AlibiError InvalidInput  a metadata file is not a JSON object
 */
export async function readNode(
  at: GroupLocation,
  options: ReadOptions = {},
  zarrFormat?: 2 | 3,
): Promise<ZarrNode | undefined> {
  const node = zarrFormat === 2 ? undefined : await readV3(at, options);
  return node ?? (zarrFormat === 3 ? undefined : await readV2(at, options));
}

async function readV3(at: GroupLocation, options: ReadOptions): Promise<ZarrNode | undefined> {
  const file = await readMetadataFile(at, 'zarr.json', options);
  if (file === undefined || own(file.value, 'zarr_format') !== 3) return undefined;
  if (own(file.value, 'node_type') === 'array') return { kind: 'array' };
  const attributes = objectOr(own(file.value, 'attributes'));
  const ome = objectOr(own(attributes, 'ome'));
  const where = `${at.location}${file.key}#attributes.ome`;
  return { kind: 'group', group: { ...at, zarrFormat: 3, attributes, ome, where, bytes: file.bytes } };
}

async function readV2(at: GroupLocation, options: ReadOptions): Promise<ZarrNode | undefined> {
  const [attributes, group] = await Promise.all([
    readMetadataFile(at, '.zattrs', options),
    readMetadataFile(at, '.zgroup', options),
  ]);
  // Arrays have attributes too: only the file that makes it one tells.
  if (group === undefined && (await readMetadataFile(at, '.zarray', options)) !== undefined) {
    return { kind: 'array' };
  }
  const file = attributes ?? group;
  if (file === undefined) return undefined;
  const value = attributes?.value ?? {};
  const where = `${at.location}${keyPrefix(at.path)}/.zattrs`;
  return {
    kind: 'group',
    group: { ...at, zarrFormat: 2, attributes: value, ome: value, where, bytes: file.bytes },
  };
}

/**
 * Read the group at a path.
 *
 * @throws AlibiError NotFound           nothing is there
 * @throws AlibiError UnsupportedFormat  an array is there: a Zarr array without OME metadata
 */
export async function readGroup(
  at: GroupLocation,
  options: ReadOptions = {},
  zarrFormat?: 2 | 3,
): Promise<ZarrGroup> {
  const node = await readNode(at, options, zarrFormat);
  const where = `${at.location}${keyPrefix(at.path)}`;
  if (node === undefined) {
    throw new AlibiError('NotFound', {
      what: 'no Zarr group here: neither zarr.json nor .zgroup nor .zattrs is there',
      where,
      remedy: 'Check the address; it must name the folder that holds one of these files.',
    });
  }
  if (node.kind === 'array') {
    throw new AlibiError('UnsupportedFormat', {
      what: 'a Zarr array without OME metadata',
      where,
      remedy: 'Open the group above it, or write the array as an OME-Zarr image first.',
    });
  }
  return node.group;
}

/** More numbered groups than any converter has been seen to write. */
const probeLimit = 10_000;

/** Paths `0`, `1`, `2`, … of the groups below one, up to the first that is missing. */
export async function numberedGroups(at: ZarrGroup, options: ReadOptions = {}): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < probeLimit; i++) {
    const node = await readNode({ ...at, path: childPath(at.path, String(i)) }, options, at.zarrFormat);
    if (node?.kind !== 'group') break;
    paths.push(String(i));
  }
  return paths;
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
