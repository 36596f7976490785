import { axisIndex, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { transposed } from '../array/transposed.ts';
import { wrapped } from '../array/wrapped.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import { pixelGrid } from './pixel-grid.ts';

const integers: readonly string[] = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
];

/**
 * An array as labels of an image's finest level: canonical, with the image's axes t?, z?, y, x and sizes.
 *
 * @param from.name  of the flag or field that names it, for messages
 * @throws AlibiError InvalidInput  no integers, other axes, or another size
 */
export function labelsOfImage(
  array: LazyArray | undefined,
  image: OmeImage,
  { where, name }: { readonly where: string; readonly name: string },
): LazyArray<LabelType> {
  const refuse = (what: string, remedy: string) =>
    new AlibiError('InvalidInput', { what: `${name} names ${what}`, where, remedy });
  const grid = pixelGrid(image.pixels[0]!);
  const order = ['t', 'z', 'y', 'x'].filter((axis) => axisIndex(image.axes, axis) !== -1);
  if (array === undefined || !isLabels(array)) {
    throw refuse(
      array === undefined ? 'no label image' : `an image of ${array.dtype}`,
      'Give integer labels.',
    );
  }
  const kept = withoutSingleChannel(array);
  if (kept.axes.length !== order.length || order.some((axis) => axisIndex(kept.axes, axis) === -1)) {
    throw refuse(
      `labels with the axes ${array.axes.map((axis) => axis.name).join(', ')}`,
      `Give labels with the image's axes ${order.join(', ')}.`,
    );
  }
  const canonical = transposed(kept, order);
  if (canonical.shape.some((size, axis) => size !== grid.shape[axis])) {
    throw refuse(
      `labels of ${canonical.shape.join(' × ')}`,
      `Give labels of the image's size, ${grid.shape.join(' × ')}.`,
    );
  }
  return canonical;
}

function isLabels(array: LazyArray): array is LazyArray<LabelType> {
  return integers.includes(array.dtype);
}

/** Label images of some writers keep an axis of channels, of length 1. */
function withoutSingleChannel(array: LazyArray<LabelType>): LazyArray<LabelType> {
  const c = axisIndex(array.axes, 'c');
  if (c === -1 || array.shape[c] !== 1) return array;
  const drop = <V>(values: readonly V[]): V[] => values.filter((_, axis) => axis !== c);
  const geometry = {
    axes: drop(array.axes),
    shape: drop(array.shape),
    chunkShape: drop(array.chunkShape),
    transform: { scale: drop(array.transform.scale), translation: drop(array.transform.translation) },
  };
  return wrapped(
    array,
    async (index, options) => {
      const chunk = await array.getChunk(index.toSpliced(c, 0, 0), options);
      return { data: chunk.data, shape: drop(chunk.shape) };
    },
    geometry,
  );
}
