/** A plane of samples with their distances along y and x, in whatever unit derivatives are wanted per. */
export interface SampledPlane {
  /** float32 [rows, cols], row-major. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly stepY: number;
  readonly stepX: number;
}

/** First derivatives by central differences; float32 [rows − 2, cols − 2] each, the caller owns the buffers. */
export function firstDerivatives(plane: SampledPlane): {
  readonly dy: Float32Array;
  readonly dx: Float32Array;
} {
  const { data, rows, cols, stepY, stepX } = plane;
  const dy = new Float32Array((rows - 2) * (cols - 2));
  const dx = new Float32Array(dy.length);
  let target = 0;
  for (let row = 1; row < rows - 1; row++) {
    for (let col = 1; col < cols - 1; col++, target++) {
      const at = row * cols + col;
      dy[target] = (data[at + cols]! - data[at - cols]!) / (2 * stepY);
      dx[target] = (data[at + 1]! - data[at - 1]!) / (2 * stepX);
    }
  }
  return { dy, dx };
}

/** Second derivatives by central differences; float32 [rows − 2, cols − 2] each, the caller owns the buffers. */
export function secondDerivatives(plane: SampledPlane): {
  readonly dyy: Float32Array;
  readonly dyx: Float32Array;
  readonly dxx: Float32Array;
} {
  const { data, rows, cols, stepY, stepX } = plane;
  const dyy = new Float32Array((rows - 2) * (cols - 2));
  const dyx = new Float32Array(dyy.length);
  const dxx = new Float32Array(dyy.length);
  let target = 0;
  for (let row = 1; row < rows - 1; row++) {
    for (let col = 1; col < cols - 1; col++, target++) {
      const at = row * cols + col;
      const centre = 2 * data[at]!;
      dyy[target] = (data[at + cols]! - centre + data[at - cols]!) / (stepY * stepY);
      dxx[target] = (data[at + 1]! - centre + data[at - 1]!) / (stepX * stepX);
      const falling = data[at + cols + 1]! + data[at - cols - 1]!;
      const rising = data[at + cols - 1]! + data[at - cols + 1]!;
      dyx[target] = (falling - rising) / (4 * stepY * stepX);
    }
  }
  return { dyy, dyx, dxx };
}

/** A plane without a frame of `width` samples on each side; the caller owns the buffer. */
export function withoutFrame(
  { data, rows, cols }: Pick<SampledPlane, 'data' | 'rows' | 'cols'>,
  width: number,
): Float32Array {
  const inner = cols - 2 * width;
  const out = new Float32Array((rows - 2 * width) * inner);
  for (let row = width; row < rows - width; row++) {
    out.set(data.subarray(row * cols + width, (row + 1) * cols - width), (row - width) * inner);
  }
  return out;
}
