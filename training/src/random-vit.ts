import { createRandom } from 'alibi-zarr/checkpoint';
import { normalStream } from './random.ts';
import type { Affine, Block, Norm, Tensor, VitWeights } from './weights/vit-weights.ts';

export interface RandomVitOptions {
  readonly seed: number;
  readonly dim: number;
  readonly blocks: number;
  readonly patch: number;
  readonly registers: number;
}

/** Weights of standard deviation 1/√inputs: signals keep their size through the blocks. */
export function randomVit(o: RandomVitOptions): VitWeights {
  const normal = normalStream(createRandom(o.seed));
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
