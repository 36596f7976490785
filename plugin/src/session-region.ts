import { axisIndex, type DataType, type LabelType, type LazyArray } from './array/lazy-array.ts';
import { chunkRegion, readRegion } from './array/region.ts';
import { wrapped } from './array/wrapped.ts';
import { AlibiError } from './errors.ts';
import { areaMask } from './labels/area-mask.ts';
import { masked } from './labels/masked.ts';
import { opaqueInside } from './labels/opaque-inside.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openLabel } from './ome/open-label.ts';
import { labelsOfImage } from './pipeline/labels-of-image.ts';
import { pixelGrid } from './pipeline/pixel-grid.ts';
import { scaleAlong } from './segment/feature-source.ts';
import type { Stroke } from './segment/types.ts';
import { withinMask } from './segment/within-mask.ts';

/** Where a session learns and labels. */
export type RegionOfInterest =
  /** Closed rings in pixels of the finest level, on every slice; inside by the even-odd rule. */
  | { readonly kind: 'area'; readonly rings: readonly (readonly number[])[] }
  /** Where a label image of the image is not 0. */
  | { readonly kind: 'labels'; readonly name: string };

/** A region ready to be applied. */
export interface OpenedRegion {
  readonly region: RegionOfInterest;
  /** Strokes without what lies outside. */
  strokes(strokes: readonly Stroke[], signal?: AbortSignal): Promise<readonly Stroke[]>;
  /** Labels of a level, 0 outside and not computed there. */
  labels<T extends DataType>(labels: LazyArray<T>, imageLevel: number): LazyArray<T>;
  /** Colours of a level, transparent outside and not computed there. */
  colors(colors: LazyArray<'uint8'>, imageLevel: number): LazyArray<'uint8'>;
  /** Probabilities of a level, certain outside: nobody is asked about what does not count. */
  scores(scores: LazyArray<'float32'>, imageLevel: number): LazyArray<'float32'>;
}

/**
 * @throws AlibiError InvalidInput  fewer than three corners, or labels of another size
 * @throws AlibiError NotFound      no such label image
 */
export async function openRegion(
  region: RegionOfInterest,
  image: OmeImage,
  options: { readonly signal?: AbortSignal } = {},
): Promise<OpenedRegion> {
  const maskOf = region.kind === 'area' ? areaMasks(region, image) : await labelMask(region, image, options);
  return {
    region,
    strokes: (strokes, signal) => withinMask(strokes, maskOf(0), signal === undefined ? {} : { signal }),
    labels: (labels, imageLevel) => masked(labels, maskOf(imageLevel)),
    colors: (colors, imageLevel) => opaqueInside(colors, maskOf(imageLevel)),
    scores: (scores, imageLevel) => certainOutside(scores, maskOf(imageLevel)),
  };
}

/** The mask of an area for one level. */
function areaMasks(
  { rings }: Extract<RegionOfInterest, { kind: 'area' }>,
  image: OmeImage,
): (imageLevel: number) => LazyArray<LabelType> {
  if (rings.length === 0 || rings.some((ring) => ring.length < 6 || !ring.every(Number.isFinite))) {
    throw new AlibiError('InvalidInput', {
      what: 'an area needs three corners',
      where: 'region of interest',
      remedy: 'Draw a polygon or a rectangle.',
    });
  }
  const masks = new Map<number, LazyArray<LabelType>>();
  return (imageLevel) => {
    const known = masks.get(imageLevel);
    if (known !== undefined) return known;
    const [finest, level] = [image.pixels[0]!, image.pixels[imageLevel]!];
    const axes = ['t', 'z', 'y', 'x'].flatMap((name) => level.axes.filter((axis) => axis.name === name));
    const ratio = (name: string) => scaleAlong(level, name) / scaleAlong(finest, name);
    const mask = areaMask(rings, pixelGrid(level), axes, { y: ratio('y'), x: ratio('x') });
    masks.set(imageLevel, mask);
    return mask;
  };
}

async function labelMask(
  { name }: Extract<RegionOfInterest, { kind: 'labels' }>,
  image: OmeImage,
  options: { readonly signal?: AbortSignal },
): Promise<(imageLevel: number) => LazyArray<LabelType>> {
  const label = await openLabel(image, name, options);
  const ids = labelsOfImage(label.pyramid[0], image, { where: `labels/${name}`, name: 'the region' });
  return () => ids;
}

/** Outside, all of it is the first class: no margin is wider. */
function certainOutside(scores: LazyArray<'float32'>, mask: LazyArray<LabelType>): LazyArray<'float32'> {
  const classes = scores.shape.at(-1) ?? 1;
  const names = scores.axes.slice(0, -1).map(({ name }) => name);
  const at = (name: string, i: number): number => {
    const axis = names.indexOf(name);
    const size = mask.shape[axisIndex(mask.axes, name)]!;
    return Math.min(size - 1, Math.floor(((i + 0.5) * size) / scores.shape[axis]!));
  };
  return wrapped(scores, async (index, options) => {
    const { start, stop } = chunkRegion(scores, index);
    const box = {
      start: names.map((name, axis) => at(name, start[axis]!)),
      stop: names.map((name, axis) => at(name, stop[axis]! - 1) + 1),
    };
    const inside = await readRegion(mask, box, options);
    const [rows = 1, columns = 1] = inside.shape.slice(-2);
    const shape = start.map((from, axis) => stop[axis]! - from);
    const [height = 1, width = 1] = shape.slice(-3);
    const isInside = (pixel: number): boolean => {
      const y = at('y', start.at(-3)! + Math.floor(pixel / width)) - box.start.at(-2)!;
      const x = at('x', start.at(-2)! + (pixel % width)) - box.start.at(-1)!;
      return y < rows && x < columns && Number(inside.data[y * columns + x]) !== 0;
    };
    const pixels = height * width;
    const isAny = inside.data.some((value) => Number(value) !== 0);
    const data = isAny
      ? Float32Array.from((await scores.getChunk(index, options)).data)
      : new Float32Array(pixels * classes);
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (isAny && isInside(pixel)) continue;
      data.fill(0, pixel * classes, (pixel + 1) * classes);
      data[pixel * classes] = 1;
    }
    return { data, shape };
  });
}
