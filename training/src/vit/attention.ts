import * as tf from '@tensorflow/tfjs-core';
import type { AttentionBiasTensors } from './attention-bias.ts';
import { linear, linearBackward } from './linear.ts';
import type { Gradients, Scope } from './parameters.ts';
import { as2D, as4D } from './shapes.ts';

export interface TokenShape {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
}

export type AttentionSaved = {
  readonly x: tf.Tensor2D;
  /** [batch, heads, tokens, dim / heads]; the query is scaled. */
  readonly query: tf.Tensor4D;
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
  /** Softmax [batch, heads, tokens, tokens]. */
  readonly probabilities: tf.Tensor4D;
  /** [batch, heads, tokens, dim / heads] */
  readonly mixed: tf.Tensor4D;
  /** [batch·tokens, dim] */
  readonly merged: tf.Tensor2D;
};

/** Multi-head self-attention with a bias on its logits. @param x  [batch·tokens, dim] */
export function attention(
  x: tf.Tensor2D,
  scope: Scope,
  shape: TokenShape,
  bias: AttentionBiasTensors | null,
): { output: tf.Tensor2D; saved: AttentionSaved } {
  const { batch, tokens, heads } = shape;
  const dim = x.shape[1];
  const joined = tf.reshape(linear(x, scope.within('qkv')), [batch, tokens, 3, heads, dim / heads]);
  const [unscaled, key, value] = tf.unstack(tf.transpose(joined, [2, 0, 3, 1, 4]));
  if (unscaled === undefined || key === undefined || value === undefined) throw new TypeError('three parts');
  const query: tf.Tensor = tf.mul(unscaled, Math.sqrt(heads / dim));
  const products = tf.matMul(query, key, false, true);
  const probabilities = tf.softmax(bias === null ? products : tf.add(products, biasOf(bias, scope)));
  const mixed = tf.matMul(probabilities, value);
  const merged = as2D(tf.transpose(mixed, [0, 2, 1, 3]), batch * tokens, dim);
  const perHead = (part: tf.Tensor): tf.Tensor4D => as4D(part, batch, heads, tokens, dim / heads);
  const saved = {
    x,
    query: perHead(query),
    key: perHead(key),
    value: perHead(value),
    probabilities: as4D(probabilities, batch, heads, tokens, tokens),
    mixed: perHead(mixed),
    merged,
  };
  return { output: linear(merged, scope.within('proj')), saved };
}

/** Softmax backwards: dS = P·(dP − Σ dP·P), and the sum is that of d(mixed)·mixed over channels. */
export function attentionBackward(
  dy: tf.Tensor2D,
  saved: AttentionSaved,
  o: { readonly scope: Scope; readonly bias: AttentionBiasTensors | null; readonly gradients: Gradients },
): tf.Tensor2D {
  const { scope, gradients } = o;
  const { query, key, value, probabilities, mixed } = saved;
  const [batch, heads, tokens, size] = query.shape;
  const dMerged = linearBackward(dy, saved.merged, scope.within('proj'), gradients);
  const dMixed = tf.transpose(as4D(dMerged, batch, tokens, heads, size), [0, 2, 1, 3]);
  const dValue = tf.matMul(probabilities, dMixed, true, false);
  const dProbabilities = tf.matMul(dMixed, value, false, true);
  const dLogits = tf.mul(probabilities, tf.sub(dProbabilities, tf.sum(tf.mul(dMixed, mixed), -1, true)));
  if (o.bias?.learned) {
    const slopes = tf.sum(tf.mul(tf.sum(dLogits, 0), tf.squeeze(o.bias.distance, [0])), [1, 2]);
    gradients.add(`${scope.name}.m`, tf.reshape(slopes, [heads, 1, 1]));
  }
  const dQuery = tf.mul(tf.matMul(dLogits, key), 1 / Math.sqrt(size));
  const dKey = tf.matMul(dLogits, query, true, false);
  const dJoined = tf.transpose(tf.stack([dQuery, dKey, dValue]), [1, 3, 0, 2, 4]);
  return linearBackward(
    as2D(dJoined, batch * tokens, 3 * heads * size),
    saved.x,
    scope.within('qkv'),
    gradients,
  );
}

function biasOf(bias: AttentionBiasTensors, scope: Scope): tf.Tensor {
  if (!bias.learned) return bias.distance;
  const scaled = tf.mul(bias.distance, scope.get('m'));
  return bias.mask === null ? scaled : tf.add(scaled, bias.mask);
}
