import { axisIndex, type ChunkOptions, type LazyArray } from '../../array/lazy-array.ts';
import { type Region, readRegion } from '../../array/region.ts';
import { withAxes } from '../../array/with-axes.ts';
import { wrapped } from '../../array/wrapped.ts';
import { AlibiError } from '../../errors.ts';
import type { Size4 } from './label-volumes.ts';
import type { InstanceRecipe, WatershedRecipe } from './types.ts';

/** What is not finite counts as the highest of borders. */
const wall = -3.4e38;

/** Borders between objects as a landscape: a channel that is bright where they are, turned over. */
export interface BoundaryVolumes {
  /** float32 of a region [t, z, y, x], C order: high inside objects. The caller owns the buffer. */
  read(region: Region, options: ChunkOptions): Promise<Float32Array>;
}

/**
 * What a recipe asks for; undefined where the distance to the border tells.
 *
 * @throws AlibiError InvalidInput  it asks for a channel, and there are no pixels or none that fit
 */
export function boundaryOf(
  recipe: InstanceRecipe | WatershedRecipe,
  pixels: LazyArray | undefined,
  size: Size4,
): BoundaryVolumes | undefined {
  const channel = 'boundary' in recipe ? recipe.boundary : undefined;
  if (channel === undefined) return undefined;
  if (pixels === undefined) throw refuse('no pixels', 'Give the image too.');
  return boundaryVolumes(pixels, channel, size);
}

/**
 * @param pixels   of the labels' size but for `c`
 * @param channel  index along `c`; 0 where there is none
 * @throws AlibiError InvalidInput  no such channel, or another size
 */
function boundaryVolumes(pixels: LazyArray, channel: number, size: Size4): BoundaryVolumes {
  const volumes = withAxes(channelOf(pixels, channel), ['t', 'z', 'y', 'x']);
  if (volumes.shape.some((length, axis) => length !== size[axis])) {
    throw refuse(
      `boundaries of ${volumes.shape.join(' × ')} (t × z × y × x) for labels of ${size.join(' × ')}`,
      'Use an image of the size of the labels.',
    );
  }
  return {
    async read(region, options) {
      const { data } = await readRegion(volumes, region, options);
      return Float32Array.from(data as ArrayLike<number | bigint>, (value) =>
        Number.isFinite(Number(value)) ? -Number(value) : wall,
      );
    },
  };
}

function channelOf(pixels: LazyArray, channel: number): LazyArray {
  const c = axisIndex(pixels.axes, 'c');
  const count = c === -1 ? 1 : pixels.shape[c]!;
  if (channel >= count)
    throw refuse(`channel ${channel} of ${count}`, `Name a channel from 0 to ${count - 1}.`);
  if (c === -1 || count === 1) return pixels;
  const drop = <V>(values: readonly V[]): V[] => values.filter((_, axis) => axis !== c);
  const perChunk = pixels.chunkShape[c]!;
  const geometry = {
    axes: drop(pixels.axes),
    shape: drop(pixels.shape),
    chunkShape: drop(pixels.chunkShape),
    transform: { scale: drop(pixels.transform.scale), translation: drop(pixels.transform.translation) },
  };
  return wrapped(
    pixels,
    async (index, options) => {
      const chunk = await pixels.getChunk(index.toSpliced(c, 0, Math.floor(channel / perChunk)), options);
      const inner = chunk.shape.slice(c + 1).reduce((product, size) => product * size, 1);
      const planes = chunk.shape[c]!;
      const at = channel % perChunk;
      const shape = drop(chunk.shape);
      if (planes === 1) return { data: chunk.data, shape };
      const data = chunk.data.slice(0, chunk.data.length / planes) as Float64Array; // one concrete type to index with
      const source = chunk.data as Float64Array;
      for (let i = 0; i < data.length; i++) {
        data[i] = source[(Math.floor(i / inner) * planes + at) * inner + (i % inner)]!;
      }
      return { data, shape };
    },
    geometry,
  );
}

function refuse(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'watershed over boundaries', remedy });
}
