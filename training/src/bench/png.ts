import { inflateSync } from 'node:zlib';
import { AlibiError } from 'alibi-zarr/checkpoint';

export interface GreyImage {
  readonly height: number;
  readonly width: number;
  /** [height, width], 0…255; colour is reduced to the mean of its channels. */
  readonly data: Float32Array;
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

export interface PngPixels {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
  readonly channels: number;
  /** [height, width, channels] */
  readonly data: Uint8Array;
}

/** As {@link readPngPixels}, colour reduced to the mean of its channels. */
export function readPng(bytes: Uint8Array, where: string): GreyImage {
  const { height, width, channels, data: pixels } = readPngPixels(bytes, where);
  const colours = channels < 3 ? 1 : 3;
  const data = new Float32Array(height * width);
  for (let i = 0; i < data.length; i++) {
    let sum = 0;
    for (let c = 0; c < colours; c++) sum += pixels[i * channels + c] ?? 0;
    data[i] = sum / colours;
  }
  return { height, width, data };
}

/**
 * Reads an 8-bit PNG without interlacing, grey or colour.
 *
 * @throws AlibiError  UnsupportedFormat
 * Source: W3C, Portable Network Graphics, §9 (filters).
 */
export function readPngPixels(bytes: Uint8Array, where: string): PngPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const channels = CHANNELS[view.getUint8(25)];
  if (
    view.getUint32(0) !== 0x89504e47 ||
    view.getUint8(24) !== 8 ||
    view.getUint8(28) !== 0 ||
    channels === undefined
  ) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'it is not a plain 8-bit grey or colour PNG',
      where,
      remedy: 'Save it as an 8-bit PNG without interlacing or palette.',
    });
  }
  const shape = { height, stride: width * channels, channels };
  return { height, width, channels, data: unfiltered(inflateSync(imageData(bytes, view)), shape) };
}

function imageData(bytes: Uint8Array, view: DataView): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 8 <= bytes.byteLength; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154)
      parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return Buffer.concat(parts);
}

function unfiltered(raw: Uint8Array, o: { height: number; stride: number; channels: number }): Uint8Array {
  const out = new Uint8Array(o.height * o.stride);
  for (let y = 0; y < o.height; y++) {
    const filter = raw[y * (o.stride + 1)] ?? 0;
    for (let x = 0; x < o.stride; x++) {
      const at = y * o.stride + x;
      const left = x >= o.channels ? (out[at - o.channels] ?? 0) : 0;
      const up = y > 0 ? (out[at - o.stride] ?? 0) : 0;
      const corner = y > 0 && x >= o.channels ? (out[at - o.stride - o.channels] ?? 0) : 0;
      out[at] = (raw[y * (o.stride + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? up : corner;
}
