/**
 * What lies beyond the edge of an image `a b c d`: `mirror` continues `d c b | a b c d | c b a` (numpy's `reflect`),
 * `reflect` continues `c b a | a b c d | d c b` (scipy's `reflect`), `nearest` repeats the edge.
 */
export type EdgeMode = 'mirror' | 'reflect' | 'nearest';

/** Pixels a Gaussian reads on each side: truncated at four standard deviations, as scipy does. */
export function gaussianRadiusPx(sigmaPx: number): number {
  return Math.floor(4 * sigmaPx + 0.5);
}

/** Weights at distance 0, 1, …, radius; the symmetric kernel they stand for sums to 1. */
export function gaussianKernel(sigmaPx: number): Float64Array {
  const radius = gaussianRadiusPx(sigmaPx);
  const kernel = new Float64Array(radius + 1);
  if (radius === 0) return kernel.fill(1);
  let sum = 0;
  for (let i = 0; i <= radius; i++) {
    kernel[i] = Math.exp((-0.5 * i * i) / (sigmaPx * sigmaPx));
    sum += (i === 0 ? 1 : 2) * kernel[i]!;
  }
  return kernel.map((weight) => weight / sum);
}

/**
 * Separable Gaussian of the inner part of a plane, whose margin supplies what lies around it. Each output
 * pixel is the same sum in the same order wherever it lies in the plane, so tiles agree to the bit.
 *
 * @param plane     float32 [height, width], row-major
 * @param marginPx  pixels around the part wanted, at least {@link gaussianRadiusPx}
 * @returns         float32 [height − 2·margin, width − 2·margin]; the caller owns the buffer
 */
function gaussianInner(
  plane: Float32Array,
  shape: { readonly height: number; readonly width: number },
  sigmaPx: number,
  marginPx: number,
): Float32Array {
  const { height, width } = shape;
  const kernel = gaussianKernel(sigmaPx);
  const innerHeight = height - 2 * marginPx;
  const innerWidth = width - 2 * marginPx;
  const out = new Float32Array(innerHeight * innerWidth);
  const column = new Float64Array(width);
  for (let y = 0; y < innerHeight; y++) {
    blurColumns(plane, width, (y + marginPx) * width, kernel, column);
    blurRow(column, marginPx, kernel, out.subarray(y * innerWidth, (y + 1) * innerWidth));
  }
  return out;
}

/** One row of the vertical pass; the loop runs along the row so that memory is read in order. */
function blurColumns(
  plane: Float32Array,
  width: number,
  base: number,
  kernel: Float64Array,
  out: Float64Array,
): void {
  const centre = kernel[0]!;
  for (let x = 0; x < width; x++) out[x] = centre * plane[base + x]!;
  for (let i = 1; i < kernel.length; i++) {
    const weight = kernel[i]!;
    const above = base - i * width;
    const below = base + i * width;
    for (let x = 0; x < width; x++) out[x] = out[x]! + weight * (plane[above + x]! + plane[below + x]!);
  }
}

function blurRow(line: Float64Array, marginPx: number, kernel: Float64Array, out: Float32Array): void {
  const radius = kernel.length - 1;
  for (let x = 0; x < out.length; x++) {
    const at = x + marginPx;
    let sum = kernel[0]! * line[at]!;
    for (let i = 1; i <= radius; i++) sum += kernel[i]! * (line[at - i]! + line[at + i]!);
    out[x] = sum;
  }
}

/**
 * Gaussian filter of a whole plane.
 *
 * @param plane  float32 [height, width], row-major
 * @returns      float32 [height, width]; the caller owns the buffer
 * Agrees with `scipy.ndimage.gaussian_filter(plane, sigma, mode=…)`, whose names for the modes it uses.
 */
export function gaussianBlur(
  plane: Float32Array,
  shape: { readonly height: number; readonly width: number },
  sigmaPx: number,
  mode: EdgeMode,
): Float32Array {
  const margin = gaussianRadiusPx(sigmaPx);
  const padded = padPlane(plane, shape, margin, mode);
  const paddedShape = { height: shape.height + 2 * margin, width: shape.width + 2 * margin };
  return gaussianInner(padded, paddedShape, sigmaPx, margin);
}

/** A plane with `marginPx` more pixels on every side; the caller owns the buffer. */
function padPlane(
  plane: Float32Array,
  shape: { readonly height: number; readonly width: number },
  marginPx: number,
  mode: EdgeMode,
): Float32Array {
  const { height, width } = shape;
  const outWidth = width + 2 * marginPx;
  const out = new Float32Array((height + 2 * marginPx) * outWidth);
  const columns = Int32Array.from({ length: outWidth }, (_, x) => edgeIndex(x - marginPx, width, mode));
  for (let y = 0; y < height + 2 * marginPx; y++) {
    const base = edgeIndex(y - marginPx, height, mode) * width;
    for (let x = 0; x < outWidth; x++) out[y * outWidth + x] = plane[base + columns[x]!]!;
  }
  return out;
}

function edgeIndex(position: number, size: number, mode: EdgeMode): number {
  if (position >= 0 && position < size) return position;
  if (mode === 'nearest' || size === 1) return position < 0 ? 0 : size - 1;
  const period = mode === 'mirror' ? 2 * size - 2 : 2 * size;
  const phase = ((position % period) + period) % period;
  if (phase < size) return phase;
  return mode === 'mirror' ? period - phase : period - 1 - phase;
}
