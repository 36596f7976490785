import type { ChunkOptions, LazyArray } from '../array/lazy-array.ts';
import { readRegion } from '../array/region.ts';
import { concatenate } from './concatenate.ts';
import type { Prompt } from './pipeline.ts';

/**
 * The token that each place lies in, the nearest one beyond the image's edge.
 *
 * @param tokens  float32 [t?, z?, y, x, c = dim]
 * @param finest  the level whose pixels the places are counted in; x 0 is the left edge of its first pixel, x 0.5 its middle
 * @returns       float32 [places, dim]; the caller owns the buffer
 */
export async function tokensAt(
  tokens: LazyArray<'float32'>,
  finest: LazyArray,
  places: readonly Omit<Prompt, 'isLike'>[],
  options: ChunkOptions,
): Promise<Float32Array> {
  const dim = tokens.shape.at(-1) ?? 0;
  const indexOf = (place: Omit<Prompt, 'isLike'>): readonly number[] =>
    tokens.axes.slice(0, -1).map(({ name }, axis) => {
      const from = finest.axes.findIndex((other) => other.name === name);
      const value = { ...place, x: place.x - 0.5, y: place.y - 0.5 }[name as 't' | 'z' | 'y' | 'x'];
      const physical = value * finest.transform.scale[from]! + finest.transform.translation[from]!;
      const index = Math.round(
        (physical - tokens.transform.translation[axis]!) / tokens.transform.scale[axis]!,
      );
      return Math.min(Math.max(index, 0), tokens.shape[axis]! - 1);
    });
  const parts = places.map(async (place) => {
    const at = indexOf(place);
    const box = { start: [...at, 0], stop: [...at.map((i) => i + 1), dim] };
    return (await readRegion(tokens, box, options)).data;
  });
  return concatenate(await Promise.all(parts));
}
