import { createRandom, sampleIndices } from 'alibi-zarr/checkpoint';
import { type Dataset, type DatasetItem, readClasses } from './dataset-layout.ts';

/** Images in an order drawn by the seed, so that the first of them are a fair sample. */
export function shuffled(items: readonly DatasetItem[], seed: number): DatasetItem[] {
  const random = createRandom(seed);
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/**
 * Few images of each class: an image is taken while any class it shows has fewer than `shots`.
 *
 * @param items  in the order they are tried
 * @param step   awaited after every image looked at; may reject to abort
 */
export async function fewShots(
  items: readonly DatasetItem[],
  o: { readonly dataset: Dataset; readonly shots: number; readonly step: () => Promise<void> },
): Promise<DatasetItem[]> {
  const counts = new Map<number, number>();
  const chosen: DatasetItem[] = [];
  const isEnough = (): boolean =>
    [...o.dataset.classNames.keys()].every((k) => (counts.get(k) ?? 0) >= o.shots);
  for (const item of items) {
    if (isEnough()) break;
    const { data } = await readClasses(item.labels, o.dataset);
    const shown = classesIn(data, o.dataset.classNames.length);
    if (shown.some((k) => (counts.get(k) ?? 0) < o.shots)) {
      chosen.push(item);
      for (const k of shown) counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    await o.step();
  }
  return chosen;
}

/** The classes some pixel has, rising. */
export function classesIn(classes: Uint16Array, count: number): number[] {
  const isShown = new Uint8Array(count);
  for (const k of classes) if (k < count) isShown[k] = 1;
  return [...isShown.keys()].filter((k) => isShown[k] === 1);
}

/** At most `limit` pixels of those that count, drawn by the seed, in the order of the image. */
export function samplePixels(
  classes: Uint16Array,
  o: { count: number; limit: number; seed: number },
): Int32Array {
  const counted = Int32Array.from([...classes.keys()].filter((i) => classes[i]! < o.count));
  return Int32Array.from(sampleIndices(counted.length, o.limit, createRandom(o.seed)), (i) => counted[i]!);
}
