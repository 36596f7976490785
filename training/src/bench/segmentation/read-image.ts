import { readFile } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { decode as decodeJpeg } from 'jpeg-js';
import { type ColourImage, readPng } from '../png.ts';
import type { Plane } from './encoder-pixels.ts';

/** @throws AlibiError  NotFound; UnsupportedFormat: neither PNG nor JPEG; InvalidInput: a damaged file */
export async function readImage(path: string): Promise<ColourImage> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'the image cannot be read',
      where: path,
      remedy: 'Check the path.',
      cause,
    });
  }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? readJpeg(bytes, path) : readPng(bytes, path);
}

/** Limits of a JPEG: what a camera makes, not what a damaged or hostile header claims. */
const JPEG_LIMITS = { maxResolutionInMP: 400, maxMemoryUsageInMB: 8192 };

function readJpeg(bytes: Uint8Array, where: string): ColourImage {
  try {
    const { height, width, data } = decodeJpeg(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      ...JPEG_LIMITS,
    });
    return { height, width, channels: 3, data: Float32Array.from(data, (value) => value / 255) };
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: `the JPEG cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      where,
      remedy: 'Fetch or save it again.',
      cause,
    });
  }
}

/** Mean of the channels. */
export function greyPlane({ height, width, channels, data }: ColourImage): Plane {
  if (channels === 1) return { height, width, data };
  const grey = new Float32Array(height * width);
  for (let i = 0; i < grey.length; i++) grey[i] = (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3;
  return { height, width, data: grey };
}
