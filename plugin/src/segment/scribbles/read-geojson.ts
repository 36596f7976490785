import { AlibiError } from '../../errors.ts';
import type { Stroke } from '../types.ts';
import { ownMember } from './own-member.ts';
import { type Geometry, readGeometry } from './read-geometry.ts';

/** More than anybody draws; a file beyond it holds something else. */
const featureLimit = 200_000;
const coordinateLimit = 20_000_000;
const nameLimit = 200;
const radiusMost = 10_000;

/** A stroke read from a file; its class is still a name. */
export interface ReadStroke extends Omit<Stroke, 'id' | 'classIndex'> {
  /** null: an eraser */
  readonly className: string | null;
}

/** What was not taken, with how often. */
export interface LeftOut {
  readonly why: string;
  readonly count: number;
  /** Position of the first such feature in the file, from 0. */
  readonly first: number;
}

export interface ReadScribbles {
  readonly strokes: readonly ReadStroke[];
  /** In the order they appear; the colour is `rrggbb`, null where the file has none. */
  readonly classes: readonly { readonly name: string; readonly color: string | null }[];
  readonly leftOut: readonly LeftOut[];
}

/** What strokes must lie on. */
export interface ScribbleCanvas {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Slices along z and t. */
  readonly depth: number;
  readonly times: number;
}

/**
 * Strokes from GeoJSON: ours, QuPath's annotations, or any FeatureCollection, list of features or feature in pixels of the finest
 * level. The class is `properties.classification.name`. What cannot be used is left out and told; lines without a width of
 * their own get `radiusPx`.
 *
 * @param value  a parsed file; nothing in it is trusted
 * @throws AlibiError InvalidInput  it is no GeoJSON, or too large for scribbles
 */
export function readScribblesGeojson(
  value: unknown,
  {
    canvas,
    radiusPx,
    where,
  }: { readonly canvas: ScribbleCanvas; readonly radiusPx: number; readonly where: string },
): ReadScribbles {
  const features = featuresOf(value, where);
  const strokes: ReadStroke[] = [];
  const colors = new Map<string, string | null>();
  const leftOut = new Map<string, LeftOut>();
  let budget = coordinateLimit;
  for (const [index, feature] of features.entries()) {
    const geometry = readGeometry(ownMember(feature, 'geometry'), budget);
    if (geometry === 'too large') throw refuse(`more than ${coordinateLimit} coordinates`, where);
    const read =
      typeof geometry === 'string'
        ? geometry
        : strokesOf(geometry, ownMember(feature, 'properties'), { canvas, radiusPx });
    if (typeof read === 'string') {
      const known = leftOut.get(read);
      leftOut.set(read, { why: read, count: (known?.count ?? 0) + 1, first: known?.first ?? index });
      continue;
    }
    if (typeof geometry !== 'string') budget -= geometry.size;
    if (read.name !== null) colors.set(read.name, colors.get(read.name) ?? read.color);
    strokes.push(...read.strokes);
  }
  return {
    strokes,
    classes: [...colors].map(([name, color]) => ({ name, color })),
    leftOut: [...leftOut.values()],
  };
}

function featuresOf(value: unknown, where: string): readonly unknown[] {
  const type = ownMember(value, 'type');
  const features = Array.isArray(value)
    ? value
    : type === 'Feature'
      ? [value]
      : type === 'FeatureCollection'
        ? ownMember(value, 'features')
        : undefined;
  if (!Array.isArray(features)) throw refuse('it is no GeoJSON with features', where);
  if (features.length > featureLimit) throw refuse(`${features.length} features`, where);
  return features;
}

/** @returns  why not, where it cannot be used */
function strokesOf(
  geometry: Geometry,
  properties: unknown,
  { canvas, radiusPx }: { readonly canvas: ScribbleCanvas; readonly radiusPx: number },
): { readonly strokes: ReadStroke[]; readonly name: string | null; readonly color: string | null } | string {
  const own = ownMember(properties, 'alibi-zarr');
  const erase = ownMember(own, 'erase') === true;
  const label = ownMember(properties, 'classification');
  const name = erase ? null : nameOf(label);
  if (name === undefined) return 'it has no class';
  const { z, t } = geometry;
  if (!(z < canvas.depth && t < canvas.times)) return 'its slice is not in the image';
  const group = ownMember(own, 'group');
  const radius = ownMember(own, 'radiusPx');
  const common = {
    className: name,
    radiusPx: typeof radius === 'number' && radius > 0 && radius <= radiusMost ? radius : radiusPx,
    z,
    t,
    ...(typeof group === 'string' && group !== '' ? { group: group.slice(0, nameLimit) } : {}),
  };
  const isInside = (line: readonly number[], reach: number) => touches(line, reach, canvas);
  const lines = geometry.lines.filter((line) => isInside(line, common.radiusPx));
  const areas = geometry.areas.filter((rings) => rings.some((ring) => isInside(ring, 0)));
  if (lines.length + areas.length === 0) return 'it lies outside the image';
  const strokes = [
    ...lines.map((points) => ({ ...common, points })),
    ...areas.map((rings) => ({ ...common, points: [], rings })),
  ];
  return { strokes, name, color: colorOf(label) };
}

function nameOf(label: unknown): string | undefined {
  // QuPath before 0.4 wrote the name alone in places.
  const name = typeof label === 'string' ? label : ownMember(label, 'name');
  const text = typeof name === 'string' ? name.trim() : '';
  return text === '' || text.length > nameLimit ? undefined : text;
}

/** `[r, g, b]`, or QuPath's older packed integer. */
function colorOf(label: unknown): string | null {
  const color = ownMember(label, 'color');
  const packed = ownMember(label, 'colorRGB');
  const isByte = (part: unknown): part is number =>
    typeof part === 'number' && Number.isInteger(part) && part >= 0 && part <= 255;
  if (Array.isArray(color) && color.length >= 3 && color.slice(0, 3).every(isByte)) {
    const [red = 0, green = 0, blue = 0] = color.filter(isByte);
    return ((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0');
  }
  if (typeof packed !== 'number' || !Number.isInteger(packed)) return null;
  return (packed & 0xffffff).toString(16).padStart(6, '0');
}

/** Whether the box around a line, `reach` wider, meets the image. */
function touches(line: readonly number[], reach: number, { widthPx, heightPx }: ScribbleCanvas): boolean {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < line.length; i += 2) {
    left = Math.min(left, line[i]!);
    right = Math.max(right, line[i]!);
    top = Math.min(top, line[i + 1]!);
    bottom = Math.max(bottom, line[i + 1]!);
  }
  return right + reach > 0 && bottom + reach > 0 && left - reach < widthPx && top - reach < heightPx;
}

function refuse(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give scribbles as a GeoJSON FeatureCollection, as alibi-zarr and QuPath write them.',
  });
}
