import type { ChunkData, DataType } from '../../array/lazy-array.ts';

/** Types Viv's shaders read. */
export type DisplayType = 'Uint8' | 'Uint16' | 'Uint32' | 'Int8' | 'Int16' | 'Int32' | 'Float32';

const types: Readonly<Record<DataType, DisplayType>> = {
  bool: 'Uint8',
  int8: 'Int8',
  uint8: 'Uint8',
  int16: 'Int16',
  uint16: 'Uint16',
  int32: 'Int32',
  uint32: 'Uint32',
  int64: 'Float32',
  uint64: 'Float32',
  float16: 'Float32',
  float32: 'Float32',
  float64: 'Float32',
};

export function displayType(dtype: DataType): DisplayType {
  return types[dtype];
}

/** Pixels in a type a shader reads: 64-bit types become float32 copies, the others stay as they are. */
export function toDisplay(
  data: ChunkData[DataType],
): Exclude<ChunkData[DataType], BigInt64Array | BigUint64Array | Float64Array> {
  if (data instanceof Float64Array) return new Float32Array(data);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  return data;
}
