/** Reflected polynomials. Sources: RFC 3720, appendix B.4 (Castagnoli); APPNOTE.TXT 4.4.7 (ZIP). */
const castagnoli = tableOf(0x82f63b78);
const zip = tableOf(0xedb88320);

function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}

function checksum(bytes: Uint8Array, table: Uint32Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff]!;
  return (value ^ 0xffffffff) >>> 0;
}

/** CRC-32C of `bytes` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  return checksum(bytes, castagnoli);
}

/** The CRC-32 of ZIP files. */
export function crc32(bytes: Uint8Array): number {
  return checksum(bytes, zip);
}

/** `bytes` followed by their checksum, little-endian, as the Zarr codec `crc32c` stores them. */
export function withCrc32c(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 4);
  out.set(bytes);
  new DataView(out.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return out;
}

/**
 * The bytes before the checksum.
 *
 * @throws Error  the checksum does not agree, or there is none
 */
export function checkedCrc32c(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error('crc32c: too short to hold a checksum');
  const body = bytes.subarray(0, bytes.length - 4);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + body.length, 4).getUint32(0, true);
  if (crc32c(body) !== stored) throw new Error('crc32c: the checksum does not agree');
  return body;
}
