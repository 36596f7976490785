import { cached } from '../../array/cached.ts';
import type { LazyArray } from '../../array/lazy-array.ts';
import { shared } from '../../array/shared.ts';
import { type DrawLevel, derivedPlacement, drawLevel, imagePlacements } from './draw-level.ts';

/** Side of an image tile where chunks are smaller. */
const imageTilePx = 512;

/** Levels of an image, to be drawn; `pixels` finest first. */
export function imageDrawLevels(pixels: readonly LazyArray[]): DrawLevel[] {
  const placements = imagePlacements({ pixels });
  return pixels.map((array, index) =>
    drawLevel(withLargeChunksKept(array), index, placements[index]!, { tilePx: imageTilePx }),
  );
}

/**
 * Levels of labels that a file holds, to be drawn on top of its image. They need not be the image's own
 * levels, and are placed as if they were: where nobody wrote a translation, corners meet.
 *
 * @param levels  canonical; finest first
 */
export function labelDrawLevels(
  levels: readonly { readonly pixels: LazyArray; readonly imageLevel: number }[],
  image: readonly LazyArray[],
): DrawLevel[] {
  const arrays = levels.map(({ pixels }) => pixels);
  const placements = imagePlacements({ pixels: [...image.slice(0, 1), ...arrays] }).slice(1);
  return levels.map(({ pixels, imageLevel }, index) =>
    drawLevel(withLargeChunksKept(pixels), imageLevel, placements[index]!, { tilePx: imageTilePx }),
  );
}

/** Levels of a derived layer on top of an image, to be drawn: a tile is a chunk, so that each shows as soon as it is there. */
export function derivedDrawLevels(
  levels: readonly { readonly pixels: LazyArray; readonly imageLevel: number }[],
  image: readonly LazyArray[],
): DrawLevel[] {
  const placements = imagePlacements({ pixels: image });
  return levels.map(({ pixels, imageLevel }) => {
    const base = placements[imageLevel]!;
    const placement = derivedPlacement(pixels, image[imageLevel]!, base);
    const pixelScale = Math.min(base.scaleX, base.scaleY);
    return drawLevel(withLargeChunksKept(pixels), imageLevel, placement, { tilePx: 1, pixelScale });
  });
}

/** Bytes of large chunks kept while the tiles cut from them load. */
const largeChunkBytes = 96 * 2 ** 20;

/** Several tiles are cut from one chunk where chunks are large: it is fetched and decoded once. */
function withLargeChunksKept(array: LazyArray): LazyArray {
  const isLarge = array.axes.some(
    ({ name }, axis) => (name === 'x' || name === 'y') && array.chunkShape[axis]! > 1024,
  );
  return isLarge ? cached(shared(array), { byteLimit: largeChunkBytes }) : array;
}
