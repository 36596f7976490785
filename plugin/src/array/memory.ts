import { AlibiError } from '../errors.ts';
import {
  type Axis,
  type Chunk,
  type ChunkData,
  createData,
  type DataType,
  elementCount,
  type LazyArray,
  type Scalar,
  type Transform,
} from './lazy-array.ts';
import { chunkRegion, copyOverlap } from './region.ts';

export interface MemoryOptions<T extends DataType> {
  readonly shape: readonly number[];
  readonly dtype: T;
  /** Default: the last `shape.length` of t, z, y, x. */
  readonly axes?: readonly Axis[];
  /** Default: one chunk. */
  readonly chunkShape?: readonly number[];
  /** Default: scale 1, translation 0. */
  readonly transform?: Transform;
}

const defaultAxes: readonly Axis[] = [
  { name: 't', type: 'time' },
  { name: 'z', type: 'space' },
  { name: 'y', type: 'space' },
  { name: 'x', type: 'space' },
];

/**
 * A lazy array over data already in memory.
 *
 * @param data  C order, `shape`'s product of elements; kept by reference, must not change afterwards
 * @throws AlibiError InvalidInput  the data's length is not the shape's, or more than four axes go unnamed
 */
export function fromMemory<T extends DataType>(data: ChunkData[T], options: MemoryOptions<T>): LazyArray<T> {
  const { shape, dtype } = options;
  if (data.length !== elementCount(shape)) {
    throw new AlibiError('InvalidInput', {
      what: `${data.length} elements do not fill the shape ${shape.join(' × ')}`,
      where: 'fromMemory',
      remedy: 'Pass data and shape that belong together.',
    });
  }
  const axes = options.axes ?? defaultAxes.slice(Math.max(0, defaultAxes.length - shape.length));
  if (axes.length !== shape.length) {
    throw new AlibiError('InvalidInput', {
      what: `${axes.length} axes for ${shape.length} dimensions`,
      where: 'fromMemory',
      remedy: 'Name every axis.',
    });
  }
  const zero = dtype === 'int64' || dtype === 'uint64' ? 0n : 0;
  const array: LazyArray<T> = {
    axes,
    shape,
    dtype,
    chunkShape: options.chunkShape ?? shape,
    // Zero of the right kind: the type follows the dtype, which TypeScript cannot see.
    fillValue: zero as Scalar<T>,
    transform: options.transform ?? { scale: shape.map(() => 1), translation: shape.map(() => 0) },
    revision: 0,
    async getChunk(index, { signal }): Promise<Chunk<T>> {
      signal?.throwIfAborted();
      const region = chunkRegion(array, index);
      const chunkShape = region.start.map((start, axis) => region.stop[axis]! - start);
      const chunk = { data: createData(dtype, elementCount(chunkShape)), shape: chunkShape };
      copyOverlap(
        { data, shape },
        shape.map(() => 0),
        chunk,
        region.start,
      );
      return chunk;
    },
  };
  return array;
}
