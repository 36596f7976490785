import { reshaped } from './canonical.ts';
import type { Affine, Block, Norm, StateDict, Tensor, VitWeights } from './vit-weights.ts';

/** A transformer under timm's names, as `fromTimm` reads it and timm itself loads it. Shares the buffers. */
export function toTimm(weights: VitWeights): StateDict {
  const state = new Map<string, Tensor>();
  const { dim, registers, position } = weights;
  state.set('cls_token', reshaped(weights.cls, [1, 1, dim]));
  if (registers.data.length > 0) state.set('reg_token', reshaped(registers, [1, ...registers.shape]));
  if (position !== null) {
    const [rows, cols] = position.grid;
    const joined =
      position.cls === null ? position.patches.data : concat(position.cls.data, position.patches.data);
    state.set('pos_embed', { shape: [1, rows * cols + (position.cls === null ? 0 : 1), dim], data: joined });
  }
  affine(state, 'patch_embed.proj', weights.patchEmbedding);
  for (const [n, block] of weights.blocks.entries()) blockState(state, `blocks.${n}`, block);
  norm(state, 'norm', weights.norm);
  return state;
}

function blockState(state: Map<string, Tensor>, name: string, block: Block): void {
  norm(state, `${name}.norm1`, block.norm1);
  affine(state, `${name}.attn.qkv`, block.qkv);
  affine(state, `${name}.attn.proj`, block.proj);
  if (block.slopes !== null)
    state.set(`${name}.attn.m`, reshaped(block.slopes, [block.slopes.data.length, 1, 1]));
  if (block.layerScale1 !== null) state.set(`${name}.ls1.gamma`, block.layerScale1);
  norm(state, `${name}.norm2`, block.norm2);
  const { mlp } = block;
  affine(state, `${name}.mlp.fc1`, mlp.kind === 'gelu' ? mlp.fc1 : mlp.gateAndValue);
  affine(state, `${name}.mlp.fc2`, mlp.kind === 'gelu' ? mlp.fc2 : mlp.out);
  if (block.layerScale2 !== null) state.set(`${name}.ls2.gamma`, block.layerScale2);
}

function affine(state: Map<string, Tensor>, name: string, { weight, bias }: Affine): void {
  state.set(`${name}.weight`, weight);
  if (bias !== null) state.set(`${name}.bias`, bias);
}

function norm(state: Map<string, Tensor>, name: string, { weight, bias }: Norm): void {
  state.set(`${name}.weight`, weight);
  state.set(`${name}.bias`, bias);
}

function concat(a: Float32Array, b: Float32Array): Float32Array {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
