import {
  axisIndex,
  type Chunk,
  chunkCounts,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
} from '../../array/lazy-array.ts';
import { copyOverlap } from '../../array/region.ts';
import { AlibiError } from '../../errors.ts';

/** Stored type of an array: float16 is held widened and served so. */
const stored: Readonly<
  Record<DataType, { readonly v2: string; readonly v3: string; readonly bytes: number }>
> = {
  bool: { v2: '|b1', v3: 'bool', bytes: 1 },
  int8: { v2: '|i1', v3: 'int8', bytes: 1 },
  uint8: { v2: '|u1', v3: 'uint8', bytes: 1 },
  int16: { v2: '<i2', v3: 'int16', bytes: 2 },
  uint16: { v2: '<u2', v3: 'uint16', bytes: 2 },
  int32: { v2: '<i4', v3: 'int32', bytes: 4 },
  uint32: { v2: '<u4', v3: 'uint32', bytes: 4 },
  int64: { v2: '<i8', v3: 'int64', bytes: 8 },
  uint64: { v2: '<u8', v3: 'uint64', bytes: 8 },
  float16: { v2: '<f4', v3: 'float32', bytes: 4 },
  float32: { v2: '<f4', v3: 'float32', bytes: 4 },
  float64: { v2: '<f8', v3: 'float64', bytes: 8 },
};

/** Metadata of a lazy array as a Zarr array of plain bytes: `.zarray` (2) or `zarr.json` (3). */
export function arrayDocument(lazy: LazyArray, zarrFormat: 2 | 3): Readonly<Record<string, unknown>> {
  const type = stored[lazy.dtype];
  // JSON has no bigint, no NaN and no infinity.
  const fillValue = lazy.dtype === 'bool' ? lazy.fillValue !== 0 : jsonNumber(lazy.fillValue);
  if (zarrFormat === 2) {
    return {
      zarr_format: 2,
      shape: lazy.shape,
      chunks: lazy.chunkShape,
      dtype: type.v2,
      compressor: null,
      fill_value: fillValue,
      filters: null,
      order: 'C',
      dimension_separator: '/',
    };
  }
  return {
    zarr_format: 3,
    node_type: 'array',
    shape: lazy.shape,
    data_type: type.v3,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: lazy.chunkShape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: fillValue,
    codecs: [type.bytes === 1 ? { name: 'bytes' } : { name: 'bytes', configuration: { endian: 'little' } }],
    dimension_names: lazy.axes.map((axis) => axis.name),
    attributes: {},
  };
}

function jsonNumber(value: number | bigint): number | string {
  const number = Number(value);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? 'Infinity' : '-Infinity';
  return number;
}

/**
 * The chunk index a key below an array's path names; undefined where it names none.
 *
 * @param rest  what follows `PATH/`: `c/0/1` in version 3, `0/1` in version 2
 */
export function parseChunkKey(lazy: LazyArray, rest: string, zarrFormat: 2 | 3): number[] | undefined {
  const parts = rest.split('/');
  if (zarrFormat === 3 && parts.shift() !== 'c') return undefined;
  const counts = chunkCounts(lazy);
  const sound = parts.length === counts.length && parts.every((part) => /^(0|[1-9][0-9]*)$/.test(part));
  const index = parts.map(Number);
  return sound && index.every((position, axis) => position < counts[axis]!) ? index : undefined;
}

/**
 * Bytes of one chunk as a Zarr store holds them: little-endian, always of the whole `chunkShape`, filled
 * up with the fill value beyond the array's edge.
 */
export async function chunkBytes(
  lazy: LazyArray,
  index: readonly number[],
  options: { readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const chunk = padded(await lazy.getChunk(index, options), lazy);
  const { buffer, byteOffset, byteLength } = chunk.data;
  // A copy: the chunk's buffer is shared, and a consumer may keep or transfer what it is given.
  const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
  if (!isLittleEndian) swapElements(bytes, stored[lazy.dtype].bytes);
  return bytes;
}

function padded<T extends DataType>(chunk: Chunk<T>, lazy: LazyArray<T>): Chunk<T> {
  if (chunk.shape.every((size, axis) => size === lazy.chunkShape[axis])) return chunk;
  const data = createData(lazy.dtype, elementCount(lazy.chunkShape));
  // The element type of the data and of the fill value go together; TypeScript cannot follow the pair.
  if (lazy.fillValue) (data as Float32Array).fill(lazy.fillValue as number);
  const origin = lazy.shape.map(() => 0);
  const whole = { data, shape: lazy.chunkShape };
  copyOverlap(chunk, origin, whole, origin);
  return whole;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapElements(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}

/**
 * A canonical array (t?, z?, y, x, c?) in the axis order of an OME-Zarr image; a trailing `c` goes where
 * the image has its own, else between time and space.
 *
 * @throws AlibiError InvalidInput  the array has an axis the image lacks
 */
export function storedOrder(lazy: Pick<LazyArray, 'axes'>, imageAxes: readonly string[]): string[] {
  const order = imageAxes.filter((name) => axisIndex(lazy.axes, name) !== -1);
  if (axisIndex(lazy.axes, 'c') !== -1 && !order.includes('c'))
    order.splice(order[0] === 't' ? 1 : 0, 0, 'c');
  if (order.length === lazy.axes.length) return order;
  throw new AlibiError('InvalidInput', {
    what: `a layer has the axes ${lazy.axes.map((axis) => axis.name).join(', ')}, the image ${imageAxes.join(', ')}`,
    where: 'layers',
    remedy: 'Give layers whose axes the image has.',
  });
}
