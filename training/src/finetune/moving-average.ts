import * as tf from '@tensorflow/tfjs-core';
import { type Parameters, readParameters } from '../vit/parameters.ts';
import type { StateDict, Tensor } from '../weights/vit-weights.ts';

/** An exponential moving average of parameters. */
export class MovingAverage {
  readonly #decay: number;
  readonly #averages: Map<string, tf.Variable>;

  /** @param decay  share of the old average in the new */
  constructor(decay: number, start: StateDict | Parameters) {
    this.#decay = decay;
    this.#averages = new Map(
      [...start].map(([name, value]) => [
        name,
        tf.tidy(() =>
          tf.variable(
            value instanceof tf.Tensor ? tf.clone(value) : tf.tensor(value.data, [...value.shape]),
            false,
          ),
        ),
      ]),
    );
  }

  update(parameters: Parameters): void {
    for (const [name, average] of this.#averages) {
      const parameter = parameters.get(name);
      if (parameter === undefined) throw new TypeError(`no parameter ${name}`);
      tf.tidy(() => average.assign(tf.add(tf.mul(average, this.#decay), tf.mul(parameter, 1 - this.#decay))));
    }
  }

  read(): Promise<Map<string, Tensor>> {
    return readParameters(this.#averages);
  }

  dispose(): void {
    tf.dispose([...this.#averages.values()]);
  }
}
