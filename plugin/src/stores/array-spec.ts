import type { Json } from '../array/json.ts';
import { type DataType, elementCount } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { isDataType, storedSize } from './elements.ts';
import { fillValueJson, parseFillValue, roundTo } from './fill-value.ts';

export type Compression = 'zstd' | 'blosc' | 'gzip' | 'none';

/** What an array to be written is like. */
export interface ArraySpec<T extends DataType = DataType> {
  readonly zarrFormat: 2 | 3;
  readonly shape: readonly number[];
  /** Of what `writeChunk` takes: the inner chunks where the array is sharded. */
  readonly chunkShape: readonly number[];
  /** A multiple of `chunkShape` along every axis; Zarr v3 only. Absent: one object a chunk. */
  readonly shardShape?: readonly number[];
  readonly dtype: T;
  /** Absent: 0. */
  readonly fillValue?: number | bigint;
  /** Zarr v3: `dimension_names`; v2: `_ARRAY_DIMENSIONS` in `.zattrs`. */
  readonly dimensionNames?: readonly (string | null)[];
  readonly compression: Compression;
  /** Zarr v3; absent: none. */
  readonly attributes?: Readonly<Record<string, Json>>;
  /** Absent: `/`. */
  readonly dimensionSeparator?: '/' | '.';
}

/**
 * Settings of the compressors. zstd 1 is numcodecs' own default in JavaScript. blosc: its WebAssembly knows elements of one
 * byte only, for which shuffling does nothing; the metadata says so.
 */
const zstdLevel = 1;
const gzipLevel = 6;
const blosc = { cname: 'zstd', clevel: 5, blocksize: 0 } as const;

/** What {@link compress} is given. */
export const compressorSettings: Readonly<
  Record<'zstd' | 'blosc' | 'gzip', Readonly<Record<string, unknown>>>
> = {
  zstd: { level: zstdLevel },
  gzip: { level: gzipLevel },
  blosc: { ...blosc, shuffle: 0 },
};

/** @throws InvalidInputError  naming the field */
export function assertArraySpec(spec: ArraySpec, where: string): void {
  const rank = spec.shape.length;
  const refuse = (what: string, remedy: string): never => {
    throw new AlibiError('InvalidInput', { what, where, remedy });
  };
  const sizes = {
    shape: spec.shape,
    chunkShape: spec.chunkShape,
    shardShape: spec.shardShape ?? spec.chunkShape,
  };
  for (const [name, shape] of Object.entries(sizes)) {
    const least = name === 'shape' ? 0 : 1;
    if (shape.length !== rank || !shape.every((size) => Number.isSafeInteger(size) && size >= least)) {
      refuse(`${name} is [${shape.join(', ')}]`, `Pass ${rank} whole numbers from ${least} on.`);
    }
  }
  if (!isDataType(spec.dtype)) refuse(`dtype is "${spec.dtype}"`, 'Pass a type such as uint8 or float32.');
  if (spec.shardShape !== undefined) {
    if (spec.zarrFormat === 2) refuse('shardShape is set for Zarr v2', 'Write Zarr v3, or no shards.');
    const whole = spec.shardShape.every((size, axis) => size % spec.chunkShape[axis]! === 0);
    if (!whole)
      refuse('shardShape is no multiple of chunkShape', 'Make every shard a whole number of chunks.');
  }
  if (elementCount(spec.chunkShape) * storedSize(spec.dtype) >= 2 ** 31) {
    refuse('a chunk takes 2 GiB or more', 'Pass a smaller chunkShape.');
  }
  if (spec.attributes !== undefined && spec.zarrFormat === 2) {
    refuse('attributes are set for Zarr v2', 'Write Zarr v3, or no attributes.');
  }
  if (spec.dimensionNames !== undefined && spec.dimensionNames.length !== rank) {
    refuse(`dimensionNames has ${spec.dimensionNames.length} entries`, `Pass ${rank}.`);
  }
  const fill = fillValueOf(spec);
  if (parseFillValue(spec.dtype, ...asJson(spec.dtype, fill)) === undefined) {
    refuse(`fillValue ${fill} is no ${spec.dtype}`, 'Pass a value that the type can hold.');
  }
}

function asJson(dtype: DataType, fill: number | bigint): [unknown, string] {
  const text = fillValueJson(dtype, fill);
  return [JSON.parse(text), text];
}

/** Fill value in the type's own kind: bigint for 64-bit integers, rounded to what a float type holds. */
export function fillValueOf({
  dtype,
  fillValue = 0,
}: Pick<ArraySpec, 'dtype' | 'fillValue'>): number | bigint {
  if (dtype === 'int64' || dtype === 'uint64') return BigInt(fillValue);
  return roundTo(dtype, Number(fillValue));
}

/** Shards where there are any, else chunks: what the chunk grid of the metadata counts. */
export function storedShape(spec: ArraySpec): readonly number[] {
  return spec.shardShape ?? spec.chunkShape;
}

/** Key of a stored object below the array's path. */
export function objectKey(spec: ArraySpec, index: readonly number[]): string {
  const separator = spec.dimensionSeparator ?? '/';
  if (spec.zarrFormat === 3) return ['c', ...index].join(separator);
  return index.length === 0 ? '0' : index.join(separator);
}

/** Metadata files by name, in the order in which they are to be written: the one that makes it an array is last. */
export function metadataFiles(spec: ArraySpec): [name: string, text: string][] {
  if (spec.zarrFormat === 3) return [['zarr.json', v3Metadata(spec)]];
  const files: [string, string][] = [['.zarray', v2Metadata(spec)]];
  if (spec.dimensionNames !== undefined) {
    files.unshift(['.zattrs', JSON.stringify({ _ARRAY_DIMENSIONS: spec.dimensionNames }, null, 2)]);
  }
  return files;
}

/** Stands for the fill value in `JSON.stringify`, which cannot write every one. */
const placeholder = '\u0000fill';

function stringify(value: object, spec: ArraySpec): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(JSON.stringify(placeholder), fillValueJson(spec.dtype, fillValueOf(spec)));
}

function v3Metadata(spec: ArraySpec): string {
  const bytes = { name: 'bytes', configuration: { endian: 'little' } };
  const codecs = [bytes, ...v3Compressor(spec.compression)];
  const sharded = {
    name: 'sharding_indexed',
    configuration: {
      chunk_shape: spec.chunkShape,
      codecs,
      index_codecs: [bytes, { name: 'crc32c' }],
      index_location: 'end',
    },
  };
  const metadata = {
    zarr_format: 3,
    node_type: 'array',
    shape: spec.shape,
    data_type: spec.dtype,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: storedShape(spec) } },
    chunk_key_encoding: { name: 'default', configuration: { separator: spec.dimensionSeparator ?? '/' } },
    fill_value: placeholder,
    codecs: spec.shardShape === undefined ? codecs : [sharded],
    attributes: spec.attributes ?? {},
    ...(spec.dimensionNames === undefined ? {} : { dimension_names: spec.dimensionNames }),
  };
  return stringify(metadata, spec);
}

function v3Compressor(compression: Compression): object[] {
  if (compression === 'none') return [];
  if (compression === 'zstd') return [{ name: 'zstd', configuration: { level: zstdLevel, checksum: false } }];
  if (compression === 'gzip') return [{ name: 'gzip', configuration: { level: gzipLevel } }];
  return [{ name: 'blosc', configuration: { ...blosc, shuffle: 'noshuffle', typesize: 1 } }];
}

const v2Types: Readonly<Record<DataType, string>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
};

function v2Metadata(spec: ArraySpec): string {
  const { compression } = spec;
  const metadata = {
    zarr_format: 2,
    shape: spec.shape,
    chunks: spec.chunkShape,
    dtype: v2Types[spec.dtype],
    compressor: compression === 'none' ? null : { id: compression, ...compressorSettings[compression] },
    fill_value: placeholder,
    order: 'C',
    filters: null,
    dimension_separator: spec.dimensionSeparator ?? '/',
  };
  return stringify(metadata, spec);
}
