import * as tf from '@tensorflow/tfjs-core';
import { createParameters, type Gradients, readParameters } from '../vit/parameters.ts';
import { PositionTensors } from '../vit/position-tensors.ts';
import { forward, type Vit } from '../vit/transformer.ts';
import { type VitConfig, vitConfig } from '../vit/vit-config.ts';
import { toTimm } from '../weights/to-timm.ts';
import type { StateDict, VitWeights } from '../weights/vit-weights.ts';
import { distance, type LossKind } from './loss.ts';

/** Pixels and the tokens wanted of them. */
export interface Batch {
  /** float32 [count, 3, height, width], normalised */
  readonly images: { readonly shape: readonly [number, number, number, number]; readonly data: Float32Array };
  /** float32 [count, rows·cols, dim] */
  readonly targets: Float32Array;
}

/** A transformer on the backend from weights; a position embedding that its position does not use is left out. */
export function createVit(
  weights: VitWeights,
  o: {
    readonly heads: number;
    readonly layerNormEps: number;
    readonly position: VitConfig['position'];
    /** Parameters by timm's names instead of the weights'. */
    readonly state?: StateDict | undefined;
  },
): Vit {
  const own = studentWeights(weights, o);
  const { heads, layerNormEps, position } = o;
  const config = vitConfig(own, { heads, layerNormEps, position });
  return {
    config,
    parameters: createParameters(o.state ?? toTimm(own)),
    positions: new PositionTensors(config),
  };
}

/** The teacher's weights with the parameters of the student's position: no embedding, learned slopes from 1. */
function studentWeights(
  weights: VitWeights,
  { heads, position }: { readonly heads: number; readonly position: VitConfig['position'] },
): VitWeights {
  const learnsSlopes = position.kind === 'alibi' && position.slopes === 'learned';
  const ones = { shape: [heads, 1, 1], data: new Float32Array(heads).fill(1) };
  return {
    ...weights,
    position: position.kind === 'learned' ? weights.position : null,
    blocks: weights.blocks.map((block) => ({
      ...block,
      slopes: learnsSlopes ? (block.slopes ?? ones) : null,
    })),
  };
}

/** Copies the parameters back, under timm's names. */
export async function readStudent(vit: Vit): Promise<StateDict> {
  return readParameters(vit.parameters);
}

export function disposeVit(vit: Vit): void {
  tf.dispose([...vit.parameters.values()]);
  vit.positions.dispose();
}

/** Adds a batch's gradients; @returns its loss */
export function addGradients(
  vit: Vit,
  batch: Batch,
  o: { readonly loss: LossKind; readonly gradients: Gradients; readonly recompute: boolean },
): number {
  const { dim, registers } = vit.config;
  const prefix = 1 + registers;
  const [count] = batch.images.shape;
  const image = tf.tensor4d(batch.images.data, [...batch.images.shape]);
  const pass = forward(vit, image, { recompute: o.recompute });
  image.dispose();
  const tokens = pass.tokens.shape[1] - prefix;
  const { loss, gradient } = tf.tidy(() => {
    const target = tf.tensor3d(batch.targets, [count, tokens, dim]);
    const patches = tf.slice(pass.tokens, [0, prefix, 0], [count, tokens, dim]);
    const result = distance(o.loss, patches, target);
    const padded: tf.Tensor3D = tf.pad(result.gradient, [
      [0, 0],
      [prefix, 0],
      [0, 0],
    ]);
    return { loss: result.loss, gradient: padded };
  });
  pass.tokens.dispose();
  pass.backward(gradient, o.gradients);
  const [value = Number.NaN] = loss.dataSync();
  tf.dispose([loss, gradient]);
  return value;
}
