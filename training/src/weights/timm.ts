import { reshaped, type TensorTaker } from './canonical.ts';
import { joined, qkvOf } from './joined-affine.ts';
import { splitPositionEmbedding } from './position-embedding.ts';
import type { Block, Mlp, Tensor, VitWeights } from './vit-weights.ts';

export interface SchemeOptions {
  readonly where: string;
  readonly trainedGrid?: readonly [number, number] | undefined;
}

// Classifier heads and the token of masked training take no part in the features; ALiBi stands in for rotary embeddings.
export const TIMM_IGNORED =
  /^(head|head_dist|fc_norm|mask_token|dino_head|ibot_head|rope_embed|local_cls_norm)(\.|$)/;

/**
 * timm's names: `reg_token`, `blocks.N.ls1.gamma` (DINOv3: `gamma_1`), `blocks.N.attn.m` for learned ALiBi slopes.
 */
export function fromTimm(taker: TensorTaker, options: SchemeOptions): VitWeights {
  return fromBlocks(taker, { ...options, registers: 'reg_token' });
}

/** What timm and facebookresearch share: all but the registers' name. */
export function fromBlocks(
  taker: TensorTaker,
  o: SchemeOptions & { readonly registers: string },
): VitWeights {
  const kernel = taker.take('patch_embed.proj.weight');
  const [dim = 0, , patch = 0] = kernel.shape;
  const count = taker.count('blocks.', '.norm1.weight');
  const stored = taker.optional('pos_embed');
  return {
    patch,
    dim,
    patchEmbedding: taker.affine('patch_embed.proj', [dim, 3, patch, patch]),
    cls: reshaped(taker.take('cls_token', [1, 1, dim]), [dim]),
    registers: registersOf(taker.optional(o.registers), dim),
    position: stored === null ? null : splitPositionEmbedding(stored, { ...o, dim }),
    blocks: Array.from({ length: count }, (_, n) => blockOf(taker, `blocks.${n}`, dim)),
    norm: taker.norm('norm', dim),
  };
}

export function registersOf(stored: Tensor | null, dim: number): Tensor {
  if (stored === null) return { shape: [0, dim], data: new Float32Array() };
  return reshaped(stored, [stored.data.length / dim, dim]);
}

function blockOf(taker: TensorTaker, name: string, dim: number): Block {
  const scale = (n: 1 | 2): Tensor | null =>
    taker.optional(`${name}.ls${n}.gamma`, [dim]) ?? taker.optional(`${name}.gamma_${n}`, [dim]);
  return {
    norm1: taker.norm(`${name}.norm1`, dim),
    qkv: qkvOf(taker, `${name}.attn`, dim),
    proj: taker.affine(`${name}.attn.proj`, [dim, dim]),
    layerScale1: scale(1),
    norm2: taker.norm(`${name}.norm2`, dim),
    mlp: mlpOf(taker, `${name}.mlp`, dim),
    layerScale2: scale(2),
    slopes: taker.optional(`${name}.attn.m`),
  };
}

function mlpOf(taker: TensorTaker, name: string, dim: number): Mlp {
  // facebookresearch: w12 holds gate and value (DINOv2), or w1 and w2 do (DINOv3); w3 leads out.
  if (taker.has(`${name}.w12.weight`)) return gated(taker, `${name}.w12`, `${name}.w3`, dim);
  if (taker.has(`${name}.w1.weight`)) return gatedInTwo(taker, name, ['w1', 'w2', 'w3'], dim);
  // timm's gated MLP in two pieces, gate first.
  if (taker.has(`${name}.fc1_g.weight`)) return gatedInTwo(taker, name, ['fc1_g', 'fc1_x', 'fc2'], dim);
  const [first = 0] = taker.take(`${name}.fc1.weight`).shape;
  const [, second = 0] = taker.take(`${name}.fc2.weight`).shape;
  // timm packs gate and value into fc1, which is then twice as high as fc2 is wide.
  if (first === 2 * second) return gated(taker, `${name}.fc1`, `${name}.fc2`, dim);
  return {
    kind: 'gelu',
    fc1: taker.affine(`${name}.fc1`, [first, dim]),
    fc2: taker.affine(`${name}.fc2`, [dim, first]),
  };
}

export function gated(taker: TensorTaker, inName: string, outName: string, dim: number): Mlp {
  const [doubled = 0] = taker.take(`${inName}.weight`).shape;
  return {
    kind: 'swiglu',
    gateAndValue: taker.affine(inName, [doubled, dim]),
    out: taker.affine(outName, [dim, doubled / 2]),
  };
}

/** A gated MLP whose gate and value are tensors of their own. */
export function gatedInTwo(
  taker: TensorTaker,
  name: string,
  [gate, value, out]: readonly [gate: string, value: string, out: string],
  dim: number,
): Mlp {
  const [hidden = 0] = taker.take(`${name}.${gate}.weight`).shape;
  const parts = [gate, value].map((part) => taker.affine(`${name}.${part}`, [hidden, dim]));
  return { kind: 'swiglu', gateAndValue: joined(parts), out: taker.affine(`${name}.${out}`, [dim, hidden]) };
}
