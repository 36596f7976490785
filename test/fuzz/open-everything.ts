import { chunkCounts, type LazyArray } from '../../plugin/src/array/lazy-array.ts';
import type { OmeImage } from '../../plugin/src/ome/ome-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { type OmeNode, openNode } from '../../plugin/src/ome/open-node.ts';
import { openWell } from '../../plugin/src/ome/plate.ts';
import { validateStore } from '../../plugin/src/ome/validate.ts';
import type { ReadStore } from '../../plugin/src/stores/store.ts';
import { createUnion } from '../../plugin/src/stores/union.ts';
import { openZarrArray } from '../../plugin/src/stores/zarr-array.ts';
import type { Dice } from './dice.ts';

/** Does a step; what it rejects with is looked at and the next step done all the same. */
export type Attempt = <T>(step: string, run: () => Promise<T>) => Promise<T | undefined>;

/** More of a kind show nothing new. */
const most = { labels: 3, wells: 2, fields: 2, images: 2, levels: 4, depth: 3 };

/** Open what lies at a path as the viewer and the command line do: validate it, open it, its labels and some chunks. */
export async function openEverything(
  store: ReadStore,
  path: string,
  attempt: Attempt,
  dice: Dice,
): Promise<void> {
  const at = { store, path, location: 'fuzz.zarr' };
  await attempt('validate', () => validateStore(at, { strict: dice.chance(0.3) }));
  const node = await attempt('open', () => openNode(at));
  if (node !== undefined) await look(node, attempt, dice);
  // An array by itself, as bench and interop open it.
  if (node === undefined) {
    const array = await attempt('array', () => openZarrArray(store, path, { location: 'fuzz.zarr' }));
    if (array !== undefined) await readChunks(array.lazy, attempt, dice);
  }
}

async function look(node: OmeNode, attempt: Attempt, dice: Dice, depth = 0): Promise<void> {
  const enter = async (parent: { store: ReadStore; path: string; location: string }, path: string) => {
    if (depth >= most.depth) return;
    const child = await attempt('child', () => openNode({ ...parent, path: `${parent.path}/${path}` }));
    if (child !== undefined) await look(child, attempt, dice, depth + 1);
  };
  switch (node.kind) {
    case 'image':
      return lookAtImage(node.image, attempt, dice);
    case 'plate':
      for (const { path } of node.plate.wells.slice(0, most.wells)) {
        const well = await attempt('well', () => openWell(node.plate, path));
        for (const field of well?.fields.slice(0, most.fields) ?? []) await enter(well!, field.path);
      }
      return;
    case 'well':
      for (const { path } of node.well.fields.slice(0, most.fields)) await enter(node.well, path);
      return;
    case 'series':
      for (const { path } of node.series.images.slice(0, most.images)) await enter(node.series, path);
      return;
    case 'labels':
      for (const { path } of node.labels.labels.slice(0, most.labels)) await enter(node.labels, path);
      return;
  }
}

async function lookAtImage(image: OmeImage, attempt: Attempt, dice: Dice): Promise<void> {
  for (const level of image.pixels.slice(0, most.levels)) await readChunks(level, attempt, dice);
  for (const { name } of image.labels.slice(0, most.labels)) {
    const label = await attempt('label', () => openLabel(image, name));
    if (label?.pyramid[0] !== undefined) await readChunks(label.pyramid[0], attempt, dice);
  }
  // Labels beside the image, as a sidecar shows them.
  const union = createUnion(image.store, image.path);
  union.add({ store: image.store, path: image.path });
  await attempt('sidecar', () => union.store.get(`${image.path}/labels/.zattrs` as `/${string}`));
  await attempt('sidecar', () => union.store.get(`${image.path}/labels/zarr.json` as `/${string}`));
}

/** The first, the last and some chunk between them. */
async function readChunks(array: LazyArray, attempt: Attempt, dice: Dice): Promise<void> {
  const counts = chunkCounts(array);
  if (counts.some((count) => count === 0)) return;
  const places = [
    counts.map(() => 0),
    counts.map((count) => count - 1),
    counts.map((count) => Math.min(count - 1, dice.int(count))),
  ];
  for (const index of places) await attempt('chunk', () => array.getChunk(index, {}));
}
