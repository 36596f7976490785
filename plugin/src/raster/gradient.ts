/**
 * Gradient magnitude by central differences, `hypot(f(x+1) − f(x−1), f(y+1) − f(y−1)) / 2`, of the inner
 * part of a plane; the margin of one pixel supplies the neighbours.
 *
 * @param plane  float32 [height, width], row-major
 * @returns      float32 [height − 2, width − 2], values per pixel; the caller owns the buffer
 */
export function gradientMagnitudeInner(
  plane: Float32Array,
  shape: { readonly height: number; readonly width: number },
): Float32Array {
  const { height, width } = shape;
  const out = new Float32Array((height - 2) * (width - 2));
  let target = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const dx = plane[at + 1]! - plane[at - 1]!;
      const dy = plane[at + width]! - plane[at - width]!;
      out[target++] = 0.5 * Math.sqrt(dx * dx + dy * dy);
    }
  }
  return out;
}
