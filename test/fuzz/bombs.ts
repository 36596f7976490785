import { constants, deflateSync, gzipSync } from 'node:zlib';
import type { Dice } from './dice.ts';
import { joined } from './hostile-bytes.ts';

export interface Bomb {
  /** Codec that takes it, in the words of both formats. */
  readonly codec: string;
  readonly bytes: Uint8Array;
}

const mebibyte = 2 ** 20;
let built: readonly Bomb[] | undefined;

/** A compressed chunk that is small and becomes large, or says that it will. */
export function bomb(dice: Dice): Bomb {
  built ??= [
    { codec: 'gzip', bytes: gzipBomb(400) },
    { codec: 'zlib', bytes: Uint8Array.from(deflateSync(new Uint8Array(8 * mebibyte))) },
    { codec: 'zstd', bytes: zstdClaim(2n ** 50n) },
    { codec: 'zstd', bytes: zstdClaim(2n ** 31n) },
    { codec: 'zstd', bytes: zstdRuns(6000) },
    { codec: 'blosc', bytes: bloscClaim(0x7fffffff) },
    { codec: 'blosc', bytes: bloscClaim(0xfffffff0) },
    { codec: 'blosc', bytes: bloscClaim(0x10000000) },
    { codec: 'lz4', bytes: lz4Claim(0x7fffffff) },
    { codec: 'lz4', bytes: lz4Claim(0xffffffff) },
  ];
  return dice.pick(built);
}

/** Several members one after the other, which is one stream to every reader. */
function gzipBomb(sizeMiB: number): Uint8Array {
  const member = gzipSync(new Uint8Array(8 * mebibyte), { level: constants.Z_BEST_COMPRESSION });
  return joined(...Array.from({ length: Math.ceil(sizeMiB / 8) }, () => member));
}

/** A frame whose header claims a content size, and nothing in it. Source: RFC 8878, 3.1.1.1 */
function zstdClaim(size: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  // Eight bytes of content size, a single segment.
  view.setUint8(4, 0b1110_0000);
  view.setBigUint64(5, size, true);
  return bytes;
}

/** A frame without content size, of run-length blocks of 128 KiB: four bytes each. Source: RFC 8878, 3.1.1.2 */
function zstdRuns(blocks: number): Uint8Array {
  const bytes = new Uint8Array(6 + 4 * blocks);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  // Window of 128 KiB: exponent 7.
  view.setUint8(5, 7 << 3);
  for (let i = 0; i < blocks; i++) {
    const header = (i === blocks - 1 ? 1 : 0) | (1 << 1) | ((128 * 1024) << 3);
    view.setUint8(6 + 4 * i, header & 255);
    view.setUint16(7 + 4 * i, header >> 8, true);
  }
  return bytes;
}

/** Source: c-blosc, README_HEADER.rst */
function bloscClaim(size: number): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 1, 0x20, 1]);
  view.setUint32(4, size, true);
  view.setUint32(8, 0x10000, true);
  view.setUint32(12, bytes.length, true);
  return bytes;
}

/** numcodecs' lz4: the size, then one block. */
function lz4Claim(size: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, size, true);
  return bytes;
}
