/**
 * Eigenvalues of symmetric 2 × 2 matrices `[[a, b], [b, c]]`, one an element.
 *
 * @returns  the larger and the smaller ones, float32 of the same length; the caller owns the buffers
 */
export function symmetricEigenvalues(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
): readonly [larger: Float32Array, smaller: Float32Array] {
  const larger = new Float32Array(a.length);
  const smaller = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) {
    const mean = 0.5 * (a[i]! + c[i]!);
    const half = 0.5 * (a[i]! - c[i]!);
    const root = Math.sqrt(half * half + b[i]! * b[i]!);
    larger[i] = mean + root;
    smaller[i] = mean - root;
  }
  return [larger, smaller];
}
