import { AlibiError } from '../errors.ts';
import {
  axisIndex,
  type Chunk,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
} from './lazy-array.ts';
import { wrapped } from './wrapped.ts';

/**
 * The same array with its axes in another order.
 *
 * @param order  names of all axes of `lazy`, each once
 * @returns      C-order chunks; a buffer of its own unless the order is the stored one
 * @throws AlibiError InvalidInput  `order` does not name exactly the axes
 */
export function transposed<T extends DataType>(lazy: LazyArray<T>, order: readonly string[]): LazyArray<T> {
  const from = order.map((name) => axisIndex(lazy.axes, name));
  if (from.length !== lazy.axes.length || from.includes(-1) || new Set(from).size !== from.length) {
    throw new AlibiError('InvalidInput', {
      what: `cannot put the axes ${lazy.axes.map((axis) => axis.name).join(', ')} in the order ${order.join(', ')}`,
      where: 'transposed',
      remedy: 'Name every axis of the array exactly once.',
    });
  }
  if (from.every((axis, position) => axis === position)) return lazy;
  const pick = <V>(values: readonly V[]): V[] => from.map((axis) => values[axis]!);
  const inverse = from.map((_, axis) => from.indexOf(axis));
  const geometry = {
    axes: pick(lazy.axes),
    shape: pick(lazy.shape),
    chunkShape: pick(lazy.chunkShape),
    transform: { scale: pick(lazy.transform.scale), translation: pick(lazy.transform.translation) },
  };
  return wrapped(
    lazy,
    async (index, options) => {
      const stored = inverse.map((position) => index[position]!);
      return transposeChunk(await lazy.getChunk(stored, options), lazy.dtype, from);
    },
    geometry,
  );
}

/** Axis `a` of the result is axis `from[a]` of `chunk`. */
function transposeChunk<T extends DataType>(chunk: Chunk<T>, dtype: T, from: readonly number[]): Chunk<T> {
  const rank = from.length;
  const shape = from.map((axis) => chunk.shape[axis]!);
  const storedStrides = chunk.shape.map((_, axis) => elementCount(chunk.shape.slice(axis + 1)));
  const strides = from.map((axis) => storedStrides[axis]!);
  const data = createData(dtype, elementCount(shape));
  // Same element type on both sides; one concrete type lets the loop index them.
  const target = data as Uint8Array;
  const source = chunk.data as Uint8Array;
  let written = 0;
  const walk = (axis: number, offset: number): void => {
    const count = shape[axis]!;
    const stride = strides[axis]!;
    if (axis === rank - 1) {
      for (let i = 0, at = offset; i < count; i++, at += stride) target[written++] = source[at]!;
      return;
    }
    for (let i = 0; i < count; i++) walk(axis + 1, offset + i * stride);
  };
  walk(0, 0);
  return { data, shape };
}
