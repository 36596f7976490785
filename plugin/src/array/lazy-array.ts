/** The one data structure of the project: an n-dimensional array whose chunks are made when asked for. */

export interface ChunkData {
  readonly bool: Uint8Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  /** float16 is held widened: Node 20 has no Float16Array. */
  readonly float16: Float32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
}
export type DataType = keyof ChunkData;
export type LabelType = 'uint8' | 'uint16' | 'uint32' | 'uint64';
export type Scalar<T extends DataType> = T extends 'int64' | 'uint64' ? bigint : number;

export interface Axis {
  readonly name: string;
  /** `space`, `time`, `channel`, or whatever a custom axis says; absent where the file says nothing. */
  readonly type?: string;
  /** UDUNITS name such as `micrometer`; absent where the file says nothing. */
  readonly unit?: string;
}

/** Physical position of element i along axis a: `scale[a] * i + translation[a]` (OME-Zarr: of its centre). */
export interface Transform {
  readonly scale: readonly number[];
  readonly translation: readonly number[];
}

/** Data of one chunk, C order, clipped to the array: `shape` is smaller than `chunkShape` at the far edges. */
export interface Chunk<T extends DataType> {
  readonly data: ChunkData[T];
  readonly shape: readonly number[];
}

export interface ChunkOptions {
  readonly signal?: AbortSignal;
  /** Smaller is sooner; read again whenever the queue is pumped. Absent means 0. */
  readonly priority?: () => number;
}

export interface LazyArray<T extends DataType = DataType> {
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly dtype: T;
  readonly fillValue: Scalar<T>;
  readonly transform: Transform;
  /** Grows when an edit changes what a chunk holds. */
  readonly revision: number;
  /**
   * @param index  chunk index along each axis, each in `[0, ceil(shape / chunkShape))`
   * @returns      the chunk; its buffer is shared and must not be written to
   * @throws AlibiError, or the signal's abort reason
   */
  getChunk(index: readonly number[], options: ChunkOptions): Promise<Chunk<T>>;
}

/** Finest level first. */
export type LazyPyramid<T extends DataType = DataType> = readonly LazyArray<T>[];

const constructors = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** A zeroed array of `length` elements that holds `dtype` (float16 widened to float32). */
export function createData<T extends DataType>(dtype: T, length: number): ChunkData[T] {
  // The table above pairs each name with its constructor; TypeScript cannot follow the index.
  return new constructors[dtype](length) as ChunkData[T];
}

/**
 * `bytes` as elements of `dtype`, sharing their memory: native byte order, aligned, a whole number of elements,
 * float16 already widened to float32.
 */
export function viewData<T extends DataType>(dtype: T, bytes: Uint8Array): ChunkData[T] {
  const Elements = constructors[dtype];
  const length = bytes.byteLength / Elements.BYTES_PER_ELEMENT;
  // As above; what we decode never lies in shared memory.
  return new Elements(bytes.buffer as ArrayBuffer, bytes.byteOffset, length) as ChunkData[T];
}

/** Product of `shape`; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Number of chunks along each axis. */
export function chunkCounts(array: Pick<LazyArray, 'shape' | 'chunkShape'>): number[] {
  return array.shape.map((size, axis) => Math.ceil(size / (array.chunkShape[axis] ?? 1)));
}

/** Position of the axis called `name`, or -1. */
export function axisIndex(axes: readonly Axis[], name: string): number {
  return axes.findIndex((axis) => axis.name === name);
}
