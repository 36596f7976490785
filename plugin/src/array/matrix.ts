/**
 * Products of a matrix's rows with a vector, each plus `start`. Four rows side by side: a processor waits for one sum's next
 * addition, not for four.
 *
 * @param rows  float32 [n, vector's length]
 * @param out   receives float64 [n]
 */
export function rowProducts(
  rows: Float32Array,
  vector: Float64Array,
  start: number,
  out: Float64Array,
): void {
  const dim = vector.length;
  const count = rows.length / dim;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * dim;
    const b = a + dim;
    const c = b + dim;
    const d = c + dim;
    let [first, second, third, fourth] = [start, start, start, start];
    for (let i = 0; i < dim; i++) {
      const factor = vector[i]!;
      first += factor * rows[a + i]!;
      second += factor * rows[b + i]!;
      third += factor * rows[c + i]!;
      fourth += factor * rows[d + i]!;
    }
    out[row] = first;
    out[row + 1] = second;
    out[row + 2] = third;
    out[row + 3] = fourth;
  }
  for (; row < count; row++) {
    let sum = start;
    for (let i = 0, at = row * dim; i < dim; i++) sum += vector[i]! * rows[at + i]!;
    out[row] = sum;
  }
}

/**
 * Add to `sum` a matrix's rows, each times its factor. Four rows at a time: reading and writing the sum takes longer than adding.
 *
 * @param rows     float32 [n, sum's length]
 * @param factors  float64, at least n
 */
export function addWeightedRows(rows: Float32Array, factors: Float64Array, sum: Float64Array): void {
  const dim = sum.length;
  const count = rows.length / dim;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * dim;
    const b = a + dim;
    const c = b + dim;
    const d = c + dim;
    const [first, second] = [factors[row]!, factors[row + 1]!];
    const [third, fourth] = [factors[row + 2]!, factors[row + 3]!];
    for (let i = 0; i < dim; i++) {
      const own = first * rows[a + i]! + second * rows[b + i]!;
      sum[i] = sum[i]! + own + third * rows[c + i]! + fourth * rows[d + i]!;
    }
  }
  for (; row < count; row++) {
    const factor = factors[row]!;
    for (let i = 0, at = row * dim; i < dim; i++) sum[i] = sum[i]! + factor * rows[at + i]!;
  }
}
