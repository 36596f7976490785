import { axisIndex, type LazyArray } from '../array/lazy-array.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { invalid } from './flags.ts';

/** The level of the image that has the labels' size. */
export function pixelsLike(labels: LazyArray, image: OmeImage, command: string): LazyArray {
  const sizeOf = (array: LazyArray) =>
    ['t', 'z', 'y', 'x'].map((name) => array.shape[axisIndex(array.axes, name)] ?? 1).join('×');
  const level = image.pixels.find((pixels) => sizeOf(pixels) === sizeOf(labels));
  if (level !== undefined) return level;
  throw invalid(
    `labels of ${sizeOf(labels)} (t×z×y×x) have the size of no level of the image`,
    { name: command },
    command === 'measure' ? 'Measure without intensities: --channels none.' : 'Leave --boundary out.',
  );
}
