import { reshaped, type TensorTaker } from './canonical.ts';
import { joined } from './joined-affine.ts';
import { splitPositionEmbedding } from './position-embedding.ts';
import { gated, registersOf, type SchemeOptions } from './timm.ts';
import type { Affine, Block, Mlp, VitWeights } from './vit-weights.ts';

export const HUGGINGFACE_IGNORED = /^(embeddings\.mask_token|classifier\.|pooler\.)/;

/** The names of Hugging Face's `Dinov2Model` and `Dinov2WithRegistersModel`. */
export function fromHuggingface(taker: TensorTaker, options: SchemeOptions): VitWeights {
  const projection = 'embeddings.patch_embeddings.projection';
  const [dim = 0, , patch = 0] = taker.take(`${projection}.weight`).shape;
  const count = taker.count('encoder.layer.', '.norm1.weight');
  const stored = taker.optional('embeddings.position_embeddings');
  return {
    patch,
    dim,
    patchEmbedding: taker.affine(projection, [dim, 3, patch, patch]),
    cls: reshaped(taker.take('embeddings.cls_token', [1, 1, dim]), [dim]),
    registers: registersOf(taker.optional('embeddings.register_tokens'), dim),
    position: stored === null ? null : splitPositionEmbedding(stored, { ...options, dim }),
    blocks: Array.from({ length: count }, (_, n) => blockOf(taker, `encoder.layer.${n}`, dim)),
    norm: taker.norm('layernorm', dim),
  };
}

function blockOf(taker: TensorTaker, name: string, dim: number): Block {
  return {
    norm1: taker.norm(`${name}.norm1`, dim),
    qkv: qkvOf(taker, `${name}.attention.attention`, dim),
    proj: taker.affine(`${name}.attention.output.dense`, [dim, dim]),
    layerScale1: taker.optional(`${name}.layer_scale1.lambda1`, [dim]),
    norm2: taker.norm(`${name}.norm2`, dim),
    mlp: mlpOf(taker, `${name}.mlp`, dim),
    layerScale2: taker.optional(`${name}.layer_scale2.lambda1`, [dim]),
    slopes: null,
  };
}

function qkvOf(taker: TensorTaker, name: string, dim: number): Affine {
  return joined(['query', 'key', 'value'].map((part) => taker.affine(`${name}.${part}`, [dim, dim])));
}

function mlpOf(taker: TensorTaker, name: string, dim: number): Mlp {
  if (taker.has(`${name}.weights_in.weight`)) {
    return gated(taker, `${name}.weights_in`, `${name}.weights_out`, dim);
  }
  const [hidden = 0] = taker.take(`${name}.fc1.weight`).shape;
  return {
    kind: 'gelu',
    fc1: taker.affine(`${name}.fc1`, [hidden, dim]),
    fc2: taker.affine(`${name}.fc2`, [dim, hidden]),
  };
}
