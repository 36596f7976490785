import { describe, expect, it } from 'vitest';
import { readIdPng } from '../../../src/bench/segmentation/id-image.ts';
import { greyPng, palettePng, pngBytes } from './png-bytes.ts';

describe('readIdPng', () => {
  it('gives the indices of a palette, void included, not its colours', () => {
    const { height, width, data } = readIdPng(palettePng(3, [0, 20, 255, 1, 15, 0]), 'a.png');
    expect([height, width, ...data]).toEqual([2, 3, 0, 20, 255, 1, 15, 0]);
  });

  it('gives instance ids beyond 8 bits', () => {
    const rows = [[0, 7, 1, 0x2c]]; // 7 and 0x012c = 300
    expect([...readIdPng(pngBytes({ width: 2, depth: 16, colourType: 0, rows }), 'a.png').data]).toEqual([
      7, 300,
    ]);
  });

  it('unpacks pixels of less than a byte, rows beginning with a byte of their own', () => {
    // 4 bits: 1 2 3 | 15 0 9
    const four = pngBytes({
      width: 3,
      depth: 4,
      colourType: 0,
      rows: [
        [0x12, 0x30],
        [0xf0, 0x90],
      ],
    });
    expect([...readIdPng(four, 'a.png').data]).toEqual([1, 2, 3, 15, 0, 9]);
    // 2 bits: 3 0 1 2 1 → 11 00 01 10 | 01
    const palette = Array.from({ length: 12 }, () => 9);
    const two = pngBytes({ width: 5, depth: 2, colourType: 3, rows: [[0b11000110, 0b01000000]], palette });
    expect([...readIdPng(two, 'a.png').data]).toEqual([3, 0, 1, 2, 1]);
  });

  it.each([
    [Buffer.from('not a picture'), 'not a PNG'],
    [pngBytes({ width: 1, depth: 8, colourType: 2, rows: [[1, 2, 3]] }), '3 channels'],
    [greyPng(2, [1, 2]).subarray(0, 40), 'damaged'],
  ])('refuses what holds no integers (%#)', (bytes, text) => {
    expect(() => readIdPng(bytes, 'a.png')).toThrow(text);
  });
});
