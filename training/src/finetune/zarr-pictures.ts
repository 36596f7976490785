import { openTiles } from 'alibi-zarr/node';
import type { DataSource } from 'alibi-zarr-schemas';
import type { PictureSource } from './sources.ts';

/** Large enough for a view at the smallest scale, small enough to keep hundreds. */
const TILE_PX = 1024;

/** An OME-Zarr image as pictures, tile by tile, between the black and white points that the viewer would choose. */
export async function openZarrPictures(
  location: string,
  { level, channels, z, t }: DataSource,
  signal: AbortSignal,
): Promise<Omit<PictureSource, 'weight'>> {
  const tiles = await openTiles(location, { level, channels, z, t, tilePx: TILE_PX, signal });
  const name = location.replace(/\/+$/, '').split(/[\\/]/).at(-1) ?? location;
  return {
    count: tiles.count,
    open: (n) => tiles.read(n),
    nameOf: (n) => `${name}, tile ${n}`,
    close: () => tiles.close(),
  };
}
