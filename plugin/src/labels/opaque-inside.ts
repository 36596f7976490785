import { elementCount, type LabelType, type LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { wrapped } from '../array/wrapped.ts';
import { masked } from './masked.ts';

/**
 * Colours inside a mask only; outside they are transparent and not computed.
 *
 * @param colors  canonical uint8 […, y, x, c = 3], the colours of a pixel in one chunk
 * @param mask    canonical, the same axes but c; 0 is outside. Covers the same image
 * @returns       uint8 […, y, x, c = 4]
 */
export function opaqueInside(colors: LazyArray<'uint8'>, mask: LazyArray<LabelType>): LazyArray<'uint8'> {
  const { axes, shape, chunkShape, transform } = colors;
  const plane = <E>(list: readonly E[]): E[] => list.slice(0, -1);
  const geometry = {
    ...{ axes: plane(axes), shape: plane(shape), chunkShape: plane(chunkShape) },
    transform: { scale: plane(transform.scale), translation: plane(transform.translation) },
  };
  const everywhere: LazyArray<'uint8'> = wrapped(
    colors,
    async (index) => {
      const { start, stop } = chunkRegion(everywhere, index);
      const size = start.map((from, axis) => stop[axis]! - from);
      return { data: new Uint8Array(elementCount(size)).fill(255), shape: size };
    },
    geometry,
  );
  const opacity = masked(everywhere, mask);
  return wrapped(
    colors,
    async (index, options) => {
      const { data: alpha, shape: size } = await opacity.getChunk(plane(index), options);
      const data = new Uint8Array(4 * alpha.length);
      if (alpha.some((value) => value > 0)) {
        const { data: rgb } = await colors.getChunk(index, options);
        alpha.forEach((value, pixel) => {
          data.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
          data[4 * pixel + 3] = value;
        });
      }
      return { data, shape: [...size, 4] };
    },
    { axes, transform, shape: [...geometry.shape, 4], chunkShape: [...geometry.chunkShape, 4] },
  );
}
