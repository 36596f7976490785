import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { type DataSource, type FinetuneData, parseFinetuneData } from 'alibi-zarr-schemas';
import { ALL, isImageName, listPages } from '../bench/image-file.ts';
import type { Picture } from './picture.ts';
import { openPictureFile } from './picture-file.ts';
import { syntheticPicture } from './synthetic.ts';
import { openZarrPictures } from './zarr-pictures.ts';

/** Pictures of one kind: each is opened when a crop of it is drawn. */
export interface PictureSource {
  readonly weight: number;
  readonly count: number;
  open(n: number): Promise<Picture>;
  /** For people: a file's name, a tile's place. */
  nameOf(n: number): string;
  close?(): Promise<void>;
}

/**
 * The pictures to train on.
 *
 * @param path  a folder of images, an OME-Zarr store, or a JSON file that mixes them (schemas: finetune-data)
 * @throws AlibiError  NotFound, InvalidInput: nothing there to train on
 */
export async function openSources(
  path: string,
  o: { readonly seed: number; readonly signal: AbortSignal },
): Promise<readonly PictureSource[]> {
  const { sources, base } = await readMixture(path);
  return Promise.all(sources.map((source) => openSource(source, { ...o, base })));
}

async function readMixture(path: string): Promise<{ sources: readonly DataSource[]; base: string }> {
  if (/^https?:/.test(path) || /\.zarr\/?$/.test(path)) return { sources: [{ zarr: path }], base: '' };
  const stats = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (stats.isDirectory()) return { sources: [{ folder: path }], base: '' };
  return { sources: parseMixture(await readFile(path, 'utf8'), path).sources, base: dirname(resolve(path)) };
}

function parseMixture(text: string, where: string): FinetuneData {
  const remedy = 'Write it as schemas/src/finetune-data.schema.json says.';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AlibiError('InvalidInput', { what: 'it is not JSON', where, remedy, cause });
  }
  const parsed = parseFinetuneData(value);
  if (parsed.ok) return parsed.value;
  throw new AlibiError('InvalidInput', { what: `${parsed.path || 'it'} ${parsed.message}`, where, remedy });
}

async function openSource(
  source: DataSource,
  o: { readonly base: string; readonly seed: number; readonly signal: AbortSignal },
): Promise<PictureSource> {
  const { weight = 1, folder, zarr, generated } = source;
  const kinds = [folder, zarr, generated].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) {
    throw new AlibiError('InvalidInput', {
      what: 'a source is one of folder, zarr and generated',
      where: JSON.stringify(source),
      remedy: 'Name exactly one of them.',
    });
  }
  if (generated !== undefined) {
    return {
      weight,
      count: generated,
      open: async (n) => syntheticPicture(o.seed, n),
      nameOf: (n) => `generated ${n}`,
    };
  }
  if (zarr !== undefined) {
    const location = /^https?:/.test(zarr) ? zarr : resolve(o.base, zarr);
    return { weight, ...(await openZarrPictures(location, source, o.signal)) };
  }
  return openFolder(resolve(o.base, folder ?? ''), source);
}

async function openFolder(folder: string, { files, weight = 1 }: DataSource): Promise<PictureSource> {
  const names = files ?? (await listPictures(folder));
  if (names.length === 0) {
    throw new AlibiError('InvalidInput', {
      what: 'there is no image in the folder',
      where: folder,
      remedy: 'Give a folder of .png, .tif or .jpg files.',
    });
  }
  await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).catch((cause: unknown) => {
        throw unreadable(join(folder, name), cause);
      }),
    ),
  );
  const pages = await listPages(names.map((name) => join(folder, name)));
  return {
    weight,
    count: pages.length,
    nameOf: (n) => relative(folder, pages[n] ?? ''),
    open: (n) => openPictureFile(pages[n] ?? ''),
  };
}

/** Images in the order of their names, without label images and scribbles that lie beside them. */
async function listPictures(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return names.filter((name) => isImageName(name, ALL)).sort();
}

function unreadable(where: string, cause: unknown): AlibiError {
  return new AlibiError('NotFound', {
    what: 'it cannot be read',
    where,
    remedy: 'Give a folder of images, an OME-Zarr store, or a JSON file that mixes them.',
    cause,
  });
}
