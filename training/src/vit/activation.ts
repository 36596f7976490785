import * as tf from '@tensorflow/tfjs-core';

/** Φ(x) = ½(1 + erf(x/√2)) */
export function normalCdf(x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5);
}

/** The exact GELU x·Φ(x) differentiated: dy·(Φ + x·φ), φ the standard normal density. */
export function geluBackward(dy: tf.Tensor2D, x: tf.Tensor2D, cdf: tf.Tensor2D): tf.Tensor2D {
  const density = tf.exp(tf.sub(tf.mul(tf.square(x), -0.5), 0.5 * Math.log(2 * Math.PI)));
  return tf.mul(dy, tf.add(cdf, tf.mul(x, density)));
}

/** x·σ(x) differentiated: dy·σ·(1 + x·(1 − σ)). */
export function siluBackward(dy: tf.Tensor2D, x: tf.Tensor2D, sigmoid: tf.Tensor2D): tf.Tensor2D {
  const slope = tf.mul(sigmoid, tf.add(1, tf.mul(x, tf.sub(1, sigmoid))));
  return tf.mul(dy, slope);
}
