import { AlibiError } from 'alibi-zarr/checkpoint';

/**
 * A fixed position embedding [rows·cols, dim]: a quarter of the channels each holds sin(x·ω), cos(x·ω), sin(y·ω) and
 * cos(y·ω), ω from 1 down to nearly 1/10000 in tokens.
 *
 * Source: Chen, Xie, He, An Empirical Study of Training Self-Supervised Vision Transformers, 2021, §5.
 */
export function sincosEmbedding(rows: number, cols: number, dim: number): Float32Array {
  const quarter = dim / 4;
  const frequencies = sincosFrequencies(dim);
  const embedding = new Float32Array(rows * cols * dim);
  for (let i = 0; i < rows * cols; i++) {
    const [y, x] = [Math.floor(i / cols), i % cols];
    for (const [k, frequency] of frequencies.entries()) {
      const waves = [
        Math.sin(x * frequency),
        Math.cos(x * frequency),
        Math.sin(y * frequency),
        Math.cos(y * frequency),
      ];
      for (const [part, wave] of waves.entries()) embedding[i * dim + part * quarter + k] = wave;
    }
  }
  return embedding;
}

/** ω of each of the dim / 4 waves, in radians a token. @throws AlibiError  InvalidInput: dim is not divisible by 4 */
export function sincosFrequencies(dim: number): Float32Array {
  if (dim % 4 !== 0) {
    throw new AlibiError('InvalidInput', {
      what: `a dimension of ${dim} is not divisible by 4`,
      where: '--position sincos',
      remedy: 'Use another position.',
    });
  }
  return Float32Array.from({ length: dim / 4 }, (_, k) => 10000 ** (-k / (dim / 4)));
}
