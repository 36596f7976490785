import { AlibiError } from 'alibi-zarr/checkpoint';
import { decode as decodeJpeg } from 'jpeg-js';
import type { ColourImage } from './png.ts';

/** Limits of a JPEG: what a camera makes, not what a damaged or hostile header claims. */
const JPEG_LIMITS = { maxResolutionInMP: 400, maxMemoryUsageInMB: 8192 };

/** @throws AlibiError  InvalidInput: a damaged file */
export function readJpeg(bytes: Uint8Array, where: string): ColourImage {
  try {
    const { height, width, data } = decodeJpeg(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      ...JPEG_LIMITS,
    });
    return { height, width, channels: 3, white: 255, data: Float32Array.from(data, (value) => value / 255) };
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: `the JPEG cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      where,
      remedy: 'Fetch or save it again.',
      cause,
    });
  }
}
