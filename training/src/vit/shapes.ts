import * as tf from '@tensorflow/tfjs-core';

/** The same elements in rows and columns. */
export function as2D(x: tf.Tensor, rows: number, cols: number): tf.Tensor2D {
  return tf.reshape<tf.Rank.R2>(x, [rows, cols]);
}

export function as3D(x: tf.Tensor, a: number, b: number, c: number): tf.Tensor3D {
  return tf.reshape<tf.Rank.R3>(x, [a, b, c]);
}

export function as4D(x: tf.Tensor, a: number, b: number, c: number, d: number): tf.Tensor4D {
  return tf.reshape<tf.Rank.R4>(x, [a, b, c, d]);
}
