import { gaussianKernel, gaussianRadiusPx } from './gaussian.ts';

/** Points of one axis at the multiples `first · stride`, `(first + 1) · stride`, … of a level's pixels. */
export interface LatticeAxis {
  /** Pixels between two points. */
  readonly stride: number;
  readonly first: number;
  readonly count: number;
}

/** Points of a plane, anchored at pixel (0, 0) of the level: regions that overlap share their points. */
export interface Lattice {
  readonly y: LatticeAxis;
  readonly x: LatticeAxis;
}

/** Where a piece of a plane lies on its level. */
export interface Piece {
  /** float32 [height, width], row-major. */
  readonly data: Float32Array;
  readonly y0: number;
  readonly x0: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Pixels between two lattice points at which a signal smoothed with `sigmaPx` is still well described: the largest
 * power of two of at most half of it. The error of interpolating linearly between such points is below
 * `(stride / sigma)² / 8`, about 3 %, of the signal's own range.
 */
export function strideOf(sigmaPx: number): number {
  let stride = 1;
  while (stride * 4 <= sigmaPx) stride *= 2;
  return stride;
}

/** The points that pixels `[from, to)` lie between, and `frame` more on each side. */
export function latticeAxis(from: number, to: number, stride: number, frame: number): LatticeAxis {
  const first = Math.floor(from / stride) - frame;
  const last = Math.ceil((to - 1) / stride) + frame;
  return { stride, first, count: last - first + 1 };
}

/** The half-open range of pixels that a Gaussian of `sigmaPx` reads for the points of an axis. */
export function latticeReach(axis: LatticeAxis, sigmaPx: number): { start: number; stop: number } {
  const radius = gaussianRadiusPx(sigmaPx);
  const start = axis.first * axis.stride;
  return { start: start - radius, stop: start + (axis.count - 1) * axis.stride + 1 + radius };
}

/**
 * Separable Gaussian of a plane at the points of a lattice only. Each point is the same sum in the same order
 * whatever piece it is computed from, so pieces agree to the bit.
 *
 * @param piece    covers what {@link latticeReach} says for both axes
 * @param sigma    standard deviations along y and x, in pixels; 0 takes the pixels as they are
 * @returns        float32 [y.count, x.count]; the caller owns the buffer
 */
export function gaussianAt(
  piece: Piece,
  lattice: Lattice,
  sigma: { readonly y: number; readonly x: number },
): Float32Array {
  const { y, x } = lattice;
  const kernelY = gaussianKernel(sigma.y);
  const kernelX = gaussianKernel(sigma.x);
  const out = new Float32Array(y.count * x.count);
  const line = new Float64Array(piece.width);
  const firstX = x.first * x.stride - piece.x0;
  for (let row = 0; row < y.count; row++) {
    blurColumns(piece, ((y.first + row) * y.stride - piece.y0) * piece.width, kernelY, line);
    for (let col = 0; col < x.count; col++) {
      const at = firstX + col * x.stride;
      let sum = kernelX[0]! * line[at]!;
      for (let i = 1; i < kernelX.length; i++) sum += kernelX[i]! * (line[at - i]! + line[at + i]!);
      out[row * x.count + col] = sum;
    }
  }
  return out;
}

/** One row of the vertical pass; the loop runs along the row so that memory is read in order. */
function blurColumns({ data, width }: Piece, base: number, kernel: Float64Array, out: Float64Array): void {
  const centre = kernel[0]!;
  for (let x = 0; x < width; x++) out[x] = centre * data[base + x]!;
  for (let i = 1; i < kernel.length; i++) {
    const weight = kernel[i]!;
    const above = base - i * width;
    const below = base + i * width;
    for (let x = 0; x < width; x++) out[x] = out[x]! + weight * (data[above + x]! + data[below + x]!);
  }
}
