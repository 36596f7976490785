import { AlibiError } from 'alibi-zarr/checkpoint';
import { type DecodedPng, decode, hasPngSignature } from 'fast-png';

/** An integer for each pixel: a class, an instance, a palette index. */
export interface IdImage {
  readonly height: number;
  readonly width: number;
  /** [height, width] */
  readonly data: Uint16Array;
}

/**
 * The integers of a label PNG: grey values as stored (1 to 16 bits), or the indices of a palette; never colours.
 *
 * @throws AlibiError  UnsupportedFormat: not a PNG, or one of colours; InvalidInput: a damaged file
 */
export function readIdPng(bytes: Uint8Array, where: string): IdImage {
  if (!hasPngSignature(bytes)) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'it is not a PNG',
      where,
      remedy: 'Labels are PNGs whose pixels are integers, grey or indexed.',
    });
  }
  const png = decoded(bytes, where);
  if (png.channels !== 1) {
    throw new AlibiError('UnsupportedFormat', {
      what: `its pixels have ${png.channels} channels, not one integer each`,
      where,
      remedy: 'Save the labels as a grey PNG of 8 or 16 bits, or as one with a palette.',
    });
  }
  return { height: png.height, width: png.width, data: unpacked(png) };
}

function decoded(bytes: Uint8Array, where: string): DecodedPng {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw new AlibiError('InvalidInput', {
      what: `the PNG is damaged: ${cause instanceof Error ? cause.message : String(cause)}`,
      where,
      remedy: 'Fetch or save it again.',
      cause,
    });
  }
}

/** Below 8 bits fast-png leaves several pixels in a byte, each row beginning with a byte of its own. */
function unpacked({ width, height, depth, data }: DecodedPng): Uint16Array {
  if (depth >= 8) return Uint16Array.from(data);
  const perByte = 8 / depth;
  const stride = Math.ceil(width / perByte);
  const mask = 2 ** depth - 1;
  return Uint16Array.from({ length: width * height }, (_, i) => {
    const x = i % width;
    const byte = data[Math.floor(i / width) * stride + Math.floor(x / perByte)] ?? 0;
    return (byte >> (8 - depth * ((x % perByte) + 1))) & mask;
  });
}
