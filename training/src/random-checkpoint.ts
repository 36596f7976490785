import { type CheckpointOptions, writeCheckpoint } from './checkpoint.ts';
import { sha256 } from './hash.ts';
import type { CheckpointManifest } from './manifest.ts';
import type { Affine, Block, Norm, Tensor, VitWeights } from './weights/vit-weights.ts';

export interface RandomCheckpointOptions extends Partial<Omit<CheckpointOptions, 'provenance' | 'measured'>> {
  readonly seed?: number;
  readonly dim?: number;
  readonly blocks?: number;
  readonly patch?: number;
  readonly registers?: number;
}

/**
 * Writes a checkpoint of seeded random weights, small enough for tests; by default dim 24, 2 blocks, 2 heads, patch 14,
 * local ALiBi, windows of 8×8 tokens with 2 overlapped. Not a model of anything: its features are a fixed random
 * nonlinear filter bank of each patch and its neighbours.
 */
export async function writeRandomCheckpoint(
  dir: string,
  options: RandomCheckpointOptions = {},
): Promise<CheckpointManifest> {
  const { seed = 1, dim = 24, blocks = 2, patch = 14, registers = 0, ...rest } = options;
  const weights = randomVit({ seed, dim, blocks, patch, registers });
  return writeCheckpoint(dir, weights, {
    name: `random-${dim}x${blocks}`,
    heads: 2,
    layerNormEps: 1e-6,
    position: {
      kind: 'alibi',
      metric: 'euclidean',
      wrap: false,
      normalise: 'scale',
      distanceScale: 2,
      attentionRadius: null,
      hidePrefix: true,
      slopes: 'constant',
    },
    precision: 'fp32',
    graph: 'plain',
    layers: [],
    input: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    window: { rows: 8, cols: 8, overlap: 2 },
    ...rest,
    provenance: {
      source: `random weights, seed ${seed}`,
      sourceSha256: sha256(new TextEncoder().encode(JSON.stringify({ seed, dim, blocks, patch, registers }))),
      licence: 'Apache-2.0',
      finetuned: false,
      command: 'writeRandomCheckpoint',
      tool: 'alibi-train',
    },
  });
}

export interface RandomVitOptions {
  readonly seed: number;
  readonly dim: number;
  readonly blocks: number;
  readonly patch: number;
  readonly registers: number;
}

/** Weights of standard deviation 1/√inputs: signals keep their size through the blocks. */
export function randomVit(o: RandomVitOptions): VitWeights {
  const normal = gaussian(o.seed);
  const tensor = (shape: readonly number[], deviation: number, mean = 0): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => mean + deviation * normal()),
  });
  const affine = (outputs: number, inputs: number): Affine => ({
    weight: tensor([outputs, inputs], 1 / Math.sqrt(inputs)),
    bias: tensor([outputs], 0.1),
  });
  const norm = (): Norm => ({ weight: tensor([o.dim], 0.1, 1), bias: tensor([o.dim], 0.1) });
  const block = (): Block => ({
    norm1: norm(),
    qkv: affine(3 * o.dim, o.dim),
    proj: affine(o.dim, o.dim),
    layerScale1: null,
    norm2: norm(),
    mlp: { kind: 'gelu', fc1: affine(4 * o.dim, o.dim), fc2: affine(o.dim, 4 * o.dim) },
    layerScale2: null,
    slopes: null,
  });
  return {
    patch: o.patch,
    dim: o.dim,
    patchEmbedding: {
      weight: tensor([o.dim, 3, o.patch, o.patch], 1 / Math.sqrt(3 * o.patch ** 2)),
      bias: tensor([o.dim], 0.1),
    },
    cls: tensor([o.dim], 1),
    registers: tensor([o.registers, o.dim], 1),
    position: null,
    blocks: Array.from({ length: o.blocks }, block),
    norm: norm(),
  };
}

/** Standard normal numbers (Box–Muller) from a seeded 32-bit generator (mulberry32). */
function gaussian(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (((bits ^ (bits >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
