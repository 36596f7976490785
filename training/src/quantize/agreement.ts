import { fitPca } from 'alibi-zarr/checkpoint';
import { relativeError } from '../onnx/relative-error.ts';
import type { Tensor } from '../weights/vit-weights.ts';

export interface Agreement {
  /** Cosine of a token with its own in the reference: mean over tokens, and the lowest. */
  readonly cosineMean: number;
  readonly cosineMin: number;
  /** ‖a − b‖₂ / ‖b‖₂ over all images. */
  readonly relativeError: number;
  /** Root mean square cosine of the principal angles between the first three principal components. */
  readonly pcaAgreement: number;
}

const COMPONENTS = 3;

/**
 * How far features of several images are those of a reference.
 *
 * @param features   of each image [1, dim, rows, cols]
 * @param reference  the same shapes
 */
export async function agreement(
  features: readonly Tensor[],
  reference: readonly Tensor[],
  signal?: AbortSignal,
): Promise<Agreement> {
  const dim = reference[0]?.shape[1] ?? 1;
  const [tokens, expected] = [tokenMajor(features, dim), tokenMajor(reference, dim)];
  const cosines = Array.from({ length: expected.length / dim }, (_, token) =>
    cosine(
      tokens.subarray(token * dim, (token + 1) * dim),
      expected.subarray(token * dim, (token + 1) * dim),
    ),
  );
  const error = relativeError(tokens, expected);
  return {
    cosineMean: cosines.reduce((sum, value) => sum + value, 0) / cosines.length,
    cosineMin: cosines.reduce((least, value) => Math.min(least, value), 1),
    relativeError: error,
    pcaAgreement: Number.isFinite(error) ? await subspaceCosine(tokens, expected, dim, signal) : Number.NaN,
  };
}

/** √(‖A·Bᵀ‖² / 3) for orthonormal rows A, B: 1 for the same subspace, 0 for orthogonal ones. */
async function subspaceCosine(
  a: Float32Array,
  b: Float32Array,
  dim: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const components = Math.min(COMPONENTS, dim);
  const fit = { dim, components, source: {}, ...(signal === undefined ? {} : { signal }) };
  const [first, second] = [(await fitPca(a, fit)).axes, (await fitPca(b, fit)).axes];
  let sum = 0;
  for (let i = 0; i < components; i++) {
    for (let j = 0; j < components; j++) {
      let product = 0;
      for (let d = 0; d < dim; d++) product += (first[i * dim + d] ?? 0) * (second[j * dim + d] ?? 0);
      sum += product ** 2;
    }
  }
  return Math.sqrt(sum / components);
}

/** [1, dim, rows, cols] of each image → [tokens of all, dim] */
function tokenMajor(images: readonly Tensor[], dim: number): Float32Array {
  const out = new Float32Array(images.reduce((sum, { data }) => sum + data.length, 0));
  let begin = 0;
  for (const { data } of images) {
    const tokens = data.length / dim;
    for (let token = 0; token < tokens; token++) {
      for (let d = 0; d < dim; d++) out[begin + token * dim + d] = data[d * tokens + token] ?? 0;
    }
    begin += data.length;
  }
  return out;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    ab += (a[i] ?? 0) * (b[i] ?? 0);
    aa += (a[i] ?? 0) ** 2;
    bb += (b[i] ?? 0) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
