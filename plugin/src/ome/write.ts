import type { Json } from '../array/json.ts';
import type { Axis, Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { isObject, type JsonObject, keyPrefix, own, parseMetadata } from './metadata-file.ts';
import { provenanceKey } from './open-label.ts';

/** The versions this package writes; 0.4 goes with Zarr v2, 0.5 with v3. */
export type WritableVersion = '0.4' | '0.5';

export interface DatasetSpec {
  /** Path of the array below the group. */
  readonly path: string;
  /** One number for each axis. */
  readonly transform: Transform;
}

/** How the coarser levels were made, for `multiscales.type` and `.metadata`. */
export interface DownscalingSpec {
  /** `mode`, `mean`, … */
  readonly type: string;
  /** Name of the method, its version and its arguments. */
  readonly metadata: { readonly [key: string]: Json };
}

export interface ImageSpec {
  readonly version: WritableVersion;
  readonly name: string;
  readonly axes: readonly Axis[];
  /** Finest first. */
  readonly datasets: readonly DatasetSpec[];
  readonly downscaling: DownscalingSpec;
  /** Stands under `alibi-zarr`, beside the specification's own keys. */
  readonly provenance?: { readonly [key: string]: Json };
}

export interface LabelClass {
  readonly id: number;
  readonly name: string;
  /** `rrggbb`, or `rrggbbaa` */
  readonly color: string;
}

export interface LabelSpec extends Omit<ImageSpec, 'downscaling'> {
  readonly downscaling?: DownscalingSpec;
  /** Ids with their names and colours; may be empty. */
  readonly classes: readonly LabelClass[];
  /**
   * Where the image lies: a path relative to the label's group (`../../`) or an absolute address. Absent: it has no address
   * that another program could follow, as an image from a folder that a person picked.
   */
  readonly source?: string;
}

/** What the mode pyramid of labels is, in the file's words. */
export const modeDownscaling: DownscalingSpec = {
  type: 'mode',
  metadata: {
    description:
      'Most frequent id of the finest-level elements an element covers; ties go to the smallest id.',
    method: 'alibi-zarr mode pyramid',
    version: '1',
  },
};

/** Group attributes of a multiscale image: what goes into `.zattrs` (0.4) or `attributes` of `zarr.json` (0.5). */
export function imageAttributes(spec: ImageSpec): JsonObject {
  return attributesOf(spec, { multiscales: [multiscales(spec, spec.downscaling)] });
}

/**
 * Group attributes of a label image.
 *
 * @throws AlibiError InvalidInput  a class colour is not hexadecimal, or an id comes twice
 */
export function labelAttributes(spec: LabelSpec): JsonObject {
  const double = spec.classes.find(({ id }, i) => spec.classes.findIndex((other) => other.id === id) !== i);
  if (double !== undefined) {
    throw new AlibiError('InvalidInput', {
      what: `label ${double.id} is given twice`,
      where: `labels/${spec.name}`,
      remedy: 'Give every class its own id.',
    });
  }
  const image = {
    ...(spec.version === '0.4' ? { version: '0.4' } : {}),
    colors: atLeastBackground(
      spec.classes.map(({ id, color }) => ({ 'label-value': id, rgba: rgba(color, spec.name) })),
    ),
    // An empty list is not valid: no classes, no key.
    ...(spec.classes.length === 0
      ? {}
      : { properties: spec.classes.map(({ id, name }) => ({ 'label-value': id, name, class: name })) }),
    ...(spec.source === undefined ? {} : { source: { image: spec.source } }),
  };
  return attributesOf(spec, {
    multiscales: [multiscales(spec, spec.downscaling ?? modeDownscaling)],
    'image-label': image,
  });
}

/**
 * The specification wants at least one colour where it has the list, and its strict form the list: without
 * classes the background's, transparent. With classes just theirs, since ome-zarr-models refuses colours and
 * properties of different ids.
 */
function atLeastBackground(colors: readonly object[]): readonly object[] {
  return colors.length > 0 ? colors : [{ 'label-value': 0, rgba: [0, 0, 0, 0] }];
}

function rgba(color: string, name: string): number[] {
  const hex = /^#?([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(color);
  if (hex === null) {
    throw new AlibiError('InvalidInput', {
      what: `the colour "${color}" is not hexadecimal`,
      where: `labels/${name}`,
      remedy: 'Give colours as rrggbb.',
    });
  }
  const rgb = Number.parseInt(hex[1]!, 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255, hex[2] === undefined ? 255 : Number.parseInt(hex[2], 16)];
}

function multiscales(
  spec: Pick<ImageSpec, 'version' | 'name' | 'axes' | 'datasets'>,
  down: DownscalingSpec,
): JsonObject {
  return {
    ...(spec.version === '0.4' ? { version: '0.4' } : {}),
    name: spec.name,
    axes: spec.axes.map(({ name, type, unit }) => ({
      name,
      ...(type === undefined ? {} : { type }),
      ...(unit === undefined ? {} : { unit }),
    })),
    datasets: spec.datasets.map(({ path, transform }) => ({
      path,
      coordinateTransformations: [
        { type: 'scale', scale: [...transform.scale] },
        // A translation of zero says nothing, and older readers stumble over it.
        ...(transform.translation.some((v) => v !== 0)
          ? [{ type: 'translation', translation: [...transform.translation] }]
          : []),
      ],
    })),
    type: down.type,
    metadata: down.metadata,
  };
}

function attributesOf(spec: Pick<ImageSpec, 'version' | 'provenance'>, ome: JsonObject): JsonObject {
  return {
    ...(spec.version === '0.4' ? ome : { ome: { version: '0.5', ...ome } }),
    ...(spec.provenance === undefined ? {} : { [provenanceKey]: spec.provenance }),
  };
}

/**
 * Attributes of a `labels` group that lists `names` too, everything else in it kept. 0.5 gets the list twice, as
 * `ome.labels` and, for readers that look there (Vizarr 0.3), as `labels`.
 *
 * @param existing  the group's attributes as they are; absent for a new group
 */
export function labelsListing(
  version: WritableVersion,
  names: readonly string[],
  existing: JsonObject = {},
): JsonObject {
  const stored = own(existing, 'ome');
  const ome = isObject(stored) ? stored : {};
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : [];
  const labels = [...new Set([...texts(own(ome, 'labels')), ...texts(own(existing, 'labels')), ...names])];
  if (version === '0.4') return { ...existing, labels };
  return { ...existing, ome: { ...ome, version: own(ome, 'version') ?? '0.5', labels }, labels };
}

/** One file to write. */
export interface MetadataEntry {
  readonly key: `/${string}`;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The metadata files of a group, in the order to write them: `.zgroup` and `.zattrs`, or `zarr.json`. Whoever
 * writes them decides when: the last one makes the group what it is.
 *
 * @param existing  bytes of the group's present `zarr.json`, whose other members (consolidated
 *                  metadata) are kept; of no account in 0.4
 */
export function groupEntries(
  version: WritableVersion,
  path: string,
  attributes: JsonObject,
  existing?: Uint8Array,
): MetadataEntry[] {
  const prefix = keyPrefix(path);
  if (version === '0.4') {
    return [
      { key: `${prefix}/.zgroup`, bytes: jsonBytes({ zarr_format: 2 }) },
      { key: `${prefix}/.zattrs`, bytes: jsonBytes(attributes) },
    ];
  }
  const key: `/${string}` = `${prefix}/zarr.json`;
  const kept = existing === undefined ? {} : parseMetadata(existing, key);
  return [{ key, bytes: jsonBytes({ ...kept, zarr_format: 3, node_type: 'group', attributes }) }];
}

/** JSON as it is written to a store: UTF-8, indented by two, for people read it too. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
