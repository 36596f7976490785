import { AlibiError } from 'alibi-zarr/checkpoint';
import { convertIndexedToRgb, type DecodedPng, decode, hasPngSignature } from 'fast-png';

/** The samples of a PNG as the file has them, transparency left out. */
export interface PngPixels {
  readonly height: number;
  readonly width: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** What white is stored as: 2^bits − 1. */
  readonly white: number;
  /** [height, width, channels] */
  readonly data: Uint8Array | Uint16Array;
}

export interface ColourImage {
  readonly height: number;
  readonly width: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** Steps from black to white in the file: 255 of 8 bits. */
  readonly white: number;
  /** [height, width, channels], 0…1 of the file's own range */
  readonly data: Float32Array;
}

/** As {@link readPngPixels}, black 0 and white 1. */
export function readPng(bytes: Uint8Array, where: string): ColourImage {
  const { height, width, channels, white, data } = readPngPixels(bytes, where);
  return { height, width, channels, white, data: Float32Array.from(data, (value) => value / white) };
}

/**
 * Reads a PNG of any kind: 1 to 16 bits, grey, colour or palette, interlaced or not.
 *
 * @throws AlibiError  UnsupportedFormat: another format; InvalidInput: a damaged file
 */
export function readPngPixels(bytes: Uint8Array, where: string): PngPixels {
  if (!hasPngSignature(bytes)) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'it is not a PNG',
      where,
      remedy: 'Save it as PNG.',
    });
  }
  try {
    const decoded = decode(bytes);
    return plain(decoded.palette === undefined ? decoded : withoutPalette(decoded));
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    throw new AlibiError('InvalidInput', {
      what: `the PNG is damaged${why}`,
      where,
      remedy: 'Save it again.',
      cause,
    });
  }
}

type Samples = Pick<DecodedPng, 'height' | 'width' | 'channels' | 'depth' | 'data'>;

function withoutPalette(image: DecodedPng): Samples {
  const channels = image.palette?.[0]?.length ?? 3;
  return { ...image, channels, depth: 8, data: convertIndexedToRgb(image) };
}

function plain({ height, width, channels: stored, depth, data }: Samples): PngPixels {
  const channels = stored < 3 ? 1 : 3;
  const at = depth < 8 ? packed(data, { width, depth }) : (i: number): number => data[i] ?? 0;
  const count = height * width * channels;
  const out = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < channels; c++) out[i * channels + c] = at(i * stored + c);
  }
  return { height, width, channels, white: 2 ** depth - 1, data: out };
}

/** Samples of 1, 2 or 4 bits: several a byte, highest bits first; each row begins with a new byte. */
function packed(
  data: ArrayLike<number>,
  { width, depth }: { readonly width: number; readonly depth: number },
): (i: number) => number {
  const rowBytes = Math.ceil((width * depth) / 8);
  return (i) => {
    const [row, bit] = [Math.floor(i / width), (i % width) * depth];
    const byte = data[row * rowBytes + (bit >> 3)] ?? 0;
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  };
}
