/** Element types of checkpoint files that hold weights; everything is read as float32. */
export type FloatType = 'float32' | 'float64' | 'float16' | 'bfloat16';

export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
};

/** @param bytes  little-endian; @returns float32 (float64 is rounded), owned by the caller */
export function toFloat32(bytes: Uint8Array, type: FloatType): Float32Array {
  const size = FLOAT_BYTES[type];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const count = Math.floor(bytes.byteLength / size);
  const { buffer, byteOffset } = aligned;
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count).slice();
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case 'bfloat16': {
      const bits = Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (value) => value << 16);
      return new Float32Array(bits.buffer);
    }
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToNumber);
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
