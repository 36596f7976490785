import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type IdImage, readIdPng } from './id-image.ts';

export const LAYOUTS = ['voc07', 'voc12', 'ade20k'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** One annotated image. */
export interface DatasetItem {
  readonly image: string;
  readonly labels: string;
}

/** A data set for semantic segmentation as its authors pack it. */
export interface Dataset {
  /** Names by class; their number is that of the classes. */
  readonly classNames: readonly string[];
  readonly train: readonly DatasetItem[];
  readonly val: readonly DatasetItem[];
  /** Stored id → class; {@link VOID} where a pixel does not count. */
  classOf(id: number): number;
}

/** Above every class: void in VOC, not annotated in ADE20K. */
export const VOID = 0xffff;

const VOC_CLASSES =
  'background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor'.split(
    ' ',
  );
const VOC_YEARS = { voc07: 'VOC2007', voc12: 'VOC2012' } as const;
const ADE_FOLDER = 'ADEChallengeData2016';
const ADE_CLASSES = 150;

/**
 * Find a data set's training and validation images.
 *
 * - `voc07`, `voc12`: `VOCdevkit/VOC2007|2012/{JPEGImages,SegmentationClass,ImageSets/Segmentation/{train,val}.txt}`;
 *   255 is void.
 * - `ade20k`: `ADEChallengeData2016/{images,annotations}/{training,validation}`; 0 is not annotated, class = id − 1.
 *
 * @param dir  that folder, the one above it, or the one above that
 * @throws AlibiError  NotFound: the layout is not there, or lists no image
 */
export function openDataset(dir: string, layout: Layout): Promise<Dataset> {
  return layout === 'ade20k' ? openAde(dir) : openVoc(dir, VOC_YEARS[layout]);
}

/** @throws AlibiError  NotFound, UnsupportedFormat, InvalidInput: an id that is no class of the data set */
export async function readClasses(path: string, dataset: Dataset): Promise<IdImage> {
  const ids = readIdPng(await read(path), path);
  const { classNames } = dataset;
  const data = ids.data.map((id) => {
    const found = dataset.classOf(id);
    if (found < classNames.length || found === VOID) return found;
    throw new AlibiError('InvalidInput', {
      what: `${id} is no class of this data set`,
      where: path,
      remedy: 'Check --layout, and that labels are the indices the data set comes with.',
    });
  });
  return { ...ids, data };
}

async function openVoc(dir: string, year: string): Promise<Dataset> {
  const lists = join('ImageSets', 'Segmentation');
  const root = await firstWith(
    [dir, join(dir, year), join(dir, 'VOCdevkit', year)],
    join(lists, 'train.txt'),
    `VOCdevkit/${year} with JPEGImages, SegmentationClass and ImageSets/Segmentation`,
  );
  const items = async (list: string): Promise<DatasetItem[]> => {
    const text = (await read(join(root, lists, list))).toString('utf8');
    const names = text.split(/\s+/).filter((name) => name !== '');
    if (names.length === 0) throw missing('it names no image', join(root, lists, list));
    return names.map((name) => ({
      image: join(root, 'JPEGImages', `${name}.jpg`),
      labels: join(root, 'SegmentationClass', `${name}.png`),
    }));
  };
  return {
    classNames: VOC_CLASSES,
    train: await items('train.txt'),
    val: await items('val.txt'),
    classOf: (id) => (id === 255 ? VOID : id),
  };
}

async function openAde(dir: string): Promise<Dataset> {
  const root = await firstWith(
    [dir, join(dir, ADE_FOLDER)],
    join('images', 'training'),
    `${ADE_FOLDER} with images and annotations, each of training and validation`,
  );
  const items = async (part: string): Promise<DatasetItem[]> => {
    const folder = join(root, 'images', part);
    const files = await readdir(folder).catch((cause: unknown) => {
      throw missing('the folder cannot be read', folder, cause);
    });
    const names = files.filter((file) => /\.jpe?g$/i.test(file)).sort();
    if (names.length === 0) throw missing('it holds no JPEG', folder);
    return names.map((name) => ({
      image: join(folder, name),
      labels: join(root, 'annotations', part, name.replace(/\.jpe?g$/i, '.png')),
    }));
  };
  return {
    classNames: Array.from({ length: ADE_CLASSES }, (_, i) => `${i + 1}`),
    train: await items('training'),
    val: await items('validation'),
    classOf: (id) => (id === 0 ? VOID : id - 1),
  };
}

async function firstWith(roots: readonly string[], part: string, wanted: string): Promise<string> {
  for (const root of roots) {
    const isThere = await access(join(root, part)).then(
      () => true,
      () => false,
    );
    if (isThere) return root;
  }
  throw missing(`there is no ${wanted}`, roots[0] ?? '');
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw missing('the file cannot be read', path, cause);
  }
}

function missing(what: string, where: string, cause?: unknown): AlibiError {
  return new AlibiError('NotFound', {
    what,
    where,
    remedy: 'Give the folder that the data set unpacks to with --data, and its kind with --layout.',
    cause,
  });
}
