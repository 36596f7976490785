import { AlibiError } from '../errors.ts';

export interface Moments {
  readonly count: number;
  /** float64 [dim] */
  readonly mean: Float64Array;
  /** float64 [dim, dim], symmetric, ddof 1; zeros for fewer than two samples. */
  readonly covariance: Float64Array;
}

export interface Covariance {
  /**
   * @param chunk  float32 [n, dim]; not kept
   * @throws AlibiError InvalidInput  a value is not finite, or the length is no multiple of dim
   */
  add(chunk: Float32Array): void;
  /** As if the other's samples had been added here. */
  merge(other: Covariance): void;
  /** What has been added so far; more may follow. */
  done(): Moments;
  readonly state: ScatterState;
}

/** Running sums; `scatter` holds its upper triangle only. */
export interface ScatterState {
  readonly count: number;
  readonly mean: Float64Array;
  readonly scatter: Float64Array;
}

/** Rows taken together in one pass over the scatter matrix, so that it is read from memory less often. */
const rowsAtOnce = 4;

/**
 * Mean and covariance of samples that arrive in chunks, in float64 and without ever subtracting large
 * sums from one another.
 *
 * Source: Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
 */
export function createCovariance(dim: number): Covariance {
  let count = 0;
  const mean = new Float64Array(dim);
  const scatter = new Float64Array(dim * dim);

  /** Add samples whose number, mean and (already in `scatter`) own scatter are known. */
  const combine = (added: number, addedMean: Float64Array): void => {
    const total = count + added;
    const share = (count * added) / total;
    const delta = addedMean.map((value, i) => value - mean[i]!);
    if (count > 0) {
      for (let i = 0; i < dim; i++) {
        const factor = share * delta[i]!;
        for (let j = i; j < dim; j++) scatter[i * dim + j] = scatter[i * dim + j]! + factor * delta[j]!;
      }
    }
    for (let i = 0; i < dim; i++) mean[i] = mean[i]! + (delta[i]! * added) / total;
    count = total;
  };

  return {
    add(chunk) {
      const rows = chunk.length / dim;
      if (!Number.isInteger(rows)) throw invalid(`${chunk.length} values are no whole number of samples`);
      if (rows === 0) return;
      const chunkMean = meanOf(chunk, dim);
      const bad = chunkMean.findIndex((value) => !Number.isFinite(value));
      if (bad !== -1) throw invalid(`a sample's value ${bad} is not finite`);
      addScatter(scatter, chunk, chunkMean);
      combine(rows, chunkMean);
    },
    merge(other) {
      const { state } = other;
      if (state.count === 0) return;
      if (state.mean.length !== dim) throw invalid(`${state.mean.length} dimensions merged into ${dim}`);
      for (let i = 0; i < scatter.length; i++) scatter[i] = scatter[i]! + state.scatter[i]!;
      combine(state.count, state.mean);
    },
    done() {
      const covariance = new Float64Array(dim * dim);
      if (count > 1) {
        for (let i = 0; i < dim; i++) {
          for (let j = i; j < dim; j++) {
            const value = scatter[i * dim + j]! / (count - 1);
            covariance[i * dim + j] = value;
            covariance[j * dim + i] = value;
          }
        }
      }
      return { count, mean: mean.slice(), covariance };
    },
    get state() {
      return { count, mean, scatter };
    },
  };
}

function meanOf(chunk: Float32Array, dim: number): Float64Array {
  const rows = chunk.length / dim;
  const sums = new Float64Array(dim);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) sums[i] = sums[i]! + chunk[row * dim + i]!;
  }
  return sums.map((sum) => sum / rows);
}

function addScatter(scatter: Float64Array, chunk: Float32Array, mean: Float64Array): void {
  const dim = mean.length;
  const rows = chunk.length / dim;
  // Rows that are missing from the last block stay zero and add nothing.
  const block = Array.from({ length: rowsAtOnce }, () => new Float64Array(dim));
  const [a, b, c, d] = block as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let first = 0; first < rows; first += rowsAtOnce) {
    block.forEach((line, r) => {
      const row = first + r;
      if (row >= rows) line.fill(0);
      else for (let i = 0; i < dim; i++) line[i] = chunk[row * dim + i]! - mean[i]!;
    });
    for (let i = 0; i < dim; i++) {
      const ai = a[i]!;
      const bi = b[i]!;
      const ci = c[i]!;
      const di = d[i]!;
      const base = i * dim;
      for (let j = i; j < dim; j++) {
        scatter[base + j] = scatter[base + j]! + ai * a[j]! + bi * b[j]! + ci * c[j]! + di * d[j]!;
      }
    }
  }
}

function invalid(what: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where: 'samples of a covariance',
    remedy: 'Check that the encoder passed its self-test and that the image holds finite values.',
  });
}
