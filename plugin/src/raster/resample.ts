/** Linear interpolation along one axis: target i is `(1 − weight) · source[lower] + weight · source[upper]`. */
export interface LinearTaps {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly weight: Float32Array;
}

/**
 * @param count     number of targets
 * @param size      elements of the whole source axis; positions beyond it are clamped to its edge elements
 * @param origin    first element of the piece of the source at hand; taps index into that piece
 * @param position  source position of target i, in elements: 0 is the centre of element 0. A function of
 *                  whole-axis coordinates, so that two pieces of one axis agree to the bit
 */
export function linearTaps(options: {
  readonly count: number;
  readonly size: number;
  readonly origin: number;
  readonly position: (i: number) => number;
}): LinearTaps {
  const { count, size, origin, position } = options;
  const lower = new Int32Array(count);
  const upper = new Int32Array(count);
  const weight = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const clamped = Math.min(Math.max(position(i), 0), size - 1);
    const floor = Math.floor(clamped);
    lower[i] = floor - origin;
    weight[i] = clamped - floor;
    // On an element itself its neighbour is not read at all: a NaN there, times 0, would still be NaN.
    upper[i] = (clamped > floor ? floor + 1 : floor) - origin;
  }
  return { lower, upper, weight };
}

/** The half-open range of source elements that targets at positions `first` to `last` read. */
export function tapRange(first: number, last: number, size: number): { start: number; stop: number } {
  const clamp = (value: number) => Math.min(Math.max(value, 0), size - 1);
  return { start: Math.floor(clamp(first)), stop: Math.min(Math.floor(clamp(last)) + 2, size) };
}

/** Position on the token axis of pixel `pixel`: both lattices start at the same edge, centres align. */
export function tokenPosition(pixel: number, patchPx: number): number {
  return (pixel + 0.5) / patchPx - 0.5;
}

/**
 * Bilinear interpolation of a grid of vectors.
 *
 * @param grid   float32 [rows, cols, dim], row-major
 * @param shape  of `grid`
 * @returns      float32 [taps of rows, taps of cols, dim]; the caller owns the buffer
 */
export function resampleBilinear(
  grid: Float32Array,
  shape: { readonly cols: number; readonly dim: number },
  rowTaps: LinearTaps,
  colTaps: LinearTaps,
): Float32Array {
  const { cols, dim } = shape;
  const height = rowTaps.lower.length;
  const width = colTaps.lower.length;
  const out = new Float32Array(height * width * dim);
  const line = new Float32Array(cols * dim);
  for (let y = 0; y < height; y++) {
    blendRows(grid, rowTaps, y, line);
    for (let x = 0; x < width; x++) {
      const weight = colTaps.weight[x]!;
      const left = colTaps.lower[x]! * dim;
      const right = colTaps.upper[x]! * dim;
      const target = (y * width + x) * dim;
      for (let c = 0; c < dim; c++) {
        const value = line[left + c]!;
        out[target + c] = value + weight * (line[right + c]! - value);
      }
    }
  }
  return out;
}

function blendRows(grid: Float32Array, taps: LinearTaps, y: number, line: Float32Array): void {
  const weight = taps.weight[y]!;
  const above = taps.lower[y]! * line.length;
  const below = taps.upper[y]! * line.length;
  for (let i = 0; i < line.length; i++) {
    const value = grid[above + i]!;
    line[i] = value + weight * (grid[below + i]! - value);
  }
}
