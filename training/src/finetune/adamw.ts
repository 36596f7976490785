import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../vit/parameters.ts';
import { readParameters } from '../vit/parameters.ts';
import type { Tensor } from '../weights/vit-weights.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

/**
 * Adam with decoupled weight decay on every parameter, as torch.optim.AdamW computes it.
 * Source: Loshchilov, Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2.
 */
export class AdamW {
  readonly #options: AdamWOptions;
  readonly #first = new Map<string, tf.Variable>();
  readonly #second = new Map<string, tf.Variable>();

  constructor(parameters: Parameters, options: AdamWOptions, state: ReadonlyMap<string, Tensor> = new Map()) {
    this.#options = options;
    for (const [name, { shape }] of parameters) {
      const start = (kind: string): tf.Variable => {
        const stored = state.get(`${kind}.${name}`);
        return tf.tidy(() => tf.variable(stored ? tf.tensor(stored.data, shape) : tf.zeros(shape), false));
      };
      this.#first.set(name, start('first'));
      this.#second.set(name, start('second'));
    }
  }

  /**
   * @param step  from 1
   * @param factor  what gradients are multiplied by first: clipping
   */
  apply(
    parameters: Parameters,
    gradients: ReadonlyMap<string, tf.Tensor>,
    o: { readonly learningRate: number; readonly step: number; readonly factor: number },
  ): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const stepSize = o.learningRate / (1 - beta1 ** o.step);
    const correction = 1 / Math.sqrt(1 - beta2 ** o.step);
    for (const [name, parameter] of parameters) {
      const gradient = gradients.get(name);
      const [first, second] = [this.#first.get(name), this.#second.get(name)];
      if (gradient === undefined || first === undefined || second === undefined) {
        throw new TypeError(`no gradient of ${name}`);
      }
      tf.tidy(() => {
        first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, (1 - beta1) * o.factor)));
        second.assign(
          tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), (1 - beta2) * o.factor ** 2)),
        );
        const size = tf.add(tf.mul(tf.sqrt(second), correction), epsilon);
        const decayed = tf.mul(parameter, 1 - o.learningRate * weightDecay);
        parameter.assign(tf.sub(decayed, tf.mul(tf.div(first, size), stepSize)));
      });
    }
  }

  /** Moments as `first.NAME` and `second.NAME`. */
  async state(): Promise<Map<string, Tensor>> {
    const state = new Map<string, Tensor>();
    for (const [kind, moments] of [['first', this.#first] as const, ['second', this.#second] as const]) {
      for (const [name, tensor] of await readParameters(moments)) state.set(`${kind}.${name}`, tensor);
    }
    return state;
  }

  dispose(): void {
    tf.dispose([...this.#first.values(), ...this.#second.values()]);
  }
}

/** ‖g‖₂ over all gradients together. */
export function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): number {
  return tf.tidy(() => {
    const sums = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    return Math.sqrt(tf.addN(sums).dataSync()[0] ?? 0);
  });
}
