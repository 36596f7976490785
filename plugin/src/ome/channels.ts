import { axisIndex, type LazyArray } from '../array/lazy-array.ts';
import { estimateContrast } from './contrast.ts';
import { isObject, type JsonObject, own, type ReadOptions } from './metadata-file.ts';
import type { OmeChannel } from './ome-image.ts';

/** What a group's `omero` says of one channel; whatever is missing, malformed or of another type is absent. */
export interface OmeroChannel {
  readonly label?: string;
  readonly color?: string;
  readonly active?: boolean;
  /** Present only where both are finite numbers and end > start. */
  readonly limits?: { readonly start: number; readonly end: number };
  readonly range?: { readonly min: number; readonly max: number };
}

/** Colours of several channels without their own: magenta, green, blue and on, apart from each other in pairs. */
const palette = ['ff00ff', '00ff00', '0080ff', 'ffff00', 'ff8000', '00ffff', 'ff0000', '8000ff'];

/**
 * The `omero` block of a group, one entry for each of `count` channels. Never throws: the block is a transitional
 * hint on display, and many writers fill it half.
 */
export function parseOmero(ome: JsonObject, count: number): OmeroChannel[] {
  const omero = own(ome, 'omero');
  const list = isObject(omero) ? own(omero, 'channels') : undefined;
  return Array.from({ length: count }, (_, i) => parseChannel(Array.isArray(list) ? list[i] : undefined));
}

function parseChannel(value: unknown): OmeroChannel {
  if (!isObject(value)) return {};
  const label = own(value, 'label');
  const color = parseColor(own(value, 'color'));
  const active = own(value, 'active');
  const window = own(value, 'window');
  const numbers = (low: string, high: string): readonly [number, number] | undefined => {
    if (!isObject(window)) return undefined;
    const [a, b] = [parseNumber(own(window, low)), parseNumber(own(window, high))];
    return a !== undefined && b !== undefined && b > a ? [a, b] : undefined;
  };
  const limits = numbers('start', 'end');
  const range = numbers('min', 'max');
  return {
    ...(typeof label === 'string' && label.trim() !== '' ? { label } : {}),
    ...(typeof label === 'number' ? { label: String(label) } : {}),
    ...(color === undefined ? {} : { color }),
    ...(typeof active === 'boolean' ? { active } : {}),
    ...(limits === undefined ? {} : { limits: { start: limits[0], end: limits[1] } }),
    ...(range === undefined ? {} : { range: { min: range[0], max: range[1] } }),
  };
}

/** A finite number, or the text of one, as some writers have it. */
function parseNumber(value: unknown): number | undefined {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
}

/** `rrggbb`, `#rrggbb`, `rrggbbaa` or `rgb` as `rrggbb` in lower case. */
function parseColor(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const hex = /^#?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3})$/i.exec(value.trim())?.[1]?.toLowerCase();
  if (hex === undefined) return undefined;
  return hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex.slice(0, 6);
}

/**
 * Whether the three channels are the red, green and blue of one picture: three uint8 channels, none switched off,
 * that are pure red, green and blue in this order, or are so named, or are stored interleaved (`c` the last axis).
 */
export function isRgb(level: LazyArray, omero: readonly OmeroChannel[]): boolean {
  const axis = axisIndex(level.axes, 'c');
  if (axis < 0 || level.shape[axis] !== 3 || level.dtype !== 'uint8') return false;
  if (omero.some((channel) => channel.active === false)) return false;
  const colors = omero.map((channel) => channel.color);
  if (colors.join() === 'ff0000,00ff00,0000ff') return true;
  const names = omero.map((channel) => channel.label?.trim().toLowerCase()).join();
  if (names === 'red,green,blue' || names === 'r,g,b') return true;
  return axis === level.axes.length - 1 && colors.every((color) => color === undefined);
}

/**
 * The channels of an image, with what `omero` leaves open filled in: names `Channel 1` …, grey for a single
 * channel, distinct colours for several, all active, and contrast limits from the pixels of `coarsest`.
 *
 * @throws AlibiError of the store, or the signal's abort reason
 */
export async function describeChannels(
  coarsest: LazyArray,
  omero: readonly OmeroChannel[],
  options: ReadOptions = {},
): Promise<OmeChannel[]> {
  const open = omero.flatMap((channel, i) => (channel.limits === undefined ? [i] : []));
  const estimates = open.length === 0 ? [] : await estimateContrast(coarsest, open, options);
  const rgb = isRgb(coarsest, omero);
  // A file that switches every channel off would show nothing at all.
  const dark = omero.every((channel) => channel.active === false);
  return omero.map((channel, i) => {
    const estimate = estimates[open.indexOf(i)];
    const limits = channel.limits ?? estimate ?? { start: 0, end: 1 };
    const seen = channel.range ??
      typeRange(coarsest.dtype) ??
      estimate ?? { min: limits.start, max: limits.end };
    return {
      label: channel.label ?? (omero.length === 1 ? 'Intensity' : `Channel ${i + 1}`),
      color: channel.color ?? defaultColor(i, omero.length, rgb),
      active: dark ? true : (channel.active ?? true),
      window: {
        start: limits.start,
        end: limits.end,
        min: Math.min(seen.min, limits.start),
        max: Math.max(seen.max, limits.end),
      },
      estimated: channel.limits === undefined,
    };
  });
}

function defaultColor(index: number, count: number, rgb: boolean): string {
  if (rgb) return ['ff0000', '00ff00', '0000ff'][index] ?? 'ffffff';
  return count === 1 ? 'ffffff' : (palette[index % palette.length] ?? 'ffffff');
}

/** Eight-bit sliders run over the whole type; wider types over what the file says or the pixels hold. */
function typeRange(dtype: LazyArray['dtype']): { readonly min: number; readonly max: number } | undefined {
  if (dtype === 'bool') return { min: 0, max: 1 };
  if (dtype === 'uint8') return { min: 0, max: 255 };
  return dtype === 'int8' ? { min: -128, max: 127 } : undefined;
}
