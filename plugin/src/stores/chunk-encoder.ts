import { type Chunk, createData, type DataType, elementCount } from '../array/lazy-array.ts';
import { copyOverlap } from '../array/region.ts';
import { type ArraySpec, compressorSettings, fillValueOf } from './array-spec.ts';
import { runCodec } from './codec-workers.ts';
import { encodeElements, filledData } from './elements.ts';
import { isFilledWith } from './fill-value.ts';

/** Label images consist largely of chunks of one value: their bytes are kept, this many of them. */
const constantsKept = 64;

/** Chunk, clipped as `LazyArray` gives it → the bytes to store, padded with the fill value to a whole chunk. */
export class ChunkEncoder<T extends DataType> {
  readonly #spec: ArraySpec<T>;
  readonly #fill: number | bigint;
  readonly #constants = new Map<number | bigint, Promise<Uint8Array>>();

  constructor(spec: ArraySpec<T>) {
    this.#spec = spec;
    this.#fill = fillValueOf(spec);
  }

  /** @returns undefined where every element is the fill value: such a chunk is not stored */
  async encode(
    chunk: Chunk<T>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array | undefined> {
    if (isFilledWith(chunk.data, this.#fill)) return undefined;
    const whole = chunk.shape.every((size, axis) => size === this.#spec.chunkShape[axis]);
    const value = chunk.data[0];
    if (!whole || value === undefined || !isFilledWith(chunk.data, value))
      return this.#compress(this.#padded(chunk), signal);
    let bytes = this.#constants.get(value);
    if (bytes === undefined) {
      if (this.#constants.size >= constantsKept) this.#constants.clear();
      // Without the signal: others may wait for it too.
      bytes = this.#compress(chunk.data);
      this.#constants.set(value, bytes);
      bytes.catch(() => this.#constants.delete(value));
    }
    return bytes;
  }

  #padded(chunk: Chunk<T>): Chunk<T>['data'] {
    const shape = this.#spec.chunkShape;
    if (chunk.shape.every((size, axis) => size === shape[axis])) return chunk.data;
    const length = elementCount(shape);
    const data =
      this.#fill === 0 || this.#fill === 0n
        ? createData(this.#spec.dtype, length)
        : filledData(this.#spec.dtype, length, this.#fill);
    const origin = shape.map(() => 0);
    copyOverlap(chunk, origin, { data, shape }, origin);
    return data;
  }

  async #compress(data: Chunk<T>['data'], signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = encodeElements(data, this.#spec.dtype);
    const { compression } = this.#spec;
    // Never the caller's own memory: what is kept for a shard must not change with it.
    if (compression === 'none') return bytes.slice();
    return runCodec(
      { kind: 'compress', name: compression, bytes, configuration: compressorSettings[compression] },
      { signal },
    );
  }
}
