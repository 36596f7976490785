import { readFile } from 'node:fs/promises';
import { readPngPixels } from '../bench/png.ts';
import { normalised, type Picture } from './picture.ts';

export const PICTURE_NAME = /\.png$/i;

/** Reads an image file; alpha is left out. @throws AlibiError  UnsupportedFormat */
export async function openPictureFile(path: string): Promise<Picture> {
  const { height, width, channels, data } = readPngPixels(await readFile(path), path);
  const colours = channels < 3 ? 1 : 3;
  const planes = new Float32Array(colours * height * width);
  for (let c = 0; c < colours; c++) {
    for (let i = 0; i < height * width; i++) planes[c * height * width + i] = data[i * channels + c] ?? 0;
  }
  return normalised({ height, width, channels: colours, data: planes });
}
