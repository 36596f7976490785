import { reshaped, type TensorTaker } from './canonical.ts';
import { joined } from './joined-affine.ts';
import { gatedInTwo, registersOf } from './timm.ts';
import type { Block, Mlp, VitWeights } from './vit-weights.ts';

export const DINOV3_IGNORED = /^(embeddings\.mask_token$|rope_embeddings\.|classifier\.|pooler\.)/;

/** Where `DINOv3ViTModel` keeps its blocks: `layer.N` in the published files, `model.layer.N` since transformers 5. */
const LAYERS = ['layer.', 'model.layer.'];

/** The names of Hugging Face's `DINOv3ViTModel`; its rotary embedding has no weights and is left out. */
export function fromHuggingfaceDinov3(taker: TensorTaker): VitWeights {
  const [dim = 0, , patch = 0] = taker.take('embeddings.patch_embeddings.weight').shape;
  const layers = LAYERS.find((prefix) => taker.has(`${prefix}0.norm1.weight`)) ?? 'layer.';
  const count = taker.count(layers, '.norm1.weight');
  return {
    patch,
    dim,
    patchEmbedding: taker.affine('embeddings.patch_embeddings', [dim, 3, patch, patch]),
    cls: reshaped(taker.take('embeddings.cls_token', [1, 1, dim]), [dim]),
    registers: registersOf(taker.optional('embeddings.register_tokens'), dim),
    position: null,
    blocks: Array.from({ length: count }, (_, n) => blockOf(taker, `${layers}${n}`, dim)),
    norm: taker.norm('norm', dim),
  };
}

function blockOf(taker: TensorTaker, name: string, dim: number): Block {
  const parts = ['q_proj', 'k_proj', 'v_proj'];
  return {
    norm1: taker.norm(`${name}.norm1`, dim),
    qkv: joined(parts.map((part) => taker.affine(`${name}.attention.${part}`, [dim, dim]))),
    proj: taker.affine(`${name}.attention.o_proj`, [dim, dim]),
    layerScale1: taker.optional(`${name}.layer_scale1.lambda1`, [dim]),
    norm2: taker.norm(`${name}.norm2`, dim),
    mlp: mlpOf(taker, `${name}.mlp`, dim),
    layerScale2: taker.optional(`${name}.layer_scale2.lambda1`, [dim]),
    slopes: null,
  };
}

/** Up, GELU, down; or down(SiLU(gate) · up). */
function mlpOf(taker: TensorTaker, name: string, dim: number): Mlp {
  if (taker.has(`${name}.gate_proj.weight`)) {
    return gatedInTwo(taker, name, ['gate_proj', 'up_proj', 'down_proj'], dim);
  }
  const [hidden = 0] = taker.take(`${name}.up_proj.weight`).shape;
  return {
    kind: 'gelu',
    fc1: taker.affine(`${name}.up_proj`, [hidden, dim]),
    fc2: taker.affine(`${name}.down_proj`, [dim, hidden]),
  };
}
