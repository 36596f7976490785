import { ALL, openImage } from '../bench/image-file.ts';
import { normalised, type Picture } from './picture.ts';

/** Reads a PNG, JPEG or page of a TIFF; transparency is left out. @throws AlibiError  UnsupportedFormat, InvalidInput */
export async function openPictureFile(path: string): Promise<Picture> {
  const { height, width, channels, data } = await openImage(path, ALL);
  const planes = new Float32Array(data.length);
  const count = height * width;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < count; i++) planes[c * count + i] = data[i * channels + c] ?? 0;
  }
  return normalised({ height, width, channels, data: planes });
}
