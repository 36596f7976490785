import * as tf from '@tensorflow/tfjs-core';
import { type AttentionSaved, attention, attentionBackward, type TokenShape } from './attention.ts';
import type { AttentionBiasTensors } from './attention-bias.ts';
import { type LayerNormSaved, layerNorm, layerNormBackward } from './layer-norm.ts';
import { columnSums } from './linear.ts';
import { type MlpSaved, mlp, mlpBackward } from './mlp.ts';
import type { Gradients, Scope } from './parameters.ts';

type BranchSaved<T> = {
  readonly norm: LayerNormSaved;
  readonly inner: T;
  /** What LayerScale multiplied; undefined without LayerScale. */
  readonly unscaled: tf.Tensor2D | undefined;
};

export type BlockSaved = {
  readonly attention: BranchSaved<AttentionSaved>;
  readonly mlp: BranchSaved<MlpSaved>;
};

export interface BlockContext {
  readonly scope: Scope;
  readonly shape: TokenShape;
  readonly bias: AttentionBiasTensors | null;
  readonly epsilon: number;
}

/** x + ls1·attention(norm1(x)), then the same with the MLP. @param x  [batch·tokens, dim] */
export function block(
  x: tf.Tensor2D,
  { scope, shape, bias, epsilon }: BlockContext,
): { output: tf.Tensor2D; saved: BlockSaved } {
  const norm1 = layerNorm(x, scope.within('norm1'), epsilon);
  const attended = attention(norm1.output, scope.within('attn'), shape, bias);
  const first = layerScale(attended.output, scope.optional('ls1.gamma'));
  const middle: tf.Tensor2D = tf.add(x, first.output);
  const norm2 = layerNorm(middle, scope.within('norm2'), epsilon);
  const mixed = mlp(norm2.output, scope.within('mlp'));
  const second = layerScale(mixed.output, scope.optional('ls2.gamma'));
  return {
    output: tf.add(middle, second.output),
    saved: {
      attention: { norm: norm1.saved, inner: attended.saved, unscaled: first.unscaled },
      mlp: { norm: norm2.saved, inner: mixed.saved, unscaled: second.unscaled },
    },
  };
}

/** @returns the gradient of the block's input [batch·tokens, dim] */
export function blockBackward(
  dy: tf.Tensor2D,
  saved: BlockSaved,
  { scope, bias }: BlockContext,
  gradients: Gradients,
): tf.Tensor2D {
  const branch = <T>(
    dOut: tf.Tensor2D,
    { norm, inner, unscaled }: BranchSaved<T>,
    names: { readonly norm: string; readonly scale: string },
    backward: (d: tf.Tensor2D, inner: T) => tf.Tensor2D,
  ): tf.Tensor2D => {
    const scaled = layerScaleBackward(dOut, unscaled, scope, { name: names.scale, gradients });
    const dNorm = layerNormBackward(backward(scaled, inner), norm, scope.within(names.norm), gradients);
    return tf.add(dOut, dNorm);
  };
  const dMiddle = branch(dy, saved.mlp, { norm: 'norm2', scale: 'ls2.gamma' }, (d, inner) =>
    mlpBackward(d, inner, scope.within('mlp'), gradients),
  );
  return branch(dMiddle, saved.attention, { norm: 'norm1', scale: 'ls1.gamma' }, (d, inner) =>
    attentionBackward(d, inner, { scope: scope.within('attn'), bias, gradients }),
  );
}

function layerScale(
  x: tf.Tensor2D,
  gamma: tf.Tensor | null,
): { readonly output: tf.Tensor2D; readonly unscaled: tf.Tensor2D | undefined } {
  return gamma === null ? { output: x, unscaled: undefined } : { output: tf.mul(x, gamma), unscaled: x };
}

function layerScaleBackward(
  dy: tf.Tensor2D,
  unscaled: tf.Tensor2D | undefined,
  scope: Scope,
  o: { readonly name: string; readonly gradients: Gradients },
): tf.Tensor2D {
  if (unscaled === undefined) return dy;
  o.gradients.add(`${scope.name}.${o.name}`, columnSums(tf.mul(dy, unscaled)));
  return tf.mul(dy, scope.get(o.name));
}
