import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchFiles } from '../../src/bench/bench-files.ts';
import { resizedSquare, squaresOf } from '../../src/bench/bench-images.ts';
import { ALL, EXACT, listPages, openImage } from '../../src/bench/image-file.ts';
import { openSources } from '../../src/finetune/sources.ts';
import { TIFFS } from './tiff-files.ts';

const [HEIGHT, WIDTH] = [21, 19];

/** What `tiff-files.ts` says is in the files, over what white is. */
function pattern(
  channels: number,
  o: { readonly factor: number; readonly bits: number; readonly page?: number },
) {
  const white = 2 ** o.bits - 1;
  return Float32Array.from({ length: HEIGHT * WIDTH * channels }, (_, i) => {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [y, x] = [Math.floor(pixel / WIDTH), pixel % WIDTH];
    return (((37 * y + 101 * x + 53 * c + 11 * (o.page ?? 0)) * o.factor) % 2 ** o.bits) / white;
  });
}

const BYTE = { factor: 1, bits: 8 };
const WORD = { factor: 211, bits: 16 };

describe('TIFF', () => {
  let dir = '';
  const at = (name: string): string => join(dir, name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-tiff-'));
    for (const [name, text] of Object.entries(TIFFS)) {
      await writeFile(at(`${name}.tif`), Buffer.from(text, 'base64'));
    }
  });
  afterAll(() => rm(dir, { recursive: true }));

  it.each([
    ['grey8Strips', 1, BYTE],
    ['grey16BigEndianTiles', 1, WORD],
    ['rgb8Tiles', 3, BYTE],
    ['rgb16Planes', 3, WORD],
    ['whiteIsZero', 1, BYTE],
    ['bigTiff', 1, WORD],
    ['rgb8LzwPredictor', 3, BYTE],
    ['grey16Lzw', 1, WORD],
  ] as const)('%s: the samples that were written', async (name, channels, kind) => {
    const image = await openImage(at(`${name}.tif`), EXACT);
    expect(image).toMatchObject({ height: HEIGHT, width: WIDTH, channels, white: 2 ** kind.bits - 1 });
    const expected = pattern(channels, kind);
    const worst = Math.max(...image.data.map((value, i) => Math.abs(value - (expected[i] ?? 9))));
    expect(worst).toBeLessThan(1e-6);
  });

  it('float32 lies in its own range, a palette is red, green and blue', async () => {
    const float = await openImage(at('float32.tif'), EXACT);
    const values = [...pattern(1, BYTE)].map((value) => value * 255);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    expect(float.data[5]).toBeCloseTo(((values[5] ?? 0) - low) / (high - low), 6);
    expect([Math.min(...float.data), Math.max(...float.data)]).toEqual([0, 1]);
    const palette = await openImage(at('palette.tif'), EXACT);
    // Column 1 of row 0 is 101 mod 4 = 1.
    expect([...palette.data.subarray(3, 6)].map((value) => Math.round(255 * value))).toEqual([200, 100, 50]);
  });

  it('of several pages is several images; a smaller copy of a page is none', async () => {
    const path = at('pages.tif');
    const pages = await listPages([path, at('bigTiff.tif')]);
    expect(pages).toEqual([`${path}#1`, `${path}#2`, `${path}#3`, at('bigTiff.tif')]);
    for (const page of [0, 1, 2]) {
      const { data } = await openImage(pages[page] ?? '', ALL);
      expect(data).toEqual(pattern(1, { ...BYTE, page }));
    }
    await expect(openImage(`${path}#4`, ALL)).rejects.toThrow(/no page 4 of 3/);
    const [source] = await openSources(dir, { seed: 1, signal: new AbortController().signal });
    expect(source?.count).toBe(Object.keys(TIFFS).length + 2);
    const names = Array.from({ length: source?.count ?? 0 }, (_, n) => source?.nameOf(n));
    expect(names).toContain('pages.tif#2');
    const { data, channels } = (await source?.open(names.indexOf('pages.tif#2'))) ?? {
      data: [],
      channels: 0,
    };
    // Black and white points: the 0.1 and 99.9 percentiles of 399 values are the least and the largest.
    const page = [...pattern(1, { ...BYTE, page: 1 })];
    const [least, most] = [Math.min(...page), Math.max(...page)];
    expect(channels).toBe(1);
    expect(data[7]).toBeCloseTo(((page[7] ?? 0) - least) / (most - least), 5);
    const given = await benchFiles([join(dir, 'manifest.json'), path], 'test');
    expect(given.images).toHaveLength(3);
  });

  it('16 bits that use a small part of their range are shown between black and white points, as from a PNG', async () => {
    const data = Uint16Array.from({ length: 400 }, (_, i) => 100 + i);
    await writeFile(at('dim.png'), encode({ width: 20, height: 20, channels: 1, depth: 16, data }));
    const image = await openImage(at('dim.png'), EXACT);
    const o = { mean: [0, 0, 0], std: [1, 1, 1], sizePx: 20 } as const;
    for (const square of [resizedSquare(image, o), squaresOf(image, o)[0]]) {
      expect(square?.data[0]).toBe(0);
      expect(square?.data[200]).toBeCloseTo(200 / 399, 5);
      expect(square?.data[399]).toBe(1);
    }
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 120), 'InvalidInput'],
    ['without its directory', (bytes: Buffer) => bytes.subarray(0, 8), 'InvalidInput'],
    [
      'whose pages go round',
      (bytes: Buffer) => {
        // The directory's own place as that of the next one.
        const [first, copy] = [bytes.readUInt32LE(4), Buffer.from(bytes)];
        copy.writeUInt32LE(first, first + 2 + 12 * bytes.readUInt16LE(first));
        return copy;
      },
      'InvalidInput',
    ],
    ['of another format', () => Buffer.from('GIF89a and more'), 'UnsupportedFormat'],
  ])('a file %s is a typed error that names it', async (_, change, tag) => {
    const path = at('bad.tif');
    await writeFile(path, change(Buffer.from(TIFFS.grey8Strips, 'base64')));
    const error: unknown = await openImage(path, ALL).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AlibiError);
    expect(error).toMatchObject({ tag, where: path });
    await rm(path);
  });

  it('refuses what it would show wrongly, and formats that are not asked for', async () => {
    await expect(openImage(at('fourSamples.tif'), ALL)).rejects.toThrow(/colours/);
    await writeFile(at('photo.bin'), Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    await expect(openImage(at('photo.bin'), EXACT)).rejects.toThrow(/JPEG has altered/);
    await expect(openImage(at('nowhere.tif'), ALL)).rejects.toThrow(/nowhere\.tif/);
  });
});
