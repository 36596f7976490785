import { type ChunkData, createData, type LazyArray, type Scalar } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';

type MappedType = 'uint8' | 'float32';

/**
 * A lazy array whose value at a token depends on that token alone.
 *
 * @param tokens    float32 […, y, x, c = dim], whose chunks hold whole tokens
 * @param channels  values per token of the result; absent: one, and no axis c
 * @param map       float32 [n, dim], not to be changed → [n, channels], a fresh buffer
 * @throws AlibiError InvalidInput  the tokens' dim is not `dim`, or their chunks divide c
 */
export function mapTokens<T extends MappedType>(
  tokens: LazyArray<'float32'>,
  dim: number,
  stage: {
    readonly dtype: T;
    readonly channels?: number;
    readonly map: (chunk: Float32Array) => ChunkData[T];
  },
): LazyArray<T> {
  const last = tokens.shape.length - 1;
  if (tokens.axes[last]?.name !== 'c' || tokens.shape[last] !== dim || tokens.chunkShape[last]! < dim) {
    throw new AlibiError('InvalidInput', {
      what: `tokens of shape ${tokens.shape.join(' × ')} where whole tokens of ${dim} values are needed`,
      where: 'token stage',
      remedy: 'Use a fit made with the same checkpoint as the tokens.',
    });
  }
  const { dtype, channels, map } = stage;
  const along = <V>(values: readonly V[], c: V): V[] => {
    const kept = values.slice(0, last);
    return channels === undefined ? kept : [...kept, c];
  };
  return {
    axes: along(tokens.axes, { name: 'c', type: 'channel' }),
    shape: along(tokens.shape, channels ?? 1),
    chunkShape: along(tokens.chunkShape, channels ?? 1),
    dtype,
    // Both types are numbers; TypeScript does not resolve Scalar of a type parameter.
    fillValue: 0 as Scalar<T>,
    transform: {
      scale: along(tokens.transform.scale, 1),
      translation: along(tokens.transform.translation, 0),
    },
    get revision() {
      return tokens.revision;
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const tokenIndex = channels === undefined ? [...index, 0] : index;
      const chunk = await tokens.getChunk(tokenIndex, options);
      options.signal?.throwIfAborted();
      const empty = chunk.data.length === 0;
      return {
        data: empty ? createData(dtype, 0) : map(chunk.data),
        shape: along(chunk.shape, channels ?? 1),
      };
    },
  };
}
