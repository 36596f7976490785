import { open, readFile } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { readJpeg } from './jpeg.ts';
import { type ColourImage, readPng } from './png.ts';
import { countTiffPages, readTiff } from './tiff.ts';

export type ImageFormat = 'PNG' | 'TIFF' | 'JPEG';

/** What a measurement reads: nothing that has altered its pixels. */
export const EXACT: readonly ImageFormat[] = ['PNG', 'TIFF'];
/** What is learned from. */
export const ALL: readonly ImageFormat[] = ['PNG', 'TIFF', 'JPEG'];

const ENDINGS: Readonly<Record<ImageFormat, readonly string[]>> = {
  PNG: ['png'],
  TIFF: ['tif', 'tiff'],
  JPEG: ['jpg', 'jpeg'],
};

/** A page of a TIFF that has several: `stack.tif#2` is its second. */
const PAGE = /(?<=\.tiff?)#(\d+)$/i;

/** Whether a file of this name is an image of its folder: label images and scribbles beside images are not. */
export function isImageName(name: string, formats: readonly ImageFormat[]): boolean {
  const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
  return (
    formats.some((format) => ENDINGS[format].includes(ending)) && !/\.(labels|scribbles)\.\w+$/i.test(name)
  );
}

/**
 * Reads an image file; transparency is left out. The format is told by the first bytes, not by the name.
 *
 * @param path  `stack.tif#2` is the second page of a TIFF, from 1
 * @throws AlibiError  NotFound; UnsupportedFormat: none of the formats; InvalidInput: a damaged file
 */
export async function openImage(path: string, formats: readonly ImageFormat[]): Promise<ColourImage> {
  const { file, page } = pageOf(path);
  const format = await formatOf(file, formats);
  if (format === 'TIFF') return readTiff(file, page ?? 1);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  return format === 'JPEG' ? readJpeg(bytes, file) : readPng(bytes, file);
}

/**
 * Each image that files hold: a TIFF of several pages becomes one for each, `stack.tif#1`, `stack.tif#2`, …
 *
 * @throws AlibiError  NotFound; InvalidInput: a damaged TIFF
 */
export async function listPages(paths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const path of paths) {
    const { file, page } = pageOf(path);
    const isStack = page === undefined && /\.tiff?$/i.test(file) && (await sniffed(file)) === 'TIFF';
    const pages = isStack ? await countTiffPages(file) : 1;
    if (pages === 1) all.push(path);
    else for (let n = 1; n <= pages; n++) all.push(`${path}#${n}`);
  }
  return all;
}

function pageOf(path: string): { readonly file: string; readonly page: number | undefined } {
  const [, number] = PAGE.exec(path) ?? [];
  return { file: path.replace(PAGE, ''), page: number === undefined ? undefined : Number(number) };
}

async function formatOf(path: string, formats: readonly ImageFormat[]): Promise<ImageFormat> {
  const format = await sniffed(path);
  if (format !== undefined && formats.includes(format)) return format;
  const wanted = formats.join(' or ');
  throw new AlibiError('UnsupportedFormat', {
    what: format === undefined ? `it is not a ${wanted}` : `it is a ${format}, not a ${wanted}`,
    where: path,
    remedy:
      format === 'JPEG'
        ? `Give the original as ${wanted}: JPEG has altered what is to be measured.`
        : `Save it as ${wanted}.`,
  });
}

/** Undefined: none of the formats known. */
async function sniffed(path: string): Promise<ImageFormat | undefined> {
  const start = Buffer.alloc(8);
  try {
    const file = await open(path);
    try {
      await file.read(start, 0, 8, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (start.readUInt32BE() === 0x89504e47) return 'PNG';
  if (start[0] === 0xff && start[1] === 0xd8) return 'JPEG';
  // II or MM, then 42, or 43 for BigTIFF, in that byte order.
  const isTiff = ['49492a00', '4d4d002a', '49492b00', '4d4d002b'].includes(start.toString('hex', 0, 4));
  return isTiff ? 'TIFF' : undefined;
}

function unreadable(where: string, cause: unknown): AlibiError {
  return new AlibiError('NotFound', {
    what: 'the image cannot be read',
    where,
    remedy: 'Check the path.',
    cause,
  });
}
