import type { Compressor } from './compression.ts';

/** What the largest chunk may take, compressed or not: more than any viewer can hold several of. */
export const chunkByteLimit = 256 * 2 ** 20;

/** The most that `bytes` of data can take once they were compressed, by whichever codec: none adds more. */
export function packedLimit(bytes: number): number {
  return bytes + Math.ceil(bytes / 8) + 2 ** 16;
}

/**
 * How many bytes a compressed chunk says, or shows by its blocks, that it becomes; told from headers alone.
 *
 * @returns  an upper bound; undefined where only decoding tells (gzip, zlib), or the bytes are damaged and decoding will say so
 * Source: c-blosc README_HEADER.rst; RFC 8878, 3.1.1; numcodecs lz4 (a 32-bit size, then one block)
 */
export function claimedSize(name: Compressor, bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === 'blosc') return view.byteLength < 16 ? undefined : view.getUint32(4, true);
  if (name === 'lz4') return view.byteLength < 4 ? undefined : view.getUint32(0, true);
  return name === 'zstd' ? zstdSize(view) : undefined;
}

const zstdMagic = 0xfd2fb528;
const mostOfBlock = 128 * 1024;

function zstdSize(view: DataView): number | undefined {
  if (view.byteLength < 6 || view.getUint32(0, true) !== zstdMagic) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (at + sizeBytes > view.byteLength) return undefined;
  if (sizeBytes === 0) return zstdBlocks(view, at);
  if (sizeBytes === 1) return view.getUint8(at);
  if (sizeBytes === 2) return view.getUint16(at, true) + 256;
  return sizeBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Sum of what the blocks of a frame become at most, for frames that do not say it. */
function zstdBlocks(view: DataView, start: number): number {
  let sum = 0;
  for (let at = start; at + 3 <= view.byteLength; ) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const size = header >> 3;
    const kind = (header >> 1) & 3;
    // Raw blocks are as they are, one byte stands for a whole run, what is compressed becomes 128 KiB at most.
    sum += kind === 2 ? mostOfBlock : size;
    if ((header & 1) === 1) break;
    at += 3 + (kind === 1 ? 1 : size);
  }
  return sum;
}
