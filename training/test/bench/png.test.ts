import { deflateSync } from 'node:zlib';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { readPng } from '../../src/bench/png.ts';

/** A PNG chunk; its checksum by the bitwise definition (W3C PNG, annex D). */
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(~crc >>> 0);
  return Buffer.concat([length, body, check]);
}

function png(
  header: { width: number; height: number; depth: number; colour: number },
  rows: readonly (readonly number[])[],
  palette?: Uint8Array,
): Buffer {
  const start = Buffer.alloc(13);
  start.writeUInt32BE(header.width, 0);
  start.writeUInt32BE(header.height, 4);
  start.set([header.depth, header.colour, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', start),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
    chunk('IEND', new Uint8Array()),
  ]);
}

describe('readPng', () => {
  it('reads grey of 1, 2, 4, 8 and 16 bits from 0 to 1', () => {
    const one = readPng(
      png({ width: 10, height: 2, depth: 1, colour: 0 }, [
        [0b10100000, 0b01000000],
        [255, 192],
      ]),
      'x',
    );
    expect([...one.data]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0, 1, ...new Array(10).fill(1)]);
    const two = readPng(png({ width: 3, height: 1, depth: 2, colour: 0 }, [[0b00011100]]), 'x');
    expect([...two.data]).toEqual([0, Math.fround(1 / 3), 1]);
    const four = readPng(png({ width: 3, height: 1, depth: 4, colour: 0 }, [[0x0f, 0x30]]), 'x');
    expect([...four.data]).toEqual([0, 1, Math.fround(3 / 15)]);
    const eight = readPng(png({ width: 2, height: 1, depth: 8, colour: 0 }, [[51, 255]]), 'x');
    expect([...eight.data]).toEqual([Math.fround(0.2), 1]);
    const sixteen = readPng(
      png({ width: 2, height: 1, depth: 16, colour: 0 }, [[0x33, 0x33, 0xff, 0xff]]),
      'x',
    );
    expect([...sixteen.data]).toEqual([Math.fround(0.2), 1]);
  });

  it('reads palettes and colour, and leaves transparency out', () => {
    const palette = Uint8Array.of(255, 0, 0, 0, 51, 255);
    const indexed = readPng(png({ width: 3, height: 1, depth: 2, colour: 3 }, [[0b01000100]], palette), 'x');
    expect(indexed.channels).toBe(3);
    expect([...indexed.data]).toEqual([0, 0.2, 1, 1, 0, 0, 0, 0.2, 1].map(Math.fround));
    const alpha = encode({ width: 1, height: 1, channels: 4, depth: 8, data: Uint8Array.of(0, 51, 255, 7) });
    expect([...readPng(alpha, 'x').data]).toEqual([0, 0.2, 1].map(Math.fround));
    const greyAlpha = encode({ width: 1, height: 1, channels: 2, depth: 8, data: Uint8Array.of(51, 7) });
    expect(readPng(greyAlpha, 'x')).toMatchObject({ channels: 1, data: Float32Array.of(0.2) });
  });

  it('says what is wrong, and where', () => {
    const whole = png({ width: 2, height: 1, depth: 8, colour: 0 }, [[51, 255]]);
    expect(() => readPng(Buffer.from('GIF89a and more'), 'a.gif')).toThrow(/a\.gif.*PNG/s);
    expect(() => readPng(whole.subarray(0, 40), 'cut.png')).toThrow(AlibiError);
    expect(() => readPng(new Uint8Array(), 'empty.png')).toThrow(AlibiError);
  });
});
