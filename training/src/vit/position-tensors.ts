import * as tf from '@tensorflow/tfjs-core';
import { type AttentionBiasTensors, createAttentionBias } from './attention-bias.ts';
import { resampleMatrix } from './resample-position.ts';
import { sincosEmbedding } from './sincos.ts';
import type { VitConfig } from './vit-config.ts';

/** What a position kind needs at one token grid. */
export interface GridTensors {
  readonly bias: AttentionBiasTensors | null;
  /** [rows·cols, trained rows·cols] for a learned embedding. */
  readonly resample: tf.Tensor2D | null;
  /** [rows·cols, dim] */
  readonly sincos: tf.Tensor2D | null;
}

/** Position tensors by token grid: made once a grid, kept until disposed of. */
export class PositionTensors {
  readonly #config: VitConfig;
  readonly #grids = new Map<string, GridTensors>();

  constructor(config: VitConfig) {
    this.#config = config;
  }

  at(rows: number, cols: number): GridTensors {
    const key = `${rows}×${cols}`;
    const made = this.#grids.get(key) ?? this.#create(rows, cols);
    this.#grids.set(key, made);
    return made;
  }

  dispose(): void {
    for (const { bias, resample, sincos } of this.#grids.values()) {
      tf.dispose([bias?.distance, bias?.mask, resample, sincos].filter((tensor) => tensor != null));
    }
    this.#grids.clear();
  }

  #create(rows: number, cols: number): GridTensors {
    const { position, embedding, heads, registers, dim } = this.#config;
    const grid = { rows, cols, prefix: 1 + registers };
    // Made inside a caller's tidy, used after it.
    const kept = <T extends tf.Tensor>(tensor: T): T => tf.keep(tensor);
    const { kind } = position;
    const bias = kind === 'alibi' ? createAttentionBias(position, grid, heads) : null;
    if (bias !== null) {
      kept(bias.distance);
      if (bias.mask !== null) kept(bias.mask);
    }
    const trained = embedding?.grid ?? [1, 1];
    return {
      bias,
      resample:
        kind === 'learned'
          ? kept(tf.tensor2d(resampleMatrix(trained, [rows, cols]), [rows * cols, trained[0] * trained[1]]))
          : null,
      sincos:
        kind === 'sincos' ? kept(tf.tensor2d(sincosEmbedding(rows, cols, dim), [rows * cols, dim])) : null,
    };
  }
}
