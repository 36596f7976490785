import { axisIndex } from '../array/lazy-array.ts';
import { readPlane } from '../array/plane.ts';
import { AlibiError } from '../errors.ts';
import { defaultNormalisation } from '../ome/normalisation.ts';
import { openImage } from '../ome/open-image.ts';
import { openLocation } from './open-location.ts';
import { parseSlices } from './slices.ts';

/** Pixels between the black and white points of an image's normalisation. */
export interface PixelTile {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** float32 [channels, height, width]: 0 at the black point, 1 at the white point, not clipped */
  readonly data: Float32Array;
}

/** An image cut into tiles of at most `tilePx` along a side: every plane's, row by row. */
export interface ImageTiles {
  readonly count: number;
  read(n: number): Promise<PixelTile>;
  close(): Promise<void>;
}

export interface TileOptions {
  /** Default 0, the finest. */
  readonly level?: number | undefined;
  /** One or three; default as the viewer chooses. */
  readonly channels?: readonly number[] | undefined;
  /** `all` (default), `a` or `a:b`. */
  readonly z?: string | undefined;
  readonly t?: string | undefined;
  readonly tilePx: number;
  readonly signal: AbortSignal;
}

/**
 * The pixels of an OME-Zarr image as a transformer sees them, tile by tile: what is larger than memory is read as asked for.
 *
 * @param source  a folder, an archive or an http(s) address
 * @throws AlibiError  there is no such image, level, channel or slice
 */
export async function openTiles(source: string, options: TileOptions): Promise<ImageTiles> {
  const { signal, level = 0, tilePx } = options;
  const opened = await openLocation(source, signal);
  try {
    const image = await openImage(opened, { signal });
    const { channels, black, white } = await defaultNormalisation(image, options.channels, { signal });
    const pixels = image.pixels[level];
    if (pixels === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `there is no level ${level}`,
        where: source,
        remedy: `The image has the levels 0 to ${image.levels.length - 1}.`,
      });
    }
    const size = (name: string): number => pixels.shape[axisIndex(pixels.axes, name)] ?? 1;
    const along = (name: 'z' | 't'): number[] =>
      parseSlices(options[name] ?? 'all', size(name), name, source);
    const [height, width] = [size('y'), size('x')];
    const [rows, cols] = [Math.ceil(height / tilePx), Math.ceil(width / tilePx)];
    const [z, t] = [along('z'), along('t')];
    return {
      count: z.length * t.length * rows * cols,
      close: () => opened.close(),
      async read(n) {
        const [tile, plane] = [n % (rows * cols), Math.floor(n / (rows * cols))];
        const [y0, x0] = [Math.floor(tile / cols) * tilePx, (tile % cols) * tilePx];
        const region = { y0, x0, y1: Math.min(height, y0 + tilePx), x1: Math.min(width, x0 + tilePx) };
        const at = { z: z[plane % z.length] ?? 0, t: t[Math.floor(plane / z.length)] ?? 0 };
        const count = (region.y1 - y0) * (region.x1 - x0);
        const data = new Float32Array(channels.length * count);
        for (const [i, c] of channels.entries()) {
          const { data: stored } = await readPlane(pixels, { ...at, c }, region, { signal });
          const [low, range] = [black[i] ?? 0, (white[i] ?? 1) - (black[i] ?? 0)];
          for (let p = 0; p < count; p++) data[i * count + p] = (Number(stored[p]) - low) / range;
        }
        return { channels: channels.length, height: region.y1 - y0, width: region.x1 - x0, data };
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
