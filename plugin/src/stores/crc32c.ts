/** Reflected Castagnoli polynomial. Source: RFC 3720, appendix B.4. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** CRC-32C of `bytes` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff]!;
  return (value ^ 0xffffffff) >>> 0;
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
