import { concatRows, type TensorTaker } from './canonical.ts';
import type { Affine, Tensor } from './vit-weights.ts';

/** Affine maps of one input as one, their outputs one after the other; where some have a bias, those without get zeros. */
export function joined(parts: readonly Affine[]): Affine {
  const biases = parts.map((part) => part.bias ?? zeros(part.weight.shape[0] ?? 0));
  return {
    weight: concatRows(parts.map((part) => part.weight)),
    bias: parts.some((part) => part.bias !== null) ? concatRows(biases) : null,
  };
}

/**
 * Query, key and value as timm and facebookresearch store them: one matrix [3·dim, dim] or three, with one bias, with those of
 * query and value alone (timm's `q_bias`, `v_bias`), with a mask over it (facebookresearch's `bias_mask`), or with none.
 */
export function qkvOf(taker: TensorTaker, name: string, dim: number): Affine {
  if (taker.has(`${name}.q_proj.weight`)) {
    return joined(['q_proj', 'k_proj', 'v_proj'].map((part) => taker.affine(`${name}.${part}`, [dim, dim])));
  }
  const qkv = taker.affine(`${name}.qkv`, [3 * dim, dim]);
  const mask = taker.optional(`${name}.qkv.bias_mask`, [3 * dim]);
  const [query, value] = ['q_bias', 'v_bias'].map((part) => taker.optional(`${name}.${part}`, [dim]));
  if (query != null && value != null) {
    return { weight: qkv.weight, bias: concatRows([query, zeros(dim), value]) };
  }
  return qkv.bias === null || mask === null ? qkv : { ...qkv, bias: masked(qkv.bias, mask, dim) };
}

/**
 * The bias as facebookresearch applies it: key's is masked out. A mask that was never filled in is NaN throughout.
 */
function masked(bias: Tensor, mask: Tensor, dim: number): Tensor {
  const data = bias.data.map((value, i) => {
    const factor = mask.data[i] ?? Number.NaN;
    const isKey = i >= dim && i < 2 * dim;
    return Number.isNaN(factor) ? (isKey ? 0 : value) : value * factor;
  });
  return { shape: bias.shape, data };
}

function zeros(size: number): Tensor {
  return { shape: [size], data: new Float32Array(size) };
}
