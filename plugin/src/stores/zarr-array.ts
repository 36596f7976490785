import {
  type Axis,
  type Chunk,
  type ChunkOptions,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
  type Scalar,
  type Transform,
} from '../array/lazy-array.ts';
import { copyOverlap } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { type ArrayMetadata, parseArrayMetadata } from './array-metadata.ts';
import { type ChunkDecoder, createChunkDecoder, unsupportedCodec } from './chunk-codec.ts';
import { chunkByteLimit } from './decoded-size.ts';
import { filledData, storedSize } from './elements.ts';
import { metadataByteLimit } from './json-text.ts';
import { joinKey } from './key.ts';
import { parseSharding, type Sharding, ShardReader } from './sharding.ts';
import type { ReadStore, StoreOptions } from './store.ts';

/** An array as it lies in a store. */
export interface ZarrArray {
  readonly lazy: LazyArray;
  readonly zarrFormat: 2 | 3;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** What one read costs: the inner chunks where the array is sharded. */
  readonly chunks: readonly number[];
  readonly shards?: readonly number[];
  readonly dimensionNames?: readonly (string | null)[];
  /** Such as `bytes>blosc:zstd`, `sharding_indexed(bytes>zstd)`. */
  readonly codec: string;
}

export interface OpenArrayOptions extends StoreOptions {
  /** Absent: both are tried, 3 first. */
  readonly zarrFormat?: 2 | 3;
  /** URL or file name of the store, for messages. */
  readonly location?: string;
  /** One an axis; absent: the names the file gives, else `dim_0`, `dim_1`, … */
  readonly axes?: readonly Axis[];
  /** Absent: scale 1, translation 0. */
  readonly transform?: Transform;
}

/**
 * Open a Zarr v2 or v3 array.
 *
 * Its chunks come in C order whatever the stored order, clipped to the array's edge; a chunk that is not stored is the
 * fill value, one that cannot be decoded an Integrity error that names its key. The abort signal reaches the store.
 *
 * @param path  of the array in the store: `0`, `/labels/cells/0`, `''` for the root
 * @throws NotFoundError           no array there
 * @throws UnsupportedFormatError  a type, codec or extension that is not known; names file and field
 */
export async function openZarrArray(
  store: ReadStore,
  path: string,
  options: OpenArrayOptions = {},
): Promise<ZarrArray> {
  const location = options.location ?? '';
  const { metadata, where } = await readMetadata(store, path, location, options);
  const [first, ...others] = metadata.codecs.filter((codec) => codec.name === 'sharding_indexed');
  const alone = first !== undefined && metadata.codecs.length === 1;
  if (first !== undefined && (!alone || others.length > 0)) {
    throw unsupportedCodec(first, where, 'together with other codecs is not supported');
  }
  const sharding = first === undefined ? undefined : parseSharding(first, metadata.gridShape, where);
  const chunks = sharding?.chunkShape ?? metadata.gridShape;
  assertChunkSize(chunks, metadata, where);
  const decoder = createChunkDecoder(sharding?.codecs ?? metadata.codecs, {
    dtype: metadata.dtype,
    shape: chunks,
    where,
  });
  const source: ChunkSource = { store, path, location, metadata, sharding, decoder };
  return {
    lazy: new StoredArray(source, options),
    zarrFormat: metadata.zarrFormat,
    dtype: metadata.dtype,
    shape: metadata.shape,
    chunks,
    codec: sharding === undefined ? decoder.text : `sharding_indexed(${decoder.text})`,
    ...(sharding === undefined ? {} : { shards: metadata.gridShape }),
    ...(metadata.dimensionNames === undefined ? {} : { dimensionNames: metadata.dimensionNames }),
  };
}

/** @throws UnsupportedFormatError  one chunk would take more memory than a chunk may */
function assertChunkSize(
  shape: readonly number[],
  { dtype, zarrFormat }: Pick<ArrayMetadata, 'dtype' | 'zarrFormat'>,
  where: string,
): void {
  // float16 is held widened.
  const bytes = elementCount(shape) * (dtype === 'float16' ? 4 : storedSize(dtype));
  if (bytes <= chunkByteLimit) return;
  throw new AlibiError('UnsupportedFormat', {
    what: `chunks of ${shape.join(' × ')} ${dtype} take more than ${chunkByteLimit / 2 ** 20} MiB each`,
    where,
    remedy: 'Store the array in smaller chunks.',
    data: { field: zarrFormat === 3 ? 'chunk_grid' : 'chunks' },
  });
}

async function readMetadata(
  store: ReadStore,
  path: string,
  location: string,
  options: OpenArrayOptions,
): Promise<{ metadata: ArrayMetadata; where: string }> {
  const storeOptions = options.signal === undefined ? {} : { signal: options.signal };
  for (const zarrFormat of [3, 2] as const) {
    if (options.zarrFormat !== undefined && options.zarrFormat !== zarrFormat) continue;
    const key = joinKey(path, zarrFormat === 3 ? 'zarr.json' : '.zarray');
    const bytes = await store.get(key, { ...storeOptions, byteLimit: metadataByteLimit });
    options.signal?.throwIfAborted();
    const where = location + key;
    if (bytes !== undefined) return { metadata: parseArrayMetadata(bytes, zarrFormat, where), where };
  }
  throw new AlibiError('NotFound', {
    what: 'there is no Zarr array',
    where: location + joinKey(path, ''),
    remedy: 'Check the path; an array has a zarr.json (Zarr v3) or a .zarray (v2).',
  });
}

interface ChunkSource {
  readonly store: ReadStore;
  readonly path: string;
  readonly location: string;
  readonly metadata: ArrayMetadata;
  readonly sharding: Sharding | undefined;
  readonly decoder: ChunkDecoder<DataType>;
}

class StoredArray implements LazyArray {
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly dtype: DataType;
  readonly fillValue: Scalar<DataType>;
  readonly transform: Transform;
  readonly revision = 0;
  readonly #source: ChunkSource;
  readonly #shards: ShardReader | undefined;

  constructor(source: ChunkSource, { axes, transform }: Pick<OpenArrayOptions, 'axes' | 'transform'>) {
    const { metadata, sharding } = source;
    const { shape, dimensionNames } = metadata;
    this.#source = source;
    this.#shards = sharding && new ShardReader(source.store, sharding, source.location);
    this.shape = shape;
    this.chunkShape = sharding?.chunkShape ?? metadata.gridShape;
    this.dtype = metadata.dtype;
    this.fillValue = metadata.fillValue;
    this.axes = axes ?? shape.map((_, axis) => ({ name: dimensionNames?.[axis] ?? `dim_${axis}` }));
    this.transform = transform ?? { scale: shape.map(() => 1), translation: shape.map(() => 0) };
  }

  async getChunk(index: readonly number[], { signal }: ChunkOptions): Promise<Chunk<DataType>> {
    signal?.throwIfAborted();
    const shape = this.#clippedShape(index);
    const { key, bytes } = await this.#readBytes(index, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    if (bytes === undefined) {
      return { data: filledData(this.dtype, elementCount(shape), this.fillValue), shape };
    }
    const whole = await this.#decode(bytes, key, index, signal);
    signal?.throwIfAborted();
    if (shape.every((size, axis) => size === this.chunkShape[axis])) return { data: whole, shape };
    const clipped = { data: createData(this.dtype, elementCount(shape)), shape };
    const origin = shape.map(() => 0);
    copyOverlap({ data: whole, shape: this.chunkShape }, origin, clipped, origin);
    return clipped;
  }

  #clippedShape(index: readonly number[]): number[] {
    const inside =
      index.length === this.shape.length &&
      index.every(
        (i, axis) => Number.isInteger(i) && i >= 0 && i * this.chunkShape[axis]! < this.shape[axis]!,
      );
    if (!inside) {
      throw new AlibiError('InvalidInput', {
        what: `there is no chunk ${index.join(', ')} in an array of ${this.shape.join(' × ')}`,
        where: this.#source.location + joinKey(this.#source.path, ''),
        remedy: 'Ask for indices from 0 up to the shape divided by the chunk shape.',
      });
    }
    return index.map((i, axis) =>
      Math.min(this.chunkShape[axis]!, this.shape[axis]! - i * this.chunkShape[axis]!),
    );
  }

  async #readBytes(
    index: readonly number[],
    options: StoreOptions,
  ): Promise<{ key: string; bytes: Uint8Array | undefined }> {
    const { store, path, metadata, sharding, decoder } = this.#source;
    if (sharding === undefined || this.#shards === undefined) {
      const key = joinKey(path, metadata.objectKey(index));
      return { key, bytes: await store.get(key, { ...options, byteLimit: decoder.storedLimit }) };
    }
    const shard = index.map((i, axis) => Math.floor(i / sharding.counts[axis]!));
    const position = index.reduce(
      (sum, i, axis) => sum * sharding.counts[axis]! + (i % sharding.counts[axis]!),
      0,
    );
    const key = joinKey(path, metadata.objectKey(shard));
    return {
      key,
      bytes: await this.#shards.read(key, position, { ...options, byteLimit: decoder.storedLimit }),
    };
  }

  async #decode(
    bytes: Uint8Array,
    key: string,
    index: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<Chunk<DataType>['data']> {
    try {
      return await this.#source.decoder.decode(bytes, { signal });
    } catch (cause) {
      signal?.throwIfAborted();
      // The codec cannot run here: the chunk is not to blame.
      if (cause instanceof AlibiError) throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new AlibiError('Integrity', {
        what: `chunk ${index.join(', ')} in ${key} cannot be decoded: ${text}`,
        where: this.#source.location + key,
        remedy: 'Copy or write the chunk again; it is damaged, or not what the metadata says.',
        cause,
        data: { key, index },
      });
    }
  }
}

export { withGeometry } from './geometry.ts';
