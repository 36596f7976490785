import { AlibiError } from '../errors.ts';
import { readGroup, type ZarrGroup } from './group.ts';
import { parseListing } from './labels-listing.ts';
import { describe, type GroupLocation, isObject, keyPrefix, own, type ReadOptions } from './metadata-file.ts';
import type { OmeImage, OmeLabelRef, OmeVersion } from './ome-image.ts';
import { imageOf } from './open-image.ts';
import { type OmePlate, type OmeWell, parsePlate, parseWell } from './plate.ts';
import { type OmeSeries, readScene, readSeries } from './series.ts';
import { groupVersion } from './version.ts';

/** A `labels` group opened by itself. */
export interface OmeLabelsGroup extends GroupLocation {
  readonly version: OmeVersion;
  /** Paths are below this group. */
  readonly labels: readonly OmeLabelRef[];
}

/** Whatever OME-Zarr lies at a path. */
export type OmeNode =
  | { readonly kind: 'image'; readonly image: OmeImage }
  | { readonly kind: 'plate'; readonly plate: OmePlate }
  | { readonly kind: 'well'; readonly well: OmeWell }
  | { readonly kind: 'series'; readonly series: OmeSeries }
  | { readonly kind: 'labels'; readonly labels: OmeLabelsGroup };

/**
 * Open whatever lies at a path. Where a group says several things, the most specific wins: an image, then a
 * plate, a well, a scene, a series, a labels group.
 *
 * @throws AlibiError NotFound           nothing is there
 * @throws AlibiError UnsupportedFormat  a Zarr array or group without OME metadata, or a version not known
 * @throws AlibiError InvalidInput       malformed metadata; the message names file, field and remedy
 */
export async function openNode(at: GroupLocation, options: ReadOptions = {}): Promise<OmeNode> {
  const group = await readGroup(at, options);
  const has = (name: string): boolean => own(group.ome, name) !== undefined;
  if (has('multiscales')) return { kind: 'image', image: await imageOf(group, options) };
  if (has('plate')) return { kind: 'plate', plate: parsePlate(group) };
  if (has('well')) return { kind: 'well', well: parseWell(group) };
  if (has('scene')) return { kind: 'series', series: await readScene(group, options) };
  if (has('bioformats2raw.layout')) return { kind: 'series', series: await readSeries(group, options) };
  const labels = parseListing(group);
  if (labels !== undefined) return { kind: 'labels', labels: labelsGroup(group, labels) };
  throw new AlibiError('UnsupportedFormat', {
    what: 'a Zarr group without OME metadata',
    where: group.where,
    remedy: missingRemedy(group),
  });
}

function labelsGroup(group: ZarrGroup, names: readonly string[]): OmeLabelsGroup {
  return {
    store: group.store,
    path: keyPrefix(group.path),
    location: group.location,
    version: groupVersion(group, [['', group.ome]]),
    labels: names.map((name) => ({ name, path: name })),
  };
}

function missingRemedy(group: ZarrGroup): string {
  if (own(group.ome, 'series') !== undefined) return 'Open the group above it, which holds the images.';
  const stray = own(group.attributes, 'multiscales');
  if (group.zarrFormat === 3 && stray !== undefined) {
    return `Put multiscales (${describe(stray)}) into attributes.ome, where 0.5 has it.`;
  }
  const inner = own(group.attributes, 'ome');
  if (group.zarrFormat === 2 && isObject(inner)) {
    return 'It has "ome", which belongs to 0.5 and Zarr v3; up to 0.4 multiscales stands at the top.';
  }
  return 'Open a group that holds multiscales, plate, well or bioformats2raw.layout.';
}
