import {
  createData,
  type DataType,
  elementCount,
  type LabelType,
  type LazyArray,
} from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';
import { wrapped } from '../array/wrapped.ts';
import { AlibiError } from '../errors.ts';

/**
 * Labels inside a mask only; outside they are 0 and not computed. The mask's element that holds a label's centre counts,
 * whatever the resolution of the two.
 *
 * @param labels  canonical
 * @param mask    canonical, the same axes; 0 is outside. Covers the same image
 * @throws AlibiError InvalidInput  other axes
 */
export function masked<T extends DataType>(labels: LazyArray<T>, mask: LazyArray<LabelType>): LazyArray<T> {
  const names = (array: LazyArray) => array.axes.map(({ name }) => name).join();
  if (names(labels) !== names(mask)) {
    throw new AlibiError('InvalidInput', {
      what: `a mask with the axes ${names(mask)} for labels with ${names(labels)}`,
      where: 'mask',
      remedy: 'Use a mask of the same image.',
    });
  }
  const position = (axis: number, i: number): number =>
    Math.min(mask.shape[axis]! - 1, Math.floor(((i + 0.5) * mask.shape[axis]!) / labels.shape[axis]!));
  return wrapped(labels, async (index, options) => {
    const { start, stop } = chunkRegion(labels, index);
    const shape = start.map((from, axis) => stop[axis]! - from);
    const box = {
      start: start.map((from, axis) => position(axis, from)),
      stop: stop.map((to, axis) => position(axis, to - 1) + 1),
    };
    const inside = await readRegion(mask, box, options);
    const strides = inside.shape.map((_, axis) => elementCount(inside.shape.slice(axis + 1)));
    const isInside = (element: number): boolean => {
      let rest = element;
      let at = 0;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const i = rest % shape[axis]!;
        rest = (rest - i) / shape[axis]!;
        at += (position(axis, start[axis]! + i) - box.start[axis]!) * strides[axis]!;
      }
      return Number(inside.data[at]) !== 0;
    };
    const data = createData(labels.dtype, elementCount(shape));
    if (inside.data.every((value) => Number(value) === 0)) return { data, shape };
    const chunk = await labels.getChunk(index, options);
    const source = chunk.data as Uint8Array; // one concrete element type to index both sides with
    const target = data as Uint8Array;
    for (let i = 0; i < target.length; i++) if (isInside(i)) target[i] = source[i]!;
    return { data, shape };
  });
}
