import { AlibiError } from '../errors.ts';
import { readNode, type ZarrGroup } from './group.ts';
import { childPath, describe, own, type ReadOptions, safeRelativePath } from './metadata-file.ts';
import type { OmeLabelRef } from './ome-image.ts';

/**
 * The label images an image lists in its `labels` group; none where there is no such group.
 *
 * @throws AlibiError InvalidInput  the listing is not a list of names
 */
export async function readLabelRefs(image: ZarrGroup, options: ReadOptions = {}): Promise<OmeLabelRef[]> {
  const node = await readNode({ ...image, path: childPath(image.path, 'labels') }, options, image.zarrFormat);
  if (node?.kind !== 'group') return [];
  return (parseListing(node.group) ?? []).map((name) => ({ name, path: `labels/${name}` }));
}

/**
 * Names in a labels group: `labels` in Zarr v2; in Zarr v3 `ome.labels`, or `labels` beside `ome` as
 * some writers have it. `undefined` where the group has no such list.
 */
export function parseListing(group: ZarrGroup): string[] | undefined {
  const list = own(group.ome, 'labels') ?? own(group.attributes, 'labels');
  if (list === undefined || list === null) return undefined;
  const names = (Array.isArray(list) ? list : [undefined]).map(safeRelativePath);
  const bad = names.indexOf(undefined);
  if (bad >= 0) {
    throw new AlibiError('InvalidInput', {
      what: Array.isArray(list) ? `labels[${bad}] is ${describe(list[bad])}` : `labels is ${describe(list)}`,
      where: group.where,
      remedy: 'List the names of the label groups below this one as texts.',
    });
  }
  return [...new Set(names.filter((name) => name !== undefined))];
}
