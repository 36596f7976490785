import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Affine, Norm, StateDict, Tensor } from './vit-weights.ts';

/**
 * Takes tensors out of a state dict by name and shape, and remembers which were never asked for: a tensor that the
 * exporter does not understand may change the answer, so it is refused rather than dropped.
 */
export class TensorTaker {
  readonly #tensors: StateDict;
  readonly #taken = new Set<string>();
  readonly #where: string;

  constructor(tensors: StateDict, where: string) {
    this.#tensors = tensors;
    this.#where = where;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws AlibiError  InvalidInput where the tensor is missing or, `shape` being given, has another one */
  take(name: string, shape?: readonly number[]): Tensor {
    const tensor = this.optional(name, shape);
    if (tensor !== null) return tensor;
    throw this.#invalid(
      `the tensor ${name} is missing`,
      'Give the weights of a whole vision transformer backbone.',
    );
  }

  optional(name: string, shape?: readonly number[]): Tensor | null {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) return null;
    this.#taken.add(name);
    if (shape !== undefined && shape.join() !== tensor.shape.join()) {
      throw this.#invalid(
        `the tensor ${name} has the shape [${tensor.shape.join(', ')}] where [${shape.join(', ')}] is needed`,
        'Give the weights of a vision transformer of one width.',
      );
    }
    return tensor;
  }

  affine(name: string, shape: readonly number[]): Affine {
    return {
      weight: this.take(`${name}.weight`, shape),
      bias: this.optional(`${name}.bias`, shape.slice(0, 1)),
    };
  }

  norm(name: string, dim: number): Norm {
    return { weight: this.take(`${name}.weight`, [dim]), bias: this.take(`${name}.bias`, [dim]) };
  }

  /** How many consecutive numbers from 0 have a tensor `prefix + n + suffix`. */
  count(prefix: string, suffix: string): number {
    let n = 0;
    while (this.has(`${prefix}${n}${suffix}`)) n++;
    if (n > 0) return n;
    throw this.#invalid(
      `the tensor ${prefix}0${suffix} is missing`,
      'Give the weights of a vision transformer.',
    );
  }

  /** @throws AlibiError  UnsupportedFormat where a tensor was not taken and does not match `ignored` */
  finish(ignored: RegExp): void {
    const unknown = [...this.#tensors.keys()].filter((name) => !this.#taken.has(name) && !ignored.test(name));
    if (unknown.length === 0) return;
    throw new AlibiError('UnsupportedFormat', {
      what: `${unknown.length} tensors have no place in the exported transformer, first ${unknown[0]}`,
      where: this.#where,
      remedy:
        'Only plain pre-norm vision transformers (DINOv2, ViT) are converted; remove what is not the backbone.',
      data: { unknown },
    });
  }

  #invalid(what: string, remedy: string): AlibiError {
    return new AlibiError('InvalidInput', { what, where: this.#where, remedy });
  }
}

/** The parts of a tensor along its first axis, from `start` to before `end`; shares the buffer. */
export function rowsOf(tensor: Tensor, start: number, end: number): Tensor {
  const inner = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
  return {
    shape: [end - start, ...tensor.shape.slice(1)],
    data: tensor.data.subarray(start * inner, end * inner),
  };
}

export function concatRows(tensors: readonly Tensor[]): Tensor {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
  return { shape: [rows, ...(tensors[0]?.shape.slice(1) ?? [])], data };
}

export function reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
  return { shape, data: tensor.data };
}
