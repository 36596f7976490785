import type { Axis, LazyPyramid } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { readGroup, type ZarrGroup } from './group.ts';
import {
  childPath,
  describe,
  isObject,
  type JsonObject,
  own,
  type ReadOptions,
  safeRelativePath,
} from './metadata-file.ts';
import { parseMultiscales } from './multiscales.ts';
import type { OmeImage, OmeLevel } from './ome-image.ts';
import { openLevels } from './open-levels.ts';

export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];
/** Ids of 64-bit labels are bigints, of narrower ones numbers, as their arrays hold them. */
export type LabelId = number | bigint;

/** An opened label image. */
export interface OmeLabel {
  readonly name: string;
  /** Finest first; integer dtype; the label's own axis order, usually the image's without `c`. */
  readonly pyramid: LazyPyramid;
  readonly axes: readonly Axis[];
  readonly levels: readonly OmeLevel[];
  /** 0 to 255 each; ids without an entry have no colour of their own. */
  readonly colors: ReadonlyMap<LabelId, Rgba>;
  /** What `image-label.properties` says of an id, without `label-value`. */
  readonly properties: ReadonlyMap<LabelId, JsonObject>;
  /** How the labels came about, where they were written by this package. */
  readonly provenance?: JsonObject;
}

/** Key of this package's own metadata, beside those of the specification. */
export const provenanceKey = 'alibi-zarr';

const integers = ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'];

/**
 * Open one of an image's label images: metadata only. Malformed colours and properties are left out, since
 * nothing of a label depends on them.
 *
 * @param name  as in `image.labels`
 * @throws AlibiError NotFound      no such label
 * @throws AlibiError InvalidInput  not an integer array, or malformed metadata
 */
export async function openLabel(image: OmeImage, name: string, options: ReadOptions = {}): Promise<OmeLabel> {
  const safe = safeRelativePath(name);
  if (safe === undefined) {
    throw new AlibiError('InvalidInput', {
      what: `the label's name is ${describe(name)}`,
      where: image.location,
      remedy: 'Give a name without a leading slash and without "..".',
    });
  }
  const path = childPath(image.path, `labels/${safe}`);
  const group = await readGroup(
    { store: image.store, path, location: image.location },
    options,
    image.zarrFormat,
  );
  return labelOf(group, safe, options);
}

async function labelOf(group: ZarrGroup, name: string, options: ReadOptions): Promise<OmeLabel> {
  const multiscales = parseMultiscales(group);
  const { levels, pixels } = await openLevels(group, multiscales, options);
  const wrong = levels.find((level) => !integers.includes(level.dtype));
  if (wrong !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: `the label array "${wrong.path}" holds ${wrong.dtype}`,
      where: group.where,
      remedy: 'Labels are integers; write them as uint8, uint16, uint32 or uint64.',
    });
  }
  const wide = levels.some((level) => level.dtype.endsWith('int64'));
  const info = own(group.ome, 'image-label');
  const provenance = own(group.attributes, provenanceKey);
  return {
    name,
    pyramid: pixels,
    axes: multiscales.axes,
    levels,
    colors: new Map(entries(info, 'colors', wide).flatMap(([id, item]) => parseRgba(id, own(item, 'rgba')))),
    properties: new Map(entries(info, 'properties', wide).map(([id, item]) => [id, withoutId(item)])),
    ...(isObject(provenance) ? { provenance } : {}),
  };
}

function entries(info: unknown, name: string, wide: boolean): [LabelId, JsonObject][] {
  const list = isObject(info) ? own(info, name) : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown): [LabelId, JsonObject][] => {
    const id = isObject(item) ? own(item, 'label-value') : undefined;
    if (!isObject(item) || typeof id !== 'number' || !Number.isSafeInteger(id)) return [];
    return [[wide ? BigInt(id) : id, item]];
  });
}

function parseRgba(id: LabelId, value: unknown): [LabelId, Rgba][] {
  if (!Array.isArray(value) || value.length !== 4) return [];
  const [red, green, blue, alpha]: unknown[] = value;
  const byte = (v: unknown): v is number =>
    typeof v === 'number' && Number.isInteger(v) && v >= 0 && v <= 255;
  return byte(red) && byte(green) && byte(blue) && byte(alpha) ? [[id, [red, green, blue, alpha]]] : [];
}

function withoutId(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([key]) => key !== 'label-value'));
}
