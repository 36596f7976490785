import { readFile } from 'node:fs/promises';
import { axisIndex, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { fromMemory } from '../array/memory.ts';
import { wrapped } from '../array/wrapped.ts';
import { AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { openLabel } from '../ome/open-label.ts';
import { openNode } from '../ome/open-node.ts';
import { labelsOfImage } from '../pipeline/labels-of-image.ts';
import type { Slices } from '../pipeline/pipeline.ts';
import { pixelGrid } from '../pipeline/pixel-grid.ts';
import { labelsThere } from './open-labels.ts';
import { openLocation } from './open-location.ts';

/** Ids on the finest level of an image: scribbles, or a mask. */
export interface LabelSource {
  /** Canonical, with the image's axes t?, z?, y, x and sizes. */
  readonly ids: LazyArray<LabelType>;
  /** Slices it says something of. */
  readonly slices: Slices;
  close(): Promise<void>;
}

/**
 * Open what a person names as labels of an image: one of the image's own label images by name, an OME-Zarr label
 * image anywhere, or a PNG of the image's size, which belongs to one slice.
 *
 * @param slices  for a PNG: the one slice it belongs to
 * @throws AlibiError NotFound      no such labels
 * @throws AlibiError InvalidInput  another size, or a picture of colours
 */
export async function openLabelSource(
  text: string,
  image: OmeImage,
  slices: Slices,
  flag: string,
  signal: AbortSignal,
): Promise<LabelSource> {
  const all = allSlices(image);
  if (image.labels.some(({ name }) => name === text)) {
    const label = await openLabel(image, text, { signal });
    return { ids: fitted(label.pyramid[0], image, text, flag), slices: all, close: async () => {} };
  }
  if (/\.png$/i.test(text)) return openPng(text, image, slices, flag);
  const opened = await openLocation(text, signal).catch((error: unknown) => {
    throw isAbort(error) || /^https?:/i.test(text) ? error : noLabels(text, image, flag, error);
  });
  try {
    const node = await openNode(opened, { signal });
    const array = node.kind === 'image' ? node.image.pixels[0] : undefined;
    return { ids: fitted(array, image, text, flag), slices: all, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function fitted(array: LazyArray | undefined, image: OmeImage, text: string, flag: string) {
  return labelsOfImage(array, image, { where: text, name: flag });
}

async function openPng(path: string, image: OmeImage, slices: Slices, flag: string): Promise<LabelSource> {
  const { data, height, width } = await readPngIds(path, flag);
  const grid = pixelGrid(image.pixels[0]!);
  const [rows, cols] = grid.shape.slice(-2);
  if (height !== rows || width !== cols) {
    throw refuse(
      `a picture of ${width} × ${height} pixels`,
      path,
      flag,
      `Give one of the image's size, ${cols} × ${rows}.`,
    );
  }
  const [z, t] = [slices.z[0], slices.t[0]];
  if (slices.z.length !== 1 || slices.t.length !== 1 || z === undefined || t === undefined) {
    throw refuse(
      `a single picture for ${slices.z.length} × ${slices.t.length} slices along z and t`,
      path,
      flag,
      'Say which slice it belongs to: --scribbles-z, --scribbles-t.',
    );
  }
  const axes = ['t', 'z', 'y', 'x']
    .filter((name) => axisIndex(image.axes, name) !== -1)
    .map((name) => ({ name }));
  const plane = fromMemory(data, {
    shape: axes.map(({ name }) => (name === 'y' ? height : name === 'x' ? width : 1)),
    dtype: 'uint16',
    axes,
  });
  const at: Readonly<Record<string, number>> = { z, t };
  const ids = wrapped(
    plane,
    async (index, options) => {
      const here = axes.every(({ name }, axis) => at[name] === undefined || index[axis] === at[name]);
      if (here)
        return plane.getChunk(
          index.map(() => 0),
          options,
        );
      return { data: new Uint16Array(height * width), shape: plane.shape };
    },
    { ...plane, shape: grid.shape, transform: grid.transform },
  );
  return { ids, slices: { z: [z], t: [t] }, close: async () => {} };
}

/** Neither the image's own nor a file that could hold some. */
function noLabels(text: string, image: OmeImage, flag: string, cause: unknown): AlibiError {
  const { tag } = asAlibiError(cause, text);
  const files = flag === '--scribbles' ? 'a PNG, a GeoJSON file' : 'a PNG';
  return new AlibiError(tag, {
    what: `${flag} names ${tag === 'NotFound' ? 'nothing that is there' : 'a file that holds no labels'}`,
    where: text,
    remedy: `Give ${files}, an OME-Zarr label image, or the name of labels of the image. ${labelsThere(image)}`,
    cause,
  });
}

/** Grey values or palette indices of a PNG of any depth as ids. */
async function readPngIds(path: string, flag: string) {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AlibiError('NotFound', {
      what: 'the picture cannot be read',
      where: path,
      remedy: 'Give the path of a PNG.',
      cause,
    });
  });
  const { decode } = await import('fast-png');
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: 'it is no whole PNG',
      where: path,
      remedy: 'Save it again.',
      cause,
    });
  }
  const { width, height, channels, depth } = png;
  const total = width * height;
  const samples = depth < 8 ? unpacked(png.data, width, height, depth) : png.data;
  const data = new Uint16Array(total);
  for (let i = 0; i < total; i++) {
    const value = samples[i * channels]!;
    // Colours that are all grey are grey; an alpha channel is not looked at.
    if (channels >= 3 && (samples[i * channels + 1] !== value || samples[i * channels + 2] !== value)) {
      throw refuse(
        'a picture in colours',
        path,
        flag,
        'Save it in grey, 0 for none, else the number of the class from 1.',
      );
    }
    data[i] = value;
  }
  return { data, width, height };
}

/** Samples of less than a byte, rows padded to whole bytes. */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  if (data.length === width * height) return Uint8Array.from(data);
  const perRow = Math.ceil((width * depth) / 8);
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * perRow + (bit >> 3)]!;
    return (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  });
}

function allSlices(image: OmeImage): Slices {
  const count = (name: string) => image.levels[0]?.shape[axisIndex(image.axes, name)] ?? 1;
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  return { z: range(count('z')), t: range(count('t')) };
}

function refuse(what: string, where: string, flag: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what: `${flag} names ${what}`, where, remedy });
}
