import { type ChunkData, createData, type DataType } from '../array/lazy-array.ts';
import { filledData } from './elements.ts';

export type Elements = ChunkData[DataType];

/**
 * Undo an axis permutation.
 *
 * @param data   C order of the stored shape, which is `shape` taken in `order`
 * @param shape  of the result, C order
 * @param order  stored axis i is axis `order[i]` of the result
 */
export function untransposed<T extends DataType>(
  data: ChunkData[T],
  dtype: T,
  { shape, order }: { shape: readonly number[]; order: readonly number[] },
): ChunkData[T] {
  const strides = new Array<number>(shape.length).fill(1);
  let step = 1;
  for (const axis of order.toReversed()) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  const out = createData(dtype, data.length);
  // Both have one concrete element type by the signature; indexing a union needs a single one.
  const to = out as Float64Array;
  const from = data as Float64Array;
  let next = 0;
  const walk = (axis: number, offset: number): void => {
    const stride = strides[axis]!;
    const size = shape[axis]!;
    if (axis === shape.length - 1) {
      for (let i = 0; i < size; i++) to[next++] = from[offset + i * stride]!;
      return;
    }
    for (let i = 0; i < size; i++) walk(axis + 1, offset + i * stride);
  };
  if (shape.length === 0) return data;
  walk(0, 0);
  return out;
}

/** Running sum, with the wrap-around of the type: the inverse of numcodecs' `delta`. */
export function undelta<T extends DataType>(data: ChunkData[T], dtype: T): ChunkData[T] {
  const out = createData(dtype, data.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    let sum = 0n;
    for (let i = 0; i < data.length; i++) {
      sum = BigInt.asIntN(64, sum + data[i]!);
      (out as BigInt64Array)[i] = sum;
    }
    return out;
  }
  // Element by element through `out`, whose type does the wrapping or the rounding.
  const numbers = out as Float64Array;
  const deltas = data as Float64Array;
  for (let i = 0; i < deltas.length; i++) numbers[i] = (i === 0 ? 0 : numbers[i - 1]!) + deltas[i]!;
  return out;
}

/** `stored / scale + offset`, the inverse of numcodecs' `fixedscaleoffset`. */
export function unscaled<T extends DataType>(
  data: Elements,
  dtype: T,
  { scale, offset }: { scale: number; offset: number },
): ChunkData[T] {
  const out = filledData(dtype, data.length, 0);
  for (let i = 0; i < data.length; i++) (out as Float64Array)[i] = Number(data[i]) / scale + offset;
  return out;
}

/** Byte j of every element together → elements: the inverse of numcodecs' `shuffle`. */
export function unshuffled(bytes: Uint8Array, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementSize);
  const out = bytes.slice();
  for (let byte = 0; byte < elementSize; byte++) {
    for (let i = 0; i < count; i++) out[i * elementSize + byte] = bytes[byte * count + i]!;
  }
  return out;
}
