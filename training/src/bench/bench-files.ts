import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { EXACT, isImageName, listPages } from './image-file.ts';

/** What a bench was given to work on. */
export interface BenchFiles {
  readonly manifests: readonly string[];
  readonly images: readonly string[];
}

/**
 * Sorts the arguments of a bench: what ends in `.json` is a manifest, a folder stands for the images in it (without
 * `.labels.png` and `.scribbles.png`), anything else is an image, or several where a TIFF has several pages.
 *
 * @throws AlibiError  InvalidInput: no manifest, no image
 */
export async function benchFiles(given: readonly string[], where: string): Promise<BenchFiles> {
  const manifests = given.filter((path) => path.endsWith('.json'));
  const images: string[] = [];
  for (const path of given) {
    if (path.endsWith('.json')) continue;
    images.push(...((await isFolder(path)) ? await imagesIn(path) : [path]));
  }
  if (manifests.length === 0) throw invalid('no manifest is given', where);
  if (images.length === 0) throw invalid('no image is given', where);
  return { manifests, images: await listPages(images) };
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  // A file that is not there is reported by who opens it.
  return found?.isDirectory() ?? false;
}

async function imagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => isImageName(name, EXACT));
  if (names.length === 0) throw invalid('it holds no PNG or TIFF', folder);
  return names.sort().map((name) => join(folder, name));
}

function invalid(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give manifest.json of one checkpoint or more, then images (PNG or TIFF) or folders of them.',
  });
}
