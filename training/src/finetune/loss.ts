import * as tf from '@tensorflow/tfjs-core';

export const LOSSES = ['cosine', 'mse', 'mae'] as const;
export type LossKind = (typeof LOSSES)[number];

export interface LossResult {
  /** Scalar; the caller disposes of both. */
  readonly loss: tf.Scalar;
  /** Of the features, same shape. */
  readonly gradient: tf.Tensor3D;
}

// torch's cosine_similarity bounds each norm from below by this.
const EPSILON = 1e-8;

/**
 * Distance of features to their target with its gradient: the mean over tokens of 1 − cosine over channels, or the mean
 * over all elements of the squared or absolute difference.
 *
 * @param features  [batch, tokens, dim]
 * @param target    the same shape
 */
export function distance(kind: LossKind, features: tf.Tensor3D, target: tf.Tensor3D): LossResult {
  return tf.tidy(() => (kind === 'cosine' ? cosine(features, target) : elementwise(kind, features, target)));
}

/** d(1 − cos)/df = −(t/|t| − cos·f/|f|)/|f|, over the number of tokens. */
function cosine(features: tf.Tensor3D, target: tf.Tensor3D) {
  const norm = (x: tf.Tensor3D): tf.Tensor => tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), EPSILON);
  const size = norm(features);
  const direction = tf.div(features, size);
  const wanted = tf.div(target, norm(target));
  const similarity = tf.sum(tf.mul(direction, wanted), -1, true);
  const [batch, tokens] = features.shape;
  const gradient: tf.Tensor3D = tf.div(
    tf.sub(tf.mul(similarity, direction), wanted),
    tf.mul(size, batch * tokens),
  );
  return { loss: tf.sub<tf.Scalar>(1, tf.mean<tf.Scalar>(similarity)), gradient };
}

function elementwise(kind: 'mse' | 'mae', features: tf.Tensor3D, target: tf.Tensor3D) {
  const difference: tf.Tensor3D = tf.sub(features, target);
  const count = features.size;
  if (kind === 'mae') {
    const gradient: tf.Tensor3D = tf.div(tf.sign(difference), count);
    return { loss: tf.mean<tf.Scalar>(tf.abs(difference)), gradient };
  }
  const gradient: tf.Tensor3D = tf.mul(difference, 2 / count);
  return { loss: tf.mean<tf.Scalar>(tf.square(difference)), gradient };
}
