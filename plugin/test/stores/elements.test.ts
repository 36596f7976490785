import { describe, expect, it } from 'vitest';
import { checkedCrc32c, crc32, crc32c, withCrc32c } from '../../src/stores/crc32c.ts';
import { decodeElements, encodeElements, narrowToHalf, widenHalf } from '../../src/stores/elements.ts';
import { fillValueJson, isFilledWith, parseFillValue } from '../../src/stores/fill-value.ts';

describe('float16', () => {
  // Source: IEEE 754-2008, table 3.5 and the worked examples of binary16.
  it.each([
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 2 ** -14 - 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ])('%i is %d', (bits, value) => {
    expect(widenHalf(bits)).toBe(value);
    expect(narrowToHalf(value)).toBe(bits);
  });

  it('comes back from every one of its 65536 patterns', () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      const nan = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
      if (narrowToHalf(widenHalf(bits)) !== (nan ? 0x7e00 : bits)) wrong.push(bits);
    }
    // −0 is the one pattern whose sign a product with 0 must keep.
    expect(wrong).toEqual([]);
  });

  it('rounds to the nearest, ties to even', () => {
    const step = 2 ** -10;
    expect(narrowToHalf(1 + step / 2)).toBe(0x3c00);
    expect(narrowToHalf(1 + (3 * step) / 2)).toBe(0x3c02);
    expect(narrowToHalf(1 + step * 0.51)).toBe(0x3c01);
    expect(narrowToHalf(65519.99)).toBe(0x7bff);
    expect(narrowToHalf(65520)).toBe(0x7c00);
    expect(narrowToHalf(2 ** -25)).toBe(0);
    expect(narrowToHalf(2 ** -25 * 1.01)).toBe(1);
  });
});

describe('elements', () => {
  it('decodes either byte order, from unaligned bytes', () => {
    const bytes = new Uint8Array([9, 0x12, 0x34, 0x56, 0x78]).subarray(1);
    expect([...decodeElements(bytes, 'uint16', 'big')]).toEqual([0x1234, 0x5678]);
    expect([...decodeElements(bytes, 'uint16', 'little')]).toEqual([0x3412, 0x7856]);
    expect([...decodeElements(bytes, 'int8', 'big')]).toEqual([0x12, 0x34, 0x56, 0x78]);
  });

  it('encodes little-endian', () => {
    expect([...encodeElements(new Uint32Array([0x12345678]), 'uint32')]).toEqual([0x78, 0x56, 0x34, 0x12]);
    expect([...encodeElements(new Float32Array([1, -2]), 'float16')]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
  });
});

describe('checksums', () => {
  const digits = new TextEncoder().encode('123456789');

  // Source: the check values of the CRC catalogue (reveng) for CRC-32/ISCSI and CRC-32/ISO-HDLC.
  it('give the published check values', () => {
    expect(crc32c(digits)).toBe(0xe3069283);
    expect(crc32(digits)).toBe(0xcbf43926);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('find a changed bit', () => {
    const bytes = withCrc32c(digits);
    expect(checkedCrc32c(bytes)).toEqual(digits);
    bytes[3]! ^= 1;
    expect(() => checkedCrc32c(bytes)).toThrow('does not agree');
    expect(() => checkedCrc32c(new Uint8Array(3))).toThrow('too short');
  });
});

describe('fill values', () => {
  it.each([
    ['float32', 'NaN', Number.NaN],
    ['float32', '0x7fc00000', Number.NaN],
    ['float32', '0x3f800000', 1],
    ['float64', '-Infinity', Number.NEGATIVE_INFINITY],
    ['float64', '0x3ff0000000000000', 1],
    ['float16', '0x3c00', 1],
    ['float16', 0.1, 0.0999755859375],
    ['float32', 0.1, Math.fround(0.1)],
    ['uint8', 255, 255],
    ['bool', true, 1],
    ['uint16', null, 0],
    ['int64', null, 0n],
  ] as const)('%s %s', (dtype, value, expected) => {
    expect(parseFillValue(dtype, value, undefined)).toBe(expected);
  });

  it.each([
    ['uint8', 256],
    ['uint8', -1],
    ['int16', 1.5],
    ['uint8', '0x01'],
    ['float32', '0x3f80'],
    ['float32', 'nan'],
    ['bool', 2],
  ] as const)('%s refuses %s', (dtype, value) => {
    expect(parseFillValue(dtype, value, undefined)).toBeUndefined();
  });

  it('keeps all digits of 64-bit integers', () => {
    expect(parseFillValue('uint64', 2 ** 64, '18446744073709551615')).toBe(2n ** 64n - 1n);
    expect(fillValueJson('uint64', 2n ** 64n - 1n)).toBe('18446744073709551615');
    expect(fillValueJson('float32', Number.NaN)).toBe('"NaN"');
    expect(fillValueJson('float64', -0)).toBe('-0.0');
    expect(fillValueJson('bool', 1)).toBe('true');
  });
});

describe('isFilledWith', () => {
  const kinds = [Uint8Array, Int16Array, Uint32Array, Float32Array, Float64Array];

  it('finds one different element wherever it is, at any alignment and length', () => {
    for (const Kind of kinds) {
      for (let length = 1; length < 20; length++) {
        for (let start = 0; start < 4; start++) {
          const data = new Kind(length + start).fill(3).subarray(start);
          expect(isFilledWith(data, 3)).toBe(true);
          expect(isFilledWith(data, 4)).toBe(false);
          for (let i = 0; i < length; i++) {
            const changed = new Kind(length + start).fill(3).subarray(start);
            changed[i] = 5;
            expect(isFilledWith(changed, 3)).toBe(false);
          }
        }
      }
    }
  });

  it('tells −0 from 0 and knows NaN and 64-bit integers', () => {
    expect(isFilledWith(new Float32Array([0, -0]), 0)).toBe(false);
    expect(isFilledWith(new Float32Array(5).fill(Number.NaN), Number.NaN)).toBe(true);
    expect(isFilledWith(new BigUint64Array(3).fill(2n ** 63n), 2n ** 63n)).toBe(true);
    expect(isFilledWith(new BigInt64Array([1n, 2n ** 32n + 1n]), 1n)).toBe(false);
    expect(isFilledWith(new Uint8Array(0), 9)).toBe(true);
  });
});
