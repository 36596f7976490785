import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseSegmentationResult, type SegmentationResult } from 'alibi-zarr-schemas';
import { encode } from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli.ts';
import { writeRandomCheckpoint } from '../../../src/random-checkpoint.ts';
import { greyPng, palettePng } from './png-bytes.ts';

const SIDE = 28;
type Colour = readonly [red: number, green: number, blue: number];
const RED: Colour = [220, 20, 20];
const BLUE: Colour = [20, 20, 220];

/** A JPEG of one colour. */
function jpeg([red, green, blue]: Colour): Buffer {
  const data = Buffer.from(Array.from({ length: SIDE ** 2 }, () => [red, green, blue, 255]).flat());
  return encode({ width: SIDE, height: SIDE, data }, 95).data;
}

/** One id a row. */
const rows = (idOf: (row: number) => number): number[] =>
  Array.from({ length: SIDE ** 2 }, (_, i) => idOf(Math.floor(i / SIDE)));

// Red images are the data set's first class and blue ones its second, in training; an image of one colour gets one
// class throughout. Of the validation images the red one is what it seems. The blue one is said to be the second class in its upper
// half (14 rows), the third below, and void in its last two rows:
//   first   both 784, either 784           IoU 1
//   second  both 14 · 28 = 392, either 392 + 12 · 28 = 728   IoU 392 / 728
//   third   both 0, either 336             IoU 0
// and other classes are in neither. 1512 pixels count, 784 + 392 of them right.
const MIOU = (1 + 392 / 728 + 0) / 3;
const ACCURACY = (784 + 392) / 1512;

describe('alibi-train bench segmentation', () => {
  let dir = '';
  let manifest = '';
  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), bytes);
  };
  const run = async (argv: readonly string[], signal = new AbortController().signal) => {
    const out: string[] = [];
    const err: string[] = [];
    const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), signal };
    return {
      code: await main(['bench', 'segmentation', ...argv], io),
      out: out.join('\n'),
      err: err.join('\n'),
    };
  };
  const measured = async (argv: readonly string[]): Promise<SegmentationResult> => {
    const { code, out, err } = await run([manifest, '--size', `${SIDE}`, '--json', ...argv]);
    expect([code, err]).toEqual([0, expect.not.stringContaining('alibi-train:')]);
    const parsed = parseSegmentationResult(JSON.parse(out));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    return parsed.value;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-segmentation-'));
    await writeRandomCheckpoint(join(dir, 'model'));
    manifest = join(dir, 'model', 'manifest.json');
    const voc = 'VOCdevkit/VOC2012';
    const items: [name: string, colour: Colour, ids: number[]][] = [
      ['2007_1', RED, rows(() => 0)],
      // The border of objects is void in VOC.
      ['2007_2', BLUE, rows((row) => (row === 0 ? 255 : 1))],
      ['2007_3', RED, rows(() => 0)],
      ['2007_4', BLUE, rows((row) => (row >= 26 ? 255 : row < 14 ? 1 : 2))],
    ];
    for (const [name, colour, ids] of items) {
      await put(`${voc}/JPEGImages/${name}.jpg`, jpeg(colour));
      await put(`${voc}/SegmentationClass/${name}.png`, palettePng(SIDE, ids));
    }
    await put(`${voc}/ImageSets/Segmentation/train.txt`, Buffer.from('2007_1\n2007_2\n'));
    await put(`${voc}/ImageSets/Segmentation/val.txt`, Buffer.from('2007_3\r\n2007_4\r\n'));
    const ade = 'ADEChallengeData2016';
    // The same with ids from 1, 0 where nothing is annotated.
    const parts = { training: items.slice(0, 2), validation: items.slice(2) };
    for (const [part, list] of Object.entries(parts)) {
      for (const [name, colour, ids] of list) {
        await put(`${ade}/images/${part}/ADE_${name}.jpg`, jpeg(colour));
        const stored = ids.map((id) => (id === 255 ? 0 : id + 1));
        await put(`${ade}/annotations/${part}/ADE_${name}.png`, greyPng(SIDE, stored));
      }
    }
  });
  afterAll(() => rm(dir, { recursive: true }));

  it.each([
    ['voc12', '.', 21],
    ['voc12', 'VOCdevkit', 21],
    ['voc12', 'VOCdevkit/VOC2012', 21],
    ['ade20k', '.', 150],
    ['ade20k', 'ADEChallengeData2016', 150],
  ])('counts over the whole of %s, found from %s', async (layout, folder, classes) => {
    const result = await measured(['--data', join(dir, folder), '--layout', layout]);
    expect(result).toMatchObject({ layout, sizePx: SIDE, trainImages: 2, valImages: 2, shots: null });
    // Every pixel that counts: 784 of the red image and 784 less a row of void of the blue one.
    expect(result.samples).toBe(784 + 756);
    expect(result.classes).toHaveLength(classes);
    expect(result.classes.slice(0, 4).map(({ iou, trainImages }) => [iou, trainImages])).toEqual([
      [1, 1],
      [Number((392 / 728).toFixed(6)), 1],
      [0, 0],
      [null, 0],
    ]);
    expect(result.miou).toBeCloseTo(MIOU, 6);
    expect(result.accuracy).toBeCloseTo(ACCURACY, 6);
    // Fewer than a batch of 64: one batch.
    expect(result.batchMiou).toBeCloseTo(MIOU, 6);
  });

  it('trains on few images of each class and few pixels of each', async () => {
    const argv = ['--data', dir, '--layout', 'voc12', '--shots', '1', '--samples', '100'];
    const result = await measured(argv);
    expect(result).toMatchObject({ shots: 1, trainImages: 2, samples: 100 });
    expect(result.miou).toBeCloseTo(MIOU, 6);
    expect(result.figures[0]?.name).toBe('mIoU voc12, 1 shots');
    expect(await measured(argv)).toEqual(result);
  });

  it('is interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    const argv = [manifest, '--data', dir, '--layout', 'voc12'];
    expect((await run(argv, controller.signal)).code).toBe(130);
  });

  describe('refuses', () => {
    beforeAll(async () => {
      const voc = 'bad/VOCdevkit/VOC2007';
      await put(`${voc}/JPEGImages/a.jpg`, jpeg(RED));
      await put(`${voc}/JPEGImages/b.jpg`, jpeg(RED).subarray(0, 300));
      await put(
        `${voc}/SegmentationClass/a.png`,
        palettePng(
          SIDE,
          rows(() => 21),
        ),
      );
      await put(
        `${voc}/SegmentationClass/b.png`,
        palettePng(
          SIDE,
          rows(() => 0),
        ),
      );
      await put(`${voc}/ImageSets/Segmentation/train.txt`, Buffer.from('a\n'));
      await put(`${voc}/ImageSets/Segmentation/val.txt`, Buffer.from('a\n'));
      await put('cut/VOC2007/ImageSets/Segmentation/train.txt', Buffer.from('b'));
      await put('cut/VOC2007/ImageSets/Segmentation/val.txt', Buffer.from('b'));
      await put('cut/VOC2007/JPEGImages/b.jpg', jpeg(RED).subarray(0, 300));
      await put('empty/VOC2007/ImageSets/Segmentation/train.txt', Buffer.from('\n'));
      await put('empty/VOC2007/ImageSets/Segmentation/val.txt', Buffer.from('a\n'));
      await put('gone/VOC2007/ImageSets/Segmentation/train.txt', Buffer.from('x'));
      await put('gone/VOC2007/ImageSets/Segmentation/val.txt', Buffer.from('x'));
    });
    it.each([
      [[], '--data'],
      [['--data', 'bad'], '--layout'],
      [['--data', 'bad', '--layout', 'coco'], 'not one of voc07, voc12, ade20k'],
      [['--data', 'bad', '--layout', 'voc12'], 'there is no VOCdevkit/VOC2012'],
      [['--data', 'bad', '--layout', 'ade20k'], 'there is no ADEChallengeData2016'],
      [['--data', 'bad', '--layout', 'voc07'], '21 is no class of this data set'],
      [['--data', 'cut', '--layout', 'voc07'], 'the JPEG cannot be decoded'],
      [['--data', 'empty', '--layout', 'voc07'], 'it names no image'],
      [['--data', 'gone', '--layout', 'voc07'], 'the image cannot be read'],
      [['--data', 'bad', '--layout', 'voc07', '--shots', '0'], '--shots'],
    ])('%j in one line', async (argv, text) => {
      const there = argv.map((part, i) => (argv[i - 1] === '--data' ? join(dir, part) : part));
      const { code, err } = await run([manifest, ...there]);
      expect(code).toBe(2);
      expect(err.split('\n').at(-1)).toContain(text);
    });
  });
});
