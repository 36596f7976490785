import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../src/weights/scheme.ts';
import type { Tensor } from '../../src/weights/vit-weights.ts';

/**
 * A gated MLP, out(SiLU(gate(x)) · value(x)), as each library names its parts. Which half is the gate:
 * - facebookresearch/dinov2 `SwiGLUFFN`: x1, x2 = w12(x).chunk(2); w3(silu(x1) * x2). dinov3's: w3(silu(w1(x)) * w2(x)).
 * - timm `GluMlp(gate_last=False)` of DINOv2: x1, x2 = fc1(x).chunk(2); fc2(act(x1) * x2). `SwiGLU` of DINOv3: fc2(act(fc1_g(x)) * fc1_x(x)).
 * - transformers `Dinov2SwiGLUFFN`: x1, x2 = weights_in(x).chunk(2); weights_out(silu(x1) * x2).
 *   `DINOv3ViTGatedMLP`: down_proj(act(gate_proj(x)) * up_proj(x)).
 */
const DIM = 2;
const HIDDEN = 3;
const tensor = (shape: readonly number[], from: number): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => from + i) };
};
const joined = (a: Tensor, b: Tensor): Tensor => ({
  shape: [2 * HIDDEN, ...a.shape.slice(1)],
  data: Float32Array.of(...a.data, ...b.data),
});
const gate = { weight: tensor([HIDDEN, DIM], 100), bias: tensor([HIDDEN], 200) };
const value = { weight: tensor([HIDDEN, DIM], 300), bias: tensor([HIDDEN], 400) };
const out = { weight: tensor([DIM, HIDDEN], 500), bias: tensor([DIM], 600) };
const gateAndValue = { weight: joined(gate.weight, value.weight), bias: joined(gate.bias, value.bias) };

type Parts = Readonly<Record<string, { readonly weight: Tensor; readonly bias: Tensor }>>;
const square = { weight: tensor([DIM, DIM], 0), bias: tensor([DIM], 0) };
const norm = { weight: tensor([DIM], 1), bias: tensor([DIM], 0) };
const patches = { weight: tensor([DIM, 3, 2, 2], 0), bias: tensor([DIM], 0) };

const timm: Parts = {
  'patch_embed.proj': patches,
  'blocks.0.norm1': norm,
  'blocks.0.attn.qkv': { weight: tensor([3 * DIM, DIM], 0), bias: tensor([3 * DIM], 0) },
  'blocks.0.attn.proj': square,
  'blocks.0.norm2': norm,
  norm,
};
const dinov2: Parts = {
  'embeddings.patch_embeddings.projection': patches,
  'encoder.layer.0.norm1': norm,
  'encoder.layer.0.attention.attention.query': square,
  'encoder.layer.0.attention.attention.key': square,
  'encoder.layer.0.attention.attention.value': square,
  'encoder.layer.0.attention.output.dense': square,
  'encoder.layer.0.norm2': norm,
  layernorm: norm,
};
const dinov3: Parts = {
  'embeddings.patch_embeddings': patches,
  'layer.0.norm1': norm,
  'layer.0.attention.q_proj': square,
  'layer.0.attention.k_proj': square,
  'layer.0.attention.v_proj': square,
  'layer.0.attention.o_proj': square,
  'layer.0.norm2': norm,
  norm,
};

describe('a gated MLP', () => {
  it.each<[string, string, Parts, Parts]>([
    ['timm, DINOv2', 'cls_token', timm, { 'blocks.0.mlp.fc1': gateAndValue, 'blocks.0.mlp.fc2': out }],
    [
      'timm, DINOv3',
      'cls_token',
      timm,
      { 'blocks.0.mlp.fc1_g': gate, 'blocks.0.mlp.fc1_x': value, 'blocks.0.mlp.fc2': out },
    ],
    [
      'facebookresearch, DINOv2',
      'cls_token',
      timm,
      { 'blocks.0.mlp.w12': gateAndValue, 'blocks.0.mlp.w3': out },
    ],
    [
      'facebookresearch, DINOv3',
      'cls_token',
      timm,
      { 'blocks.0.mlp.w1': gate, 'blocks.0.mlp.w2': value, 'blocks.0.mlp.w3': out },
    ],
    [
      'Hugging Face, DINOv2',
      'embeddings.cls_token',
      dinov2,
      { 'encoder.layer.0.mlp.weights_in': gateAndValue, 'encoder.layer.0.mlp.weights_out': out },
    ],
    [
      'Hugging Face, DINOv3',
      'embeddings.cls_token',
      dinov3,
      { 'layer.0.mlp.gate_proj': gate, 'layer.0.mlp.up_proj': value, 'layer.0.mlp.down_proj': out },
    ],
  ])('%s: gate first, whatever its parts are called', (name, cls, backbone, mlp) => {
    const parts = Object.entries({ ...backbone, ...mlp });
    const stored = new Map(
      parts.flatMap(([part, { weight, bias }]): [string, Tensor][] => [
        [`${part}.weight`, weight],
        [`${part}.bias`, bias],
      ]),
    );
    stored.set(cls, tensor([1, 1, DIM], 0));
    const { weights } = canonicalise(stored, { where: name });
    expect(weights.blocks[0]?.mlp).toEqual({ kind: 'swiglu', gateAndValue, out });
    expect(weights).toMatchObject({ patch: 2, dim: DIM, position: null });
  });
});
