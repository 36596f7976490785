import type { TokenGrid } from '../tokens.ts';
import { fitRidge, predictRidge, rSquared } from './ridge.ts';

/** The reference's strength of the ridge penalty. */
const ALPHA = 1;

export interface ProbeScore {
  /** Of a ridge regression on all channels. */
  readonly r2: number;
  /** [dim], of one on each channel alone. */
  readonly perChannel: readonly number[];
}

export interface ReferenceProbe extends ProbeScore {
  /** float64 [rows, cols]: what the regression on all channels takes for the ramp. */
  readonly predicted: Float64Array;
}

/**
 * The reference's probe: ridge regression (α = 1, standardised features) of a ramp on the training tokens; R² over all
 * tokens, those trained on included.
 *
 * @param ramp  float64 [rows, cols], not constant
 * @param mask  [rows, cols], the training tokens are those above 0; two at least
 * Source: tldr-group/dino-saw@636424c, dinosaw/linear_probe.py, linear_probe_arr.
 */
export function probeTokens(
  tokens: TokenGrid,
  ramp: Float64Array,
  mask: ArrayLike<number>,
  { channels }: { readonly channels: boolean },
): ReferenceProbe {
  const { dim, data } = tokens;
  const chosen = Array.from({ length: mask.length }, (_, i) => i).filter((i) => mask[i]! > 0);
  const wanted = Float64Array.from(chosen, (i) => ramp[i]!);
  const trained = gather(data, dim, chosen);
  const predicted = predictRidge(fitRidge(trained, wanted, { dim, alpha: ALPHA }), data);
  const perChannel: number[] = [];
  for (let c = 0; channels && c < dim; c++) {
    const fit = fitRidge(column(trained, dim, c), wanted, { dim: 1, alpha: ALPHA });
    perChannel.push(rSquared(predictRidge(fit, column(data, dim, c)), ramp));
  }
  return { r2: rSquared(predicted, ramp), perChannel, predicted };
}

function gather(data: Float32Array, dim: number, tokens: readonly number[]): Float32Array {
  const out = new Float32Array(tokens.length * dim);
  tokens.forEach((token, i) => {
    out.set(data.subarray(token * dim, (token + 1) * dim), i * dim);
  });
  return out;
}

function column(data: Float32Array, dim: number, c: number): Float32Array {
  return Float32Array.from({ length: data.length / dim }, (_, i) => data[i * dim + c]!);
}
