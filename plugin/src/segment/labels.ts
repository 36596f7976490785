import type { LazyArray } from '../array/lazy-array.ts';
import { chunkRegion, readRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { type LinearTaps, linearTaps, tapRange } from '../raster/resample.ts';
import type { PixelGrid } from './types.ts';

/**
 * Ids of the largest score at every pixel of `grid`: scores are interpolated bilinearly between the centres
 * of their elements, in physical coordinates, so that edges are smooth instead of following the tokens.
 * Slices (z, t) are not mixed: each takes the nearest one of the scores, the same where the grids agree.
 *
 * @param scores   float32 [t?, z?, y, x, c]
 * @param grid     axes as the scores' without c
 * @param chunkPx  edge of the result's chunks in y and x
 * @returns        ids 1 … c, ties to the smallest; 0 where every score is NaN; uint16 where c is above 255
 * @throws AlibiError InvalidInput  the grid's axes are not the scores', or c is above 65535
 */
export function labelsFromScores(
  scores: LazyArray<'float32'>,
  grid: PixelGrid,
  chunkPx: number,
): LazyArray<'uint8' | 'uint16'> {
  const last = scores.axes.length - 1;
  const classes = scores.shape[last] ?? 0;
  if (scores.axes[last]?.name !== 'c' || grid.shape.length !== last || classes > 65535) {
    throw new AlibiError('InvalidInput', {
      what: `scores of shape ${scores.shape.join(' × ')} do not fit a grid of ${grid.shape.join(' × ')} pixels`,
      where: 'labels from scores',
      remedy: 'Pass scores with c last, of the same image as the grid.',
    });
  }
  const dtype = classes <= 255 ? 'uint8' : 'uint16';
  const axes = scores.axes.slice(0, last);
  const isPlane = axes.map(({ name }) => name === 'y' || name === 'x');
  const { shape } = grid;
  const chunkShape = shape.map((_, axis) => (isPlane[axis] ? chunkPx : 1));
  const positions = axes.map((_, axis) => positionAlong(scores, grid, axis));
  return {
    axes,
    shape,
    chunkShape,
    dtype,
    fillValue: 0,
    transform: grid.transform,
    get revision() {
      return scores.revision;
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const { start, stop } = chunkRegion({ shape, chunkShape }, index);
      const chunk = start.map((from, axis) => stop[axis]! - from);
      const ranges = start.map((from, axis) => {
        const position = positions[axis]!;
        const size = scores.shape[axis]!;
        if (isPlane[axis]) return tapRange(position(from), position(stop[axis]! - 1), size);
        const nearest = Math.min(Math.max(Math.round(position(from)), 0), size - 1);
        return { start: nearest, stop: nearest + 1 };
      });
      const box = {
        start: [...ranges.map((range) => range.start), 0],
        stop: [...ranges.map((range) => range.stop), classes],
      };
      const piece = await readRegion(scores, box, options);
      options.signal?.throwIfAborted();
      const taps = (axis: number) =>
        linearTaps({
          count: chunk[axis]!,
          size: scores.shape[axis]!,
          origin: ranges[axis]!.start,
          position: (i) => positions[axis]!(start[axis]! + i),
        });
      const rows = taps(last - 2);
      const cols = taps(last - 1);
      const ids = new (dtype === 'uint8' ? Uint8Array : Uint16Array)(rows.lower.length * cols.lower.length);
      fillLargest(piece.data, { cols: piece.shape[last - 1]!, classes }, { rows, cols }, ids);
      return { data: ids, shape: chunk };
    },
  };
}

/** Position on the scores' axis, in elements, of element i of the grid's. */
function positionAlong(scores: LazyArray, grid: PixelGrid, axis: number): (i: number) => number {
  const scale = grid.transform.scale[axis]! / scores.transform.scale[axis]!;
  const offset =
    (grid.transform.translation[axis]! - scores.transform.translation[axis]!) / scores.transform.scale[axis]!;
  return (i) => i * scale + offset;
}

/** One row of scores is blended at a time, so that memory stays a row's whatever the number of classes. */
function fillLargest(
  scores: Float32Array,
  { cols, classes }: { readonly cols: number; readonly classes: number },
  taps: { readonly rows: LinearTaps; readonly cols: LinearTaps },
  ids: Uint8Array | Uint16Array,
): void {
  const width = taps.cols.lower.length;
  if (isIdentity(taps.rows) && isIdentity(taps.cols) && width === cols) {
    largestOfEach(scores, classes, ids);
    return;
  }
  const line = new Float32Array(cols * classes);
  for (let y = 0; y < taps.rows.lower.length; y++) {
    const rowWeight = taps.rows.weight[y]!;
    const above = taps.rows.lower[y]! * line.length;
    const below = taps.rows.upper[y]! * line.length;
    for (let i = 0; i < line.length; i++) {
      line[i] = scores[above + i]! + rowWeight * (scores[below + i]! - scores[above + i]!);
    }
    for (let x = 0; x < width; x++) {
      const weight = taps.cols.weight[x]!;
      const left = taps.cols.lower[x]! * classes;
      const right = taps.cols.upper[x]! * classes;
      let best = 0;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) {
        const score = line[left + c]! + weight * (line[right + c]! - line[left + c]!);
        if (score > bestScore) {
          best = c + 1;
          bestScore = score;
        }
      }
      ids[y * width + x] = best;
    }
  }
}

/** Element i is source element i: nothing lies between two. */
function isIdentity({ lower, weight }: LinearTaps): boolean {
  return lower.every((element, i) => element === i && weight[i] === 0);
}

function largestOfEach(scores: Float32Array, classes: number, ids: Uint8Array | Uint16Array): void {
  for (let i = 0, at = 0; i < ids.length; i++) {
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let c = 1; c <= classes; c++, at++) {
      const score = scores[at]!;
      if (score > bestScore) {
        best = c;
        bestScore = score;
      }
    }
    ids[i] = best;
  }
}
