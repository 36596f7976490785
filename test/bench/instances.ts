import { readdirSync, readFileSync } from 'node:fs';
import { fromArrayBuffer } from 'geotiff';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import type { Size3 } from '../../plugin/src/raster/volume.ts';
import { fitInstances } from '../../plugin/src/segment/instances/fit-instances.ts';
import { instancesLayer } from '../../plugin/src/segment/instances/layer.ts';
import type { InstanceRecipe, WatershedRecipe } from '../../plugin/src/segment/instances/types.ts';
import { type PngPixels, readPngPixels } from '../../training/src/bench/png.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { type AveragePrecision, averagePrecision } from './average-precision.ts';
import { otsuThreshold } from './otsu.ts';

interface Sample {
  readonly name: string;
  readonly size: Size3;
  readonly pixels: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
}

/**
 * AP50 and mean AP of components and watershed on `nuclei` and `nuclei3d`: how well objects are told apart when the foreground is
 * known (that of the ground truth), and when it is a threshold (Otsu, of the brighter or the darker part, whichever is smaller).
 */
export async function instances({ limit = 100, depth = 1 } = {}) {
  const sets = { nuclei: nuclei(limit), nuclei3d: nuclei3d() };
  const results: Record<string, unknown> = {};
  for (const [name, samples] of Object.entries(sets)) {
    const rows: Record<string, AveragePrecision[]> = {};
    let count = 0;
    for await (const sample of samples) {
      count++;
      for (const [foreground, mask] of Object.entries(foregrounds(sample))) {
        for (const method of ['components', 'watershed'] as const) {
          const ids = await separate(mask, sample.size, method, depth);
          const key = `${foreground}, ${method}`;
          rows[key] = [...(rows[key] ?? []), averagePrecision(ids, sample.truth)];
        }
      }
      console.error(name, sample.name);
    }
    const mean = (list: readonly AveragePrecision[], pick: (row: AveragePrecision) => number) =>
      list.reduce((sum, row) => sum + pick(row), 0) / list.length;
    results[name] = {
      images: count,
      ...Object.fromEntries(
        Object.entries(rows).map(([key, list]) => [
          key,
          { ap50: mean(list, (row) => row.ap50), meanAp: mean(list, (row) => row.meanAp) },
        ]),
      ),
    };
  }
  return { depthPx: depth, ...results };
}

async function* nuclei(limit: number): AsyncGenerator<Sample> {
  const folder = ['data', 'micrographs', 'nuclei'];
  if (!hasShared(...folder)) throw new Error(`skipped: needs ${sharedPath(...folder)}`);
  const names = readdirSync(sharedPath(...folder))
    .filter((file) => file.endsWith('.labels.png'))
    .map((file) => file.replace('.labels.png', ''))
    .slice(0, limit);
  for (const name of names) {
    const read = (file: string) => readPngPixels(readFileSync(sharedPath(...folder, file)), file);
    const [image, labels] = [read(`${name}.png`), read(`${name}.labels.png`)];
    yield { name, size: [1, image.height, image.width], pixels: greyOf(image), truth: labels.data };
  }
}

/** Mean of the channels. */
function greyOf({ channels, data }: PngPixels): Float32Array {
  const grey = new Float32Array(data.length / channels);
  data.forEach((value, i) => {
    const pixel = Math.floor(i / channels);
    grey[pixel] = grey[pixel]! + value / channels;
  });
  return grey;
}

async function* nuclei3d(): AsyncGenerator<Sample> {
  const read = async (file: string) => {
    const bytes = readFileSync(sharedPath('data', 'micrographs', 'nuclei3d', file));
    const tiff = await fromArrayBuffer(Uint8Array.from(bytes).buffer);
    const planes: number[] = [];
    let [height, width] = [0, 0];
    const depth = await tiff.getImageCount();
    for (let z = 0; z < depth; z++) {
      const image = await tiff.getImage(z);
      [height, width] = [image.getHeight(), image.getWidth()];
      const [plane] = await image.readRasters();
      for (const value of plane as ArrayLike<number> & Iterable<number>) planes.push(value);
    }
    return { data: planes, size: [depth, height, width] as const };
  };
  const [image, labels] = [await read('img3d.tif'), await read('mask3d.tif')];
  yield { name: 'img3d', size: image.size, pixels: image.data, truth: labels.data };
}

function foregrounds({ pixels, truth }: Sample): Record<string, Uint32Array> {
  const threshold = otsuThreshold(pixels);
  const bright = Uint32Array.from(pixels, (value) => (value > threshold ? 1 : 0));
  const isMost = bright.reduce((sum, value) => sum + value, 0) > bright.length / 2;
  return {
    'true foreground': Uint32Array.from(truth, (id) => (id === 0 ? 0 : 1)),
    otsu: isMost ? bright.map((value) => 1 - value) : bright,
  };
}

async function separate(
  mask: Uint32Array,
  size: Size3,
  method: 'components' | 'watershed',
  depth: number,
): Promise<ArrayLike<number>> {
  const labels = fromMemory(mask, { shape: size, dtype: 'uint32' });
  const base: InstanceRecipe = { dims: size[0] > 1 ? 3 : 2, reach: 3, tracking: 'none' };
  const recipe: InstanceRecipe | WatershedRecipe =
    method === 'watershed' ? { ...base, depth, halo: 64 } : base;
  const layer = instancesLayer(labels, await fitInstances(labels, recipe), 'uint32');
  return (await readRegion(layer, { start: [0, 0, 0], stop: size }, {})).data;
}
