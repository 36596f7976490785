/**
 * A fixed position embedding [rows·cols, dim]: a quarter of the channels each holds sin(x·ω), cos(x·ω), sin(y·ω) and
 * cos(y·ω), ω from 1 down to nearly 1/10000 in tokens.
 *
 * Source: Chen, Xie, He, An Empirical Study of Training Self-Supervised Vision Transformers, 2021, §5.
 */
export function sincosEmbedding(rows: number, cols: number, dim: number): Float32Array {
  const quarter = dim / 4;
  if (!Number.isInteger(quarter)) throw new TypeError(`sincos needs a dimension divisible by 4, not ${dim}`);
  const embedding = new Float32Array(rows * cols * dim);
  for (let i = 0; i < rows * cols; i++) {
    const [y, x] = [Math.floor(i / cols), i % cols];
    for (let k = 0; k < quarter; k++) {
      const frequency = 10000 ** (-k / quarter);
      const values = [
        Math.sin(x * frequency),
        Math.cos(x * frequency),
        Math.sin(y * frequency),
        Math.cos(y * frequency),
      ];
      for (const [part, value] of values.entries()) embedding[i * dim + part * quarter + k] = value;
    }
  }
  return embedding;
}
