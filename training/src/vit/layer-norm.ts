import * as tf from '@tensorflow/tfjs-core';
import { columnSums } from './linear.ts';
import type { Gradients, Scope } from './parameters.ts';
import { as2D } from './shapes.ts';

export type LayerNormSaved = {
  /** (x − mean)·inverse [n, dim] */
  readonly normalised: tf.Tensor2D;
  /** 1 / √(variance + ε) [n, 1] */
  readonly inverse: tf.Tensor2D;
};

/** Over the last axis. @param x  [n, dim] */
export function layerNorm(
  x: tf.Tensor2D,
  scope: Scope,
  epsilon: number,
): { output: tf.Tensor2D; saved: LayerNormSaved } {
  const centred: tf.Tensor2D = tf.sub(x, tf.mean(x, 1, true));
  const inverse: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
  const normalised: tf.Tensor2D = tf.mul(centred, inverse);
  const output: tf.Tensor2D = tf.add(tf.mul(normalised, scope.get('weight')), scope.get('bias'));
  return { output, saved: { normalised, inverse } };
}

/**
 * With g = dy·weight: dx = inverse·(g − mean(g) − normalised·mean(g·normalised)).
 * Source: Ba, Kiros, Hinton, Layer Normalization, 2016, differentiated.
 */
export function layerNormBackward(
  dy: tf.Tensor2D,
  { normalised, inverse }: LayerNormSaved,
  scope: Scope,
  gradients: Gradients,
): tf.Tensor2D {
  const product: tf.Tensor2D = tf.mul(dy, normalised);
  gradients.add(`${scope.name}.weight`, columnSums(product));
  gradients.add(`${scope.name}.bias`, columnSums(dy));
  const weight = as2D(scope.get('weight'), dy.shape[1], 1);
  // Means of g and of g·normalised over channels are products with the weight.
  const size = dy.shape[1];
  const mean = tf.mul(tf.matMul(dy, weight), 1 / size);
  const slope = tf.mul(tf.matMul(product, weight), 1 / size);
  const g = tf.mul(dy, scope.get('weight'));
  return tf.mul(tf.sub(tf.sub(g, mean), tf.mul(normalised, slope)), inverse);
}
