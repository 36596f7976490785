import type { ColourImage } from '../png.ts';
import type { Plane } from './encoder-pixels.ts';

/** Mean of the channels. */
export function greyPlane({ height, width, channels, data }: ColourImage): Plane {
  if (channels === 1) return { height, width, data };
  const grey = new Float32Array(height * width);
  for (let i = 0; i < grey.length; i++) grey[i] = (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3;
  return { height, width, data: grey };
}
