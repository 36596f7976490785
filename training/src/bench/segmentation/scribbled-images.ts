import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { ALL, openImage } from '../image-file.ts';
import type { ColourImage } from '../png.ts';
import { type IdImage, readIdPng } from './id-image.ts';

/** A folder of `NAME.png`, `NAME.labels.png` and `NAME.scribbles.png`. */
export interface ScribbledFolder {
  readonly dir: string;
  /** Sorted by code unit. */
  readonly names: readonly string[];
}

export interface ScribbledImage {
  readonly name: string;
  readonly image: ColourImage;
  /** Class of each pixel. */
  readonly truth: IdImage;
  /** 0 none, else class + 1. */
  readonly scribbles: IdImage;
  /** Classes of truth and scribbles together. */
  readonly classes: number;
  /** What the file of labels held: classes, or ids of instances, which all became class 1. */
  readonly labels: 'classes' | 'instances';
}

const SCRIBBLES = '.scribbles.png';

/**
 * @param first  at most so many images, by name
 * @throws AlibiError  NotFound: no such folder, or nothing in it is scribbled
 */
export async function listScribbled(dir: string, first?: number): Promise<ScribbledFolder> {
  let files: string[];
  try {
    files = await readdir(dir);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'the folder cannot be read',
      where: dir,
      remedy: 'Give a folder of NAME.png, NAME.labels.png and NAME.scribbles.png.',
      cause,
    });
  }
  const names = files
    .filter((file) => file.endsWith(SCRIBBLES))
    .map((file) => file.slice(0, -SCRIBBLES.length))
    .sort();
  if (names.length > 0) return { dir, names: names.slice(0, first) };
  throw new AlibiError('NotFound', {
    what: 'no NAME.scribbles.png is there',
    where: dir,
    remedy: 'Give a folder of NAME.png, NAME.labels.png and NAME.scribbles.png.',
  });
}

/**
 * Read one image with its truth and scribbles. Where scribbles name two classes and labels go beyond 1, labels are
 * instance ids: whatever is not 0 is class 1.
 *
 * @throws AlibiError  NotFound, UnsupportedFormat, InvalidInput: a file is missing or no good, the three differ in
 *                     size, or labels go beyond the scribbles' more than two classes
 */
export async function openScribbled(dir: string, name: string): Promise<ScribbledImage> {
  const image = await openImage(join(dir, `${name}.png`), ALL);
  const labels = await readIds(join(dir, `${name}.labels.png`), image);
  const scribbles = await readIds(join(dir, `${name}${SCRIBBLES}`), image);
  const scribbled = largest(scribbles.data);
  const beyond = largest(labels.data);
  const isInstances = scribbled === 2 && beyond > 1;
  if (scribbled > 2 && beyond >= scribbled) {
    throw new AlibiError('InvalidInput', {
      what: `class ${beyond} is among the labels, but scribbles end at class ${scribbled - 1}`,
      where: join(dir, `${name}.labels.png`),
      remedy: 'Scribble every class, or leave those pixels to one that is scribbled.',
    });
  }
  const truth = isInstances ? { ...labels, data: labels.data.map((id) => Math.min(id, 1)) } : labels;
  return {
    name,
    image,
    truth,
    scribbles,
    classes: Math.max(scribbled, largest(truth.data) + 1),
    labels: isInstances ? 'instances' : 'classes',
  };
}

async function readIds(path: string, like: ColourImage): Promise<IdImage> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'the file cannot be read',
      where: path,
      remedy: 'Each NAME.png needs NAME.labels.png and NAME.scribbles.png beside it.',
      cause,
    });
  }
  const ids = readIdPng(bytes, path);
  if (ids.height === like.height && ids.width === like.width) return ids;
  throw new AlibiError('InvalidInput', {
    what: `it is ${ids.width}×${ids.height} pixels, its image ${like.width}×${like.height}`,
    where: path,
    remedy: 'Save labels and scribbles at the size of the image.',
  });
}

function largest(ids: Uint16Array): number {
  return ids.reduce((most, id) => Math.max(most, id), 0);
}
