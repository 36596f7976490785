import type { ChunkData, DataType, Scalar } from '../array/lazy-array.ts';
import { decodeElements, narrowToHalf, storedSize, widenHalf } from './elements.ts';

const ranges: Readonly<Partial<Record<DataType, readonly [bigint, bigint]>>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-2147483648n, 2147483647n],
  uint32: [0n, 4294967295n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/**
 * A `fill_value` as JSON gave it, as the scalar it stands for: numbers, booleans, `"NaN"`, `"Infinity"`,
 * `"-Infinity"`, bit patterns such as `"0x7fc00000"`; null (Zarr v2: unspecified) is zero.
 *
 * @param exact  the number's digits in the file, needed beyond 2^53
 * @returns      undefined if it is none of these for this type
 */
export function parseFillValue<T extends DataType>(
  dtype: T,
  value: unknown,
  exact: string | undefined,
): Scalar<T> | undefined {
  const parsed = parseScalar(dtype, value, exact);
  // `Scalar<T>` is bigint just for the 64-bit integers, which is what `parseScalar` returns.
  return parsed as Scalar<T> | undefined;
}

function parseScalar(
  dtype: DataType,
  value: unknown,
  exact: string | undefined,
): number | bigint | undefined {
  const wide = dtype === 'int64' || dtype === 'uint64';
  if (value === null || value === undefined) return wide ? 0n : 0;
  if (dtype === 'bool') {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return value === 0 || value === 1 ? value : undefined;
  }
  const range = ranges[dtype];
  if (range === undefined) return parseFloatScalar(dtype, value);
  if (typeof value === 'string') return parseIntegerText(value, range, wide);
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  const integer = exact !== undefined && /^-?\d+$/.test(exact) ? BigInt(exact) : BigInt(value);
  if (integer < range[0] || integer > range[1]) return undefined;
  return wide ? integer : Number(integer);
}

/** Early bioformats2raw writes integers as text. */
function parseIntegerText(
  text: string,
  [low, high]: readonly [bigint, bigint],
  wide: boolean,
): number | bigint | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const integer = BigInt(text);
  if (integer < low || integer > high) return undefined;
  return wide ? integer : Number(integer);
}

function parseFloatScalar(dtype: DataType, value: unknown): number | undefined {
  if (typeof value === 'number') return roundTo(dtype, value);
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  const size = storedSize(dtype);
  if (typeof value !== 'string' || !new RegExp(`^0x[0-9a-fA-F]{${size * 2}}$`).test(value)) return undefined;
  const bytes = Uint8Array.from({ length: size }, (_, i) =>
    Number.parseInt(value.slice(2 + 2 * i, 4 + 2 * i), 16),
  );
  return Number(decodeElements(bytes, dtype, 'big')[0]);
}

/** The nearest number that a float type holds; other types' numbers unchanged. */
export function roundTo(dtype: DataType, value: number): number {
  if (dtype === 'float16') return widenHalf(narrowToHalf(value));
  return dtype === 'float32' ? Math.fround(value) : value;
}

/** The JSON text of a fill value, which `JSON.stringify` cannot give for 64-bit integers, NaN and −0. */
export function fillValueJson(dtype: DataType, value: number | bigint): string {
  if (typeof value === 'bigint') return value.toString();
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
  return JSON.stringify(String(value));
}

/** Every element is `value`, bit by bit: NaN is NaN, −0 is not 0. */
export function isFilledWith(data: ChunkData[DataType], value: number | bigint): boolean {
  return data.length === 0 || (Object.is(data[0], value) && isConstant(data));
}

/**
 * All elements have the same bits. Compared by words of one type, since a loop that meets every kind of typed array is
 * slow: constant uint16 chunks are written at 512 MB/s this way, at 107 MB/s with `Object.is` on elements.
 */
function isConstant({
  buffer,
  byteOffset,
  byteLength,
  BYTES_PER_ELEMENT: size,
}: ChunkData[DataType]): boolean {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const period = Math.max(size, 4);
  const sameStart = repeats(bytes.subarray(0, period), size);
  if (!sameStart || byteOffset % 4 !== 0) return repeats(bytes, size);
  const words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
  const step = period / 4;
  for (let i = step; i < words.length; i++) {
    if (words[i] !== words[i - step]) return false;
  }
  return repeats(bytes.subarray(Math.max(0, byteLength - 2 * period)), size);
}

/** Every byte equals the one `size` before it. */
function repeats(bytes: Uint8Array, size: number): boolean {
  for (let i = size; i < bytes.length; i++) {
    if (bytes[i] !== bytes[i - size]) return false;
  }
  return true;
}
