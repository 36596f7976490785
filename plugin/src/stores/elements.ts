import { type ChunkData, createData, type DataType, viewData } from '../array/lazy-array.ts';

export type ByteOrder = 'little' | 'big';

const sizes: Readonly<Record<DataType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/** Stored bytes of one element: 2 for float16, though it is held as float32. */
export function storedSize(dtype: DataType): number {
  return sizes[dtype];
}

export function isDataType(name: string): name is DataType {
  return Object.hasOwn(sizes, name);
}

const hostOrder: ByteOrder = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'little' : 'big';

/** Stored bytes as elements; float16 is widened. May share memory with `bytes`, whose length must fit. */
export function decodeElements<T extends DataType>(
  bytes: Uint8Array,
  dtype: T,
  order: ByteOrder,
): ChunkData[T] {
  const size = storedSize(dtype);
  const native = order === hostOrder || size === 1 ? bytes : swapBytes(bytes, size);
  if (dtype === 'float16') {
    const halves = new Uint16Array(native.slice().buffer);
    // `T` is float16 here; TypeScript does not narrow a type parameter by a value.
    return Float32Array.from(halves, widenHalf) as ChunkData[T];
  }
  const aligned = native.byteOffset % size === 0 ? native : native.slice();
  return viewData(dtype, aligned);
}

/** Little-endian bytes of elements; float16 is narrowed, to the nearest. May share memory with `data`. */
export function encodeElements<T extends DataType>(data: ChunkData[T], dtype: T): Uint8Array {
  const stored = dtype === 'float16' ? Uint16Array.from(data as Float32Array, narrowToHalf) : data;
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return hostOrder === 'little' ? bytes : swapBytes(bytes, storedSize(dtype));
}

/** `length` elements of one value. */
export function filledData<T extends DataType>(
  dtype: T,
  length: number,
  value: number | bigint,
): ChunkData[T] {
  const data = createData(dtype, length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(value));
  else data.fill(Number(value));
  return data;
}

/** True for the typed array that holds `dtype` (see `ChunkData`). */
export function holdsType(data: unknown, dtype: DataType): boolean {
  return data instanceof createData(dtype, 0).constructor;
}

function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += size) {
    for (let i = 0; i < size; i++) swapped[start + i] = bytes[start + size - 1 - i]!;
  }
  return swapped;
}

/** IEEE 754 binary16 bits → number; exact. */
export function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Number → IEEE 754 binary16 bits, to the nearest, ties to even; beyond 65504 (half a step more) infinity. */
export function narrowToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // Steps are 2^-24 below 2^-14 and 2^(e-10) above; both follow from the exponent, found exactly through float64 bits.
  const exponent = Math.max(-14, exponentOf(magnitude));
  const steps = roundHalfToEven(magnitude / 2 ** (exponent - 10));
  // `steps` is 1024…2048 for a normal number: its carry into the exponent comes out right by addition.
  return sign | (steps + (exponent + 14) * 1024);
}

const float64 = new Float64Array(1);
const float64Bits = new BigUint64Array(float64.buffer);

function exponentOf(magnitude: number): number {
  float64[0] = magnitude;
  return Number(float64Bits[0]! >> 52n) - 1023;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
