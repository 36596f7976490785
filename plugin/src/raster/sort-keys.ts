/**
 * Indices of the highest values first; equal values in the order of their indices.
 *
 * @param values   finite or infinite, no NaN
 * @param indices  which of them to sort; rising
 * @returns        an array of its own
 */
export function descendingOrder(values: Float32Array, indices: Uint32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  // As unsigned integers: negative floats have all bits turned, others the sign; all turned again to fall.
  const key = (i: number): number => {
    const raw = bits[i]! === 0x80000000 ? 0 : bits[i]!;
    return ~(raw & 0x80000000 ? ~raw : raw | 0x80000000) >>> 0;
  };
  let from = indices.slice();
  let to = new Uint32Array(indices.length);
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2049);
    for (const i of from) starts[((key(i) >>> shift) & 2047) + 1]!++;
    for (let bucket = 0; bucket < 2048; bucket++) starts[bucket + 1]! += starts[bucket]!;
    for (const i of from) to[starts[(key(i) >>> shift) & 2047]!++] = i;
    [from, to] = [to, from];
  }
  return from;
}
