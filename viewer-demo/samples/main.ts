import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WriteStore } from 'alibi-zarr';
import { createNodeStore } from 'alibi-zarr/node';
import { writeMovie } from './movie.ts';
import { writePlate } from './plate.ts';
import { writeSuperalloy } from './superalloy.ts';

/** One entry of the demo's list of samples. */
export interface Sample {
  readonly name: string;
  readonly title: string;
  /** folder below the list's own */
  readonly path: string;
  readonly description: string;
}

const samples: readonly (Omit<Sample, 'path'> & {
  readonly write: (store: WriteStore, size: number, seed: number) => Promise<void>;
  /** side in pixels at full size */
  readonly sizePx: number;
})[] = [
  {
    name: 'superalloy',
    title: 'Nickel superalloy',
    description:
      'Grains, cuboidal and small precipitates, carbides; SE and BSE images and an Al Kα map, 4096 × 4096, with ground truth',
    write: writeSuperalloy,
    sizePx: 4096,
  },
  {
    name: 'plate',
    title: 'Plate of cells',
    description: '2 × 3 wells, two fields each; nuclei and cell bodies with instance truth',
    write: writePlate,
    sizePx: 512,
  },
  {
    name: 'movie',
    title: 'Wandering nuclei',
    description: 'Eight frames; a nucleus keeps its id in the ground truth',
    write: writeMovie,
    sizePx: 512,
  },
];

/**
 * Make the sample images: the same bytes every time.
 *
 * @param folder  made anew below: `<name>.zarr` for each sample, `index.json` written last
 * @param options.maxPx  at most this many pixels along a side, a power of two from 128 on, for tests
 * @param options.only   names of the samples to make; default all
 */
export async function makeSamples(
  folder: string,
  { maxPx = 4096, only }: { maxPx?: number; only?: readonly string[] } = {},
): Promise<Sample[]> {
  await mkdir(folder, { recursive: true });
  const list: Sample[] = [];
  for (const { name, title, description, write, sizePx } of samples) {
    if (only && !only.includes(name)) continue;
    const path = `${name}.zarr`;
    await rm(join(folder, path), { recursive: true, force: true });
    await write(createNodeStore(join(folder, path)), Math.min(sizePx, maxPx), 20_261);
    list.push({ name, title, path, description });
  }
  await writeFile(join(folder, 'index.json'), `${JSON.stringify(list, null, 2)}\n`);
  return list;
}
