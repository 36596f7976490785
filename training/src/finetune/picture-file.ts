import { readFile } from 'node:fs/promises';
import { readPngPixels } from '../bench/png.ts';
import { normalised, type Picture } from './picture.ts';

export const PICTURE_NAME = /\.png$/i;

/** Reads an image file; alpha is left out. @throws AlibiError  UnsupportedFormat, InvalidInput */
export async function openPictureFile(path: string): Promise<Picture> {
  const { height, width, channels, data } = readPngPixels(await readFile(path), path);
  const planes = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height * width; i++) planes[c * height * width + i] = data[i * channels + c] ?? 0;
  }
  return normalised({ height, width, channels, data: planes });
}
