import * as tf from '@tensorflow/tfjs-core';
import { geluBackward, normalCdf, siluBackward } from './activation.ts';
import { linear, linearBackward } from './linear.ts';
import type { Gradients, Scope } from './parameters.ts';

export type MlpSaved =
  | {
      readonly kind: 'gelu';
      readonly x: tf.Tensor2D;
      readonly before: tf.Tensor2D;
      readonly cdf: tf.Tensor2D;
      readonly after: tf.Tensor2D;
    }
  | {
      readonly kind: 'swiglu';
      readonly x: tf.Tensor2D;
      readonly gate: tf.Tensor2D;
      readonly sigmoid: tf.Tensor2D;
      readonly value: tf.Tensor2D;
      readonly after: tf.Tensor2D;
    };

type MlpResult = { readonly output: tf.Tensor2D; readonly saved: MlpSaved };

/** Two layers with GELU between, or SwiGLU where fc1 is twice as high as fc2 is wide. @param x  [n, dim] */
export function mlp(x: tf.Tensor2D, scope: Scope): MlpResult {
  const before = linear(x, scope.within('fc1'));
  return isGated(scope) ? gated(x, before, scope) : plain(x, before, scope);
}

function plain(x: tf.Tensor2D, before: tf.Tensor2D, scope: Scope): MlpResult {
  const cdf = normalCdf(before);
  const after: tf.Tensor2D = tf.mul(before, cdf);
  return { output: linear(after, scope.within('fc2')), saved: { kind: 'gelu', x, before, cdf, after } };
}

function gated(x: tf.Tensor2D, before: tf.Tensor2D, scope: Scope): MlpResult {
  const [gate, value] = tf.split<tf.Tensor2D>(before, 2, 1);
  if (gate === undefined || value === undefined) throw new TypeError('a split in two gives two');
  const sigmoid = tf.sigmoid(gate);
  const after: tf.Tensor2D = tf.mul(tf.mul(gate, sigmoid), value);
  const output = linear(after, scope.within('fc2'));
  return { output, saved: { kind: 'swiglu', x, gate, sigmoid, value, after } };
}

export function mlpBackward(
  dy: tf.Tensor2D,
  saved: MlpSaved,
  scope: Scope,
  gradients: Gradients,
): tf.Tensor2D {
  const dAfter = linearBackward(dy, saved.after, scope.within('fc2'), gradients);
  return linearBackward(beforeBackward(dAfter, saved), saved.x, scope.within('fc1'), gradients);
}

function beforeBackward(dAfter: tf.Tensor2D, saved: MlpSaved): tf.Tensor2D {
  if (saved.kind === 'gelu') return geluBackward(dAfter, saved.before, saved.cdf);
  const { gate, sigmoid, value } = saved;
  const dGate = siluBackward(tf.mul(dAfter, value), gate, sigmoid);
  const dValue: tf.Tensor2D = tf.mul(dAfter, tf.mul(gate, sigmoid));
  return tf.concat([dGate, dValue], 1);
}

function isGated(scope: Scope): boolean {
  const [first] = scope.get('fc1.weight').shape;
  const [, second] = scope.get('fc2.weight').shape;
  return first === 2 * (second ?? 0);
}
