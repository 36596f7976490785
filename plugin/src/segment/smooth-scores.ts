import type { LazyArray } from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';
import { wrapped } from '../array/wrapped.ts';
import { gaussianBlur, gaussianRadiusPx } from '../raster/gaussian.ts';

/**
 * Scores smoothed within each slice by a Gaussian; beyond the image the edge counts on. A pixel's value does not
 * depend on the chunks.
 *
 * @param scores   float32 [t?, z?, y, x, c], chunks of one slice; each is read several times, so keep them
 * @param sigmaPx  0 gives the scores as they are
 */
export function smoothedScores(scores: LazyArray<'float32'>, sigmaPx: number): LazyArray<'float32'> {
  if (sigmaPx === 0) return scores;
  const yAxis = scores.axes.findIndex((axis) => axis.name === 'y');
  const radius = gaussianRadiusPx(sigmaPx);
  return wrapped(scores, async (index, options) => {
    const { start, stop } = chunkRegion(scores, index);
    const inPlane = (axis: number) => axis === yAxis || axis === yAxis + 1;
    const wide = {
      start: start.map((from, axis) => (inPlane(axis) ? Math.max(0, from - radius) : from)),
      stop: stop.map((to, axis) => (inPlane(axis) ? Math.min(scores.shape[axis]!, to + radius) : to)),
    };
    const piece = await readRegion(scores, wide, options);
    options.signal?.throwIfAborted();
    const [height = 1, width = 1, classes = 1] = piece.shape.slice(yAxis);
    const top = start[yAxis]! - wide.start[yAxis]!;
    const left = start[yAxis + 1]! - wide.start[yAxis + 1]!;
    const shape = start.map((from, axis) => stop[axis]! - from);
    const [rows = 1, cols = 1] = shape.slice(yAxis);
    const data = new Float32Array(rows * cols * classes);
    for (let c = 0; c < classes; c++) {
      const plane = Float32Array.from({ length: height * width }, (_, i) => piece.data[i * classes + c]!);
      const smooth = gaussianBlur(plane, { height, width }, sigmaPx, 'nearest');
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < cols; x++) {
          data[(y * cols + x) * classes + c] = smooth[(y + top) * width + x + left]!;
        }
      }
    }
    return { data, shape };
  });
}
