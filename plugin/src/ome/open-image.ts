import { sha256 } from '../array/fit.ts';
import { axisIndex } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { describeChannels, isRgb, parseOmero } from './channels.ts';
import { readGroup, type ZarrGroup } from './group.ts';
import { readLabelRefs } from './labels-listing.ts';
import { type GroupLocation, keyPrefix, own, type ReadOptions } from './metadata-file.ts';
import { parseMultiscales } from './multiscales.ts';
import type { OmeImage } from './ome-image.ts';
import { openLevels } from './open-levels.ts';

/**
 * Open a multiscale image: its metadata, the metadata of its arrays and of its labels' listing, and, where
 * `omero` gives no contrast limits, the coarsest level's pixels.
 *
 * @throws AlibiError NotFound           nothing is there, or an array is missing
 * @throws AlibiError UnsupportedFormat  a Zarr array, another kind of group, or a version or axis not known
 * @throws AlibiError InvalidInput       malformed metadata; the message names file, field and remedy
 */
export async function openImage(at: GroupLocation, options: ReadOptions = {}): Promise<OmeImage> {
  return imageOf(await readGroup(at, options), options);
}

/** More than any list of channels can show, and than imaging spectrometers record. */
const channelLimit = 4096;

/** As {@link openImage}, of a group already read. */
export async function imageOf(group: ZarrGroup, options: ReadOptions = {}): Promise<OmeImage> {
  if (own(group.ome, 'multiscales') === undefined) throw notAnImage(group);
  const multiscales = parseMultiscales(group);
  const [{ levels, pixels }, labels, metadataHash] = await Promise.all([
    openLevels(group, multiscales, options),
    readLabelRefs(group, options),
    sha256(Uint8Array.from(group.bytes)),
  ]);
  const [finest, coarsest] = [pixels[0]!, pixels.at(-1)!];
  const channelAxis = axisIndex(finest.axes, 'c');
  const channelCount = channelAxis < 0 ? 1 : finest.shape[channelAxis]!;
  if (channelCount > channelLimit) {
    throw new AlibiError('UnsupportedFormat', {
      what: `the image has ${channelCount} channels`,
      where: group.where,
      remedy: `Up to ${channelLimit} can be opened; write fewer into one image.`,
    });
  }
  const omero = parseOmero(group.ome, channelCount);
  return {
    name: multiscales.name ?? nameOf(group),
    version: multiscales.version,
    zarrFormat: group.zarrFormat,
    axes: multiscales.axes,
    levels,
    pixels,
    channels: await describeChannels(coarsest, omero, options),
    rgb: isRgb(finest, omero),
    labels,
    store: group.store,
    path: keyPrefix(group.path),
    location: group.location,
    attributes: group.attributes,
    metadataHash,
  };
}

/** The last part of the group's path or address, without query and ending. */
export function nameOf(group: GroupLocation): string {
  const last = keyPrefix(group.path).split('/').at(-1) || group.location.replace(/[?#].*$/, '');
  const base = last.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return base.replace(/(\.ome)?\.(zarr|ozx|zip)$/i, '') || 'image';
}

function notAnImage(group: ZarrGroup): AlibiError {
  const kinds = ['plate', 'well', 'bioformats2raw.layout', 'scene', 'labels', 'series'];
  const kind = kinds.find((name) => own(group.ome, name) !== undefined);
  return new AlibiError('UnsupportedFormat', {
    what:
      kind === undefined
        ? 'multiscales is missing: a Zarr group without OME metadata'
        : `a group with "${kind}", not a single image`,
    where: group.where,
    remedy:
      kind === undefined
        ? 'Open the group that holds multiscales, or write the data as an OME-Zarr image first.'
        : 'Open one of the images below it.',
  });
}
