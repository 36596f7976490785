import { axisIndex, type LazyArray } from '../array/lazy-array.ts';
import type { PixelGrid } from '../segment/types.ts';

/** Side of a chunk of labels that are shown or served, in pixels: small enough to be quick, large enough to be few. */
export const labelChunkPx = 256;

/** The pixels of one level of an image in canonical order (t?, z?, y, x), without channels. */
export function pixelGrid({
  axes,
  shape,
  transform,
}: Pick<LazyArray, 'axes' | 'shape' | 'transform'>): PixelGrid {
  const order = ['t', 'z', 'y', 'x'].map((name) => axisIndex(axes, name)).filter((axis) => axis !== -1);
  return {
    shape: order.map((axis) => shape[axis]!),
    transform: {
      scale: order.map((axis) => transform.scale[axis]!),
      translation: order.map((axis) => transform.translation[axis]!),
    },
  };
}
