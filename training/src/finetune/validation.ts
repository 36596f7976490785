import * as tf from '@tensorflow/tfjs-core';
import { positionalScores } from '../bench/probe/positional-channels.ts';
import { RAMP_NAMES, type RampName, rampOf } from '../bench/probe/ramps.ts';
import { fitRidge, predictRidge, rSquared } from '../bench/probe/ridge.ts';
import { encode, type Vit } from '../vit/transformer.ts';
import { distance, type LossKind } from './loss.ts';
import type { Batch } from './student.ts';

/** How the student does on pictures it does not learn from. */
export interface ValidationRecord {
  /** To the teacher's answer to the same crop, kept channels. */
  readonly loss: number;
  /** Of ramps over the window, predicted from the tokens of other pictures; below 0 where they say nothing. */
  readonly probeR2: Readonly<Record<RampName, number>>;
  /** Mean squared correlation of channels with ramps, the most positional channel's. */
  readonly mostPositional: number;
}

/** @param batches  of one grid, fixed; the first half trains the probe, the second is predicted */
export function validate(
  vit: Vit,
  batches: readonly Batch[],
  o: { readonly loss: LossKind; readonly blank: readonly number[] },
): ValidationRecord {
  const { dim, registers, patch } = vit.config;
  const prefix = 1 + registers;
  let loss = 0;
  const tokens: Float32Array[] = [];
  for (const { images, targets } of batches) {
    const [count] = images.shape;
    // Read outside: a tidy looks for tensors in every element of what it returns.
    const kept = tf.tidy(() => {
      const all = encode(vit, tf.tensor4d(images.data, [...images.shape]));
      const patches = tf.slice(all, [0, prefix, 0], [count, all.shape[1] - prefix, dim]);
      const result = distance(o.loss, withoutChannels(patches, o.blank), tf.tensor3d(targets, patches.shape));
      return { loss: result.loss, patches };
    });
    loss += (kept.loss.dataSync()[0] ?? Number.NaN) / batches.length;
    tokens.push(Float32Array.from(kept.patches.dataSync()));
    tf.dispose(kept);
  }
  const [first] = batches;
  if (first === undefined) throw new TypeError('there is at least one batch');
  const [, , height, width] = first.images.shape;
  const [rows, cols] = [height / patch, width / patch];
  const data = joined(tokens);
  const images = data.length / (rows * cols * dim);
  return {
    loss,
    probeR2: probe(data, { images, rows, cols, dim }),
    mostPositional: Math.max(...positionalScores({ images, rows, cols, dim, data })),
  };
}

interface StackShape {
  readonly images: number;
  readonly rows: number;
  readonly cols: number;
  readonly dim: number;
}

function probe(data: Float32Array, { images, rows, cols, dim }: StackShape): Record<RampName, number> {
  const half = Math.floor(images / 2) * rows * cols * dim;
  const ramps = (count: number): Float64Array => {
    const each = RAMP_NAMES.map((name) => rampOf(name, rows, cols));
    const samples = count / dim;
    return Float64Array.from(
      { length: RAMP_NAMES.length * samples },
      (_, i) => each[Math.floor(i / samples)]?.[(i % samples) % (rows * cols)] ?? 0,
    );
  };
  const rest = data.subarray(half);
  const fit = fitRidge(data.subarray(0, half), ramps(half), { alpha: PROBE_ALPHA, dim });
  const predicted = predictRidge(fit, rest);
  const wanted = ramps(rest.length);
  const samples = rest.length / dim;
  const r2 = (name: RampName): number => {
    const n = RAMP_NAMES.indexOf(name);
    const of = (values: Float64Array): Float64Array => values.subarray(n * samples, (n + 1) * samples);
    return rSquared(of(predicted), of(wanted));
  };
  return { lr: r2('lr'), ud: r2('ud'), diag: r2('diag'), radial: r2('radial') };
}

// Strong, since few pictures train the probe: with 1 it learns their content by heart.
const PROBE_ALPHA = 1000;

function withoutChannels(features: tf.Tensor3D, blank: readonly number[]): tf.Tensor3D {
  if (blank.length === 0) return features;
  const kept = new Float32Array(features.shape[2]).fill(1);
  for (const channel of blank) kept[channel] = 0;
  return tf.mul(features, tf.tensor1d(kept));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
