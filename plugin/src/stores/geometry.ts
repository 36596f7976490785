import type { Axis, Chunk, DataType, LazyArray, Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';

/**
 * The same array under other axes and another place in physical space.
 *
 * @throws InvalidInputError  axes, scale or translation do not have one entry a dimension
 */
export function withGeometry<T extends DataType>(
  lazy: LazyArray<T>,
  { axes, transform }: { axes: readonly Axis[]; transform: Transform },
): LazyArray<T> {
  const rank = lazy.shape.length;
  const lengths = {
    axes: axes.length,
    scale: transform.scale.length,
    translation: transform.translation.length,
  };
  for (const [name, length] of Object.entries(lengths)) {
    if (length === rank) continue;
    throw new AlibiError('InvalidInput', {
      what: `${name} has ${length} entries for an array of ${rank} dimensions`,
      where: 'multiscales metadata',
      remedy: 'Give one entry a dimension.',
    });
  }
  return {
    axes,
    transform,
    shape: lazy.shape,
    chunkShape: lazy.chunkShape,
    dtype: lazy.dtype,
    fillValue: lazy.fillValue,
    get revision() {
      return lazy.revision;
    },
    getChunk: (index, options): Promise<Chunk<T>> => lazy.getChunk(index, options),
  };
}
