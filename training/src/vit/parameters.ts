import * as tf from '@tensorflow/tfjs-core';
import type { StateDict, Tensor } from '../weights/vit-weights.ts';

/** The tensors of a transformer on the backend, by timm's names. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/** One module's share of the parameters: names are relative to its own. */
export interface Scope {
  readonly name: string;
  /** @throws TypeError  there is none: the caller knows the architecture */
  get(name: string): tf.Tensor;
  optional(name: string): tf.Tensor | null;
  within(name: string): Scope;
}

export function scopeOf(parameters: ReadonlyMap<string, tf.Tensor>, name = ''): Scope {
  const full = (local: string): string => (name === '' ? local : `${name}.${local}`);
  const optional = (local: string): tf.Tensor | null => parameters.get(full(local)) ?? null;
  return {
    name,
    optional,
    get(local) {
      const tensor = optional(local);
      if (tensor === null) throw new TypeError(`no parameter ${full(local)}`);
      return tensor;
    },
    within: (local) => scopeOf(parameters, full(local)),
  };
}

/** Copies onto the backend; the caller disposes of them. */
export function createParameters(state: StateDict): Map<string, tf.Variable> {
  return new Map(
    [...state].map(([name, { data, shape }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(data, [...shape], 'float32'))),
    ]),
  );
}

/** Copies from the backend. */
export async function readParameters(
  parameters: ReadonlyMap<string, tf.Tensor>,
): Promise<Map<string, Tensor>> {
  const read = new Map<string, Tensor>();
  for (const [name, tensor] of parameters) {
    const data = await tensor.data();
    read.set(name, { shape: tensor.shape, data: Float32Array.from(data) });
  }
  return read;
}

/** Sums of gradients by parameter; it owns what it is given. */
export class Gradients {
  readonly #sums = new Map<string, tf.Tensor>();

  add(name: string, gradient: tf.Tensor): void {
    const before = this.#sums.get(name);
    this.#sums.set(name, tf.keep(before === undefined ? gradient : tf.add(before, gradient)));
    if (before === undefined) return;
    before.dispose();
    gradient.dispose();
  }

  /** Every gradient times a number. */
  scale(factor: number): void {
    for (const [name, before] of this.#sums) {
      this.#sums.set(name, tf.keep(tf.mul(before, factor)));
      before.dispose();
    }
  }

  entries(): ReadonlyMap<string, tf.Tensor> {
    return this.#sums;
  }

  dispose(): void {
    for (const tensor of this.#sums.values()) tensor.dispose();
    this.#sums.clear();
  }
}
