import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { exportVit } from '../../src/onnx/export.ts';
import { PAPER } from '../../src/onnx/position.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { rowsOf } from '../../src/weights/canonical.ts';
import { openFile } from '../../src/weights/open-file.ts';
import { canonicalise, readTensors, type Scheme } from '../../src/weights/scheme.ts';
import type { StateDict, Tensor } from '../../src/weights/vit-weights.ts';
import { golden } from '../golden.ts';

/**
 * A block of DINOv3 computes what one of DINOv2 does but for the rotary embedding, which ALiBi replaces, and but for the bias
 * of keys, which no softmax feels: q·(k + b) adds q·b to all logits of a row. So the reference's weights, renamed, must give
 * the reference's features.
 */
type Renaming = (stored: StateDict) => Map<string, Tensor>;

const DIM = 48;
const NAN = { shape: [3 * DIM], data: new Float32Array(3 * DIM).fill(Number.NaN) };

/** timm's `vit_*_dinov3_qkvb`: LayerScale as `gamma_1`, biases of query and value alone. */
const timmWithBias: Renaming = (stored) =>
  rename(stored, (name, tensor) => {
    if (name.endsWith('attn.qkv.bias')) {
      const at = name.replace('qkv.bias', '');
      return [
        [`${at}q_bias`, rowsOf(tensor, 0, DIM)],
        [`${at}v_bias`, rowsOf(tensor, 2 * DIM, 3 * DIM)],
      ];
    }
    return [[name.replace(/ls(\d)\.gamma/, 'gamma_$1'), tensor]];
  });

/** facebookresearch's: `storage_tokens`, the rotary embedding's periods, a mask over the bias. */
const facebookresearch =
  (mask: (bias: Tensor) => Tensor): Renaming =>
  (stored) => {
    const tensors = rename(stored, (name, tensor) => {
      const renamed: [string, Tensor][] = [[name.replace('reg_token', 'storage_tokens'), tensor]];
      if (name.endsWith('attn.qkv.bias')) renamed.push([`${name}_mask`, mask(tensor)]);
      return renamed;
    });
    tensors.set('rope_embed.periods', { shape: [4], data: Float32Array.of(1, 2, 3, 4) });
    tensors.set('mask_token', { shape: [1, DIM], data: new Float32Array(DIM) });
    return tensors;
  };

/** 1 for query and value, 0 for key. */
const filled = (bias: Tensor): Tensor => ({
  shape: bias.shape,
  data: bias.data.map((_, i) => (i >= DIM && i < 2 * DIM ? 0 : 1)),
});

/** `DINOv3ViTModel`: three projections, the key's without bias. */
const huggingface =
  (layers: string): Renaming =>
  (stored) =>
    rename(stored, (name, tensor) => {
      const block = name.replace(/^blocks\./, layers);
      if (name.includes('attn.qkv')) {
        const parts = ['q_proj', 'k_proj', 'v_proj'].map((part, i): [string, Tensor] => [
          block.replace('attn.qkv', `attention.${part}`),
          rowsOf(tensor, i * DIM, (i + 1) * DIM),
        ]);
        return parts.filter(([part]) => !part.endsWith('k_proj.bias'));
      }
      const renamed = block
        .replace('attn.proj', 'attention.o_proj')
        .replace(/ls(\d)\.gamma/, 'layer_scale$1.lambda1')
        .replace('mlp.fc1', 'mlp.up_proj')
        .replace('mlp.fc2', 'mlp.down_proj')
        .replace('patch_embed.proj', 'embeddings.patch_embeddings')
        .replace(/^cls_token/, 'embeddings.cls_token')
        .replace(/^reg_token/, 'embeddings.register_tokens');
      return [[renamed, tensor]];
    });

function rename(
  stored: StateDict,
  to: (name: string, tensor: Tensor) => [string, Tensor][],
): Map<string, Tensor> {
  return new Map([...stored].flatMap(([name, tensor]) => to(name, tensor)));
}

describe.skipIf(!hasShared())('DINOv3 names', () => {
  it.each<[string, Scheme, Renaming]>([
    ['timm, gamma_1 and q_bias', 'timm', timmWithBias],
    ['facebookresearch, mask filled in', 'facebookresearch', facebookresearch(filled)],
    ['facebookresearch, mask not filled in', 'facebookresearch', facebookresearch(() => NAN)],
    ['Hugging Face, as published', 'huggingface', huggingface('layer.')],
    ['Hugging Face, transformers 5', 'huggingface', huggingface('model.layer.')],
  ])('%s: the features of the reference', async (_, scheme, renaming) => {
    const file = await openFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
    const stored = await readTensors(file);
    await file.close();
    const read = canonicalise(renaming(stored), { where: 'renamed' });
    expect(read.scheme).toBe(scheme);
    expect(read.layerNormEps).toBe(1e-5);
    expect(canonicalise(stored, { where: 'as it is' }).layerNormEps).toBe(1e-6);
    // The reference was run with DINOv2's epsilon.
    const model = exportVit(read.weights, {
      name: 'dinov3',
      heads: 3,
      layerNormEps: 1e-6,
      position: PAPER,
      precision: 'fp32',
      graph: 'plain',
      layers: [],
      notice: '',
    });
    const answers = await golden('tiny', 'expected');
    const image = answers.get('input.4x7');
    const expected = answers.get('alibi.4x7');
    if (image === undefined || expected === undefined) throw new Error('the reference lacks 4x7');
    const runner = await openCpuRunner(model);
    const outputs = await runner.run(image.data, image.shape);
    await runner.close();
    expect(relativeError(outputs.get('features')?.data ?? new Float32Array(), expected.data)).toBeLessThan(
      1e-4,
    );
  });

  it('refuses a tensor that it does not understand', async () => {
    const file = await openFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
    const stored = huggingface('layer.')(await readTensors(file));
    await file.close();
    stored.set('layer.0.attention.q_norm.weight', { shape: [1], data: Float32Array.of(1) });
    expect(() => canonicalise(stored, { where: 'x' })).toThrow(/q_norm/);
  });
});
