import { selfTestImage } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { exportVit } from '../../src/onnx/export.ts';
import type { ExportOptions } from '../../src/onnx/layers.ts';
import type { AlibiPosition } from '../../src/onnx/position.ts';
import { readGraphWeights } from '../../src/onnx/read-graph.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { openWasmRunner } from '../../src/onnx/run-wasm.ts';
import { randomVit } from '../../src/random-vit.ts';
import type { Affine, Tensor, VitWeights } from '../../src/weights/vit-weights.ts';
import { LOCAL } from '../tiny-variants.ts';

const POSITION: AlibiPosition = { ...LOCAL, distanceScale: 2 };
// Three heads of 8: their 1/√8 is no power of two, so folding it rounds.
const SHAPE = { seed: 3, dim: 24, blocks: 2, patch: 14, registers: 2 };
const HEADS = 3;

function exported(weights: VitWeights, o: Partial<ExportOptions> = {}): Uint8Array {
  return exportVit(weights, {
    name: 'random',
    heads: HEADS,
    layerNormEps: 1e-6,
    position: POSITION,
    precision: 'fp32',
    graph: 'plain',
    layers: [],
    notice: '',
    ...o,
  });
}

async function featuresOf(model: Uint8Array, open = openCpuRunner): Promise<Float32Array> {
  const runner = await open(model);
  const outputs = await runner.run(selfTestImage(9, 56, 98), [1, 3, 56, 98]);
  await runner.close();
  return outputs.get('features')?.data ?? new Float32Array();
}

/** The random transformer with a position embedding, learned slopes and LayerScale. */
function dressed(): VitWeights {
  const weights = randomVit(SHAPE);
  const wave = (...shape: number[]): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.3 + 0.2 * Math.sin(i)),
  });
  return {
    ...weights,
    position: { grid: [3, 4], patches: wave(12, SHAPE.dim), cls: wave(SHAPE.dim) },
    blocks: weights.blocks.map((block) => ({
      ...block,
      slopes: wave(HEADS, 1, 1),
      layerScale1: wave(SHAPE.dim),
      layerScale2: wave(SHAPE.dim),
    })),
  };
}

describe('readGraphWeights', () => {
  const learned: AlibiPosition = { ...POSITION, slopes: 'learned' };
  it.each([
    ['ALiBi, fused', { graph: 'fused' as const }, null],
    ['learned slopes', { position: learned, layers: [1] }, null],
    ['a position embedding', { position: { kind: 'learned' as const } }, [3, 4] as const],
  ])('gives weights that export to the same bytes: %s', (_, options, trainedGrid) => {
    const model = exported(dressed(), options);
    const weights = readGraphWeights(model, { blocks: SHAPE.blocks, trainedGrid, where: 'here' });
    const again = exported(weights, { ...options, folded: true });
    expect(again.length).toBe(model.length);
    expect(Buffer.compare(again, model)).toBe(0);
  });

  it.each([
    ['a graph of int8 weights', () => exported(randomVit(SHAPE), { precision: 'int8' })],
    ['a graph cut off', () => exported(randomVit(SHAPE)).subarray(0, 40_000)],
    ['something else', () => new TextEncoder().encode('not a graph at all, but a text')],
    ['nothing', () => new Uint8Array()],
  ])('refuses %s and says what to do', (_, bytes) => {
    const read = () => readGraphWeights(bytes(), { blocks: 2, trainedGrid: null, where: 'model.onnx' });
    expect(read).toThrow(/not written by "alibi-train convert" at fp32.*model\.onnx.*--weights/s);
  });
});

/** Each output channel rounded to 127 steps of its largest magnitude, in double precision. */
function eightBits({ weight, bias }: Affine): Affine {
  const inner = weight.data.length / (weight.shape[0] ?? 1);
  const data = weight.data.map((value, i) => {
    const row = weight.data.subarray(Math.floor(i / inner) * inner, (Math.floor(i / inner) + 1) * inner);
    const scale = Math.fround(row.reduce((most, other) => Math.max(most, Math.abs(other)), 0) / 127);
    return Math.round(value / scale) * scale;
  });
  return { weight: { ...weight, data }, bias };
}

function withWeights(weights: VitWeights, change: (layer: Affine) => Affine): VitWeights {
  return {
    ...weights,
    patchEmbedding: change(weights.patchEmbedding),
    blocks: weights.blocks.map((block) => ({
      ...block,
      qkv: change(block.qkv),
      proj: change(block.proj),
      mlp:
        block.mlp.kind === 'gelu'
          ? { kind: 'gelu', fc1: change(block.mlp.fc1), fc2: change(block.mlp.fc2) }
          : block.mlp,
    })),
  };
}

describe('precisions', () => {
  // No factor is folded into these: rounding an unscaled matrix and a scaled one need not agree in the last step.
  const weights = randomVit(SHAPE);

  it.each([
    ['onnxruntime-node', openCpuRunner],
    ['ONNX Runtime Web, WASM', openWasmRunner],
  ])('int8 computes in float32 with the weights rounded here, on %s', async (_, open) => {
    const folded = { heads: HEADS, folded: true };
    const got = await featuresOf(exported(weights, { ...folded, precision: 'int8' }), open);
    const wanted = await featuresOf(exported(withWeights(weights, eightBits), folded));
    expect(relativeError(got, wanted)).toBeLessThan(1e-5);
    // Were activations rounded to int8 too, as ONNX Runtime does if let, it would be some 5e-3.
    const float = await featuresOf(exported(weights, folded));
    expect(relativeError(got, float)).toBeGreaterThan(1e-4);
  });

  it.each([
    ['plain', POSITION],
    ['fused', POSITION],
    ['plain', { ...POSITION, attentionRadius: 1.5, slopes: 'fixed' }],
    ['plain', { kind: 'learned' }],
    ['plain', { kind: 'none' }],
  ] as const)('fp16-arithmetic (%s, %j) is float32 outside and near fp32', async (graph, position) => {
    const options = { graph, position, layers: [0] };
    const model = exported(dressed(), { ...options, precision: 'fp16-arithmetic' });
    const float = exported(dressed(), options);
    expect(model.length).toBeLessThan(0.62 * float.length);
    const runner = await openCpuRunner(model);
    const outputs = await runner.run(selfTestImage(9, 56, 98), [1, 3, 56, 98]);
    await runner.close();
    expect([...outputs.keys()].sort()).toEqual(['features', 'layer.0', 'prefix']);
    const error = relativeError(outputs.get('features')?.data ?? new Float32Array(), await featuresOf(float));
    // Half of float16's spacing is 4.9e-4; a few dozen roundings one after another.
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(5e-3);
  });
});
