import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlane } from '../../plugin/src/array/plane.ts';
import type { OmeImage } from '../../plugin/src/ome/ome-image.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { type Demo, openDemo } from './open-demo.ts';

/** Written by other people's tools, below data/ome-zarr; the slice is the one a viewer shows at first. */
const images = [
  { path: 'ez_zarr/example_data_zarr3/6001240_labels_v0.5.zarr', what: '0.5, two channels, sharded' },
  { path: 'ez_zarr/example_data/plate_ones_mip.zarr/B/03/0', what: '0.4, a field of a plate, three levels' },
  {
    path: 'ome-zarr-fiji-java/testdata/4d_testing/xyzc/4d_dataset_v4.ome.zarr',
    what: '0.4, three channels, z',
  },
  { path: 'ome-zarr-fiji-java/testdata/pyramid_testing/pyramid_v4.zarr', what: '0.4, three levels, large z' },
  { path: 'ome-zarr-fiji-java/testdata/3d_testing/xyt/3d_dataset_v5.ome.zarr', what: '0.5, a time series' },
  { path: 'ome-zarr-examples/valid/image-02.zarr', what: '0.4, float64, no omero' },
  { path: 'viv-fixtures/ome-zarr/blobs_image_v05.ome.zarr', what: '0.5, float64 in three channels' },
] as const;

const located = (path: string) => sharedPath('data', 'ome-zarr', ...path.split('/'));

async function opened(path: string): Promise<OmeImage> {
  return openImage({ store: createNodeStore(located(path)), path: '', location: path }, {});
}

/** Other people's images in the built demo, over HTTP with byte ranges; nothing is computed. */
describe.skipIf(!hasShared())('images written by other tools', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo({ model: 'none' });
  });
  afterAll(() => demo?.close());

  const open = async (path: string) => {
    await demo.page.goto(`${demo.url}?model=none&src=shared/data/ome-zarr/${path}`, { waitUntil: 'load' });
    await demo.page.locator('alibi-zarr-canvas').waitFor();
    await settled();
  };
  /** Every tile in view is there. */
  const settled = async () => {
    await demo.page.waitForTimeout(300);
    await demo.page.waitForFunction(
      () => {
        const { state } = document.querySelector('alibi-zarr-viewer')!;
        return state.kind === 'open' && state.workspace.display.state.pending.size === 0;
      },
      undefined,
      { timeout: 20_000 },
    );
    await demo.page.waitForTimeout(150);
  };
  /** What the viewer reads under a place of the picture, given as parts of its width and height. */
  const pointAt = async (partX: number, partY: number) => {
    const box = (await demo.page.locator('alibi-zarr-canvas').boundingBox())!;
    await demo.page.mouse.move(box.x + box.width * partX, box.y + box.height * partY);
    await demo.page.waitForTimeout(100);
    return demo.page.evaluate(() => {
      const { reading, state } = document.querySelector('alibi-zarr-viewer')!;
      if (reading === null || state.kind !== 'open') return null;
      const { z, t } = state.workspace.display.state;
      const plain = (value: number | bigint) => Number(value);
      return {
        x: Math.floor(reading.x),
        y: Math.floor(reading.y),
        z,
        t,
        channels: [...reading.channels].map(([c, value]) => [c, plain(value)] as const),
        ids: [...reading.ids.values()].map(plain),
      };
    });
  };

  it.each(images)('draws $path ($what) and reads its stored values', async ({ path }) => {
    await open(path);
    await demo.screenshot(`image-${path.replace(/[^\w.]+/g, '-')}`);
    const image = await opened(path);
    // What is read is what is drawn: the finest level, from here on.
    if (image.levels.length > 1) for (const _ of '123') await demo.page.getByLabel('Zoom in').click();
    await settled();
    let compared = 0;
    for (const [partX, partY] of [
      [0.5, 0.5],
      [0.42, 0.61],
      [0.55, 0.4],
    ] as const) {
      const reading = await pointAt(partX, partY);
      expect(reading).not.toBeNull();
      for (const [c, value] of reading!.channels) {
        const { x, y, z, t } = reading!;
        const region = { y0: y, y1: y + 1, x0: x, x1: x + 1 };
        const { data } = await readPlane(image.pixels[0]!, { z, t, c }, region, {});
        expect(value).toBe(Number(data[0]));
        compared++;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(3);
    expect(await demo.page.getByRole('alert').count()).toBe(0);
    expect(demo.complaints).toEqual([]);
  });

  it('moves along z', async () => {
    const path = images[0].path;
    await open(path);
    const canvas = demo.page.locator('alibi-zarr-canvas');
    const before = await canvas.screenshot();
    const slider = demo.page.getByLabel('Slice along z');
    await slider.focus();
    await slider.fill('158');
    await settled();
    expect(Buffer.compare(await canvas.screenshot(), before)).not.toBe(0);
    const reading = await pointAt(0.5, 0.5);
    expect(reading?.z).toBe(158);
    const image = await opened(path);
    for (const [c, value] of reading!.channels) {
      const { x, y, z } = reading!;
      const { data } = await readPlane(
        image.pixels[0]!,
        { z, c },
        { y0: y, y1: y + 1, x0: x, x1: x + 1 },
        {},
      );
      expect(value).toBe(Number(data[0]));
    }
  });

  it('shows the labels that the image brings, with their exact ids', async () => {
    const path = images[0].path;
    await open(path);
    await demo.page.getByTitle('Show labels/0').click();
    await demo.page.getByLabel('Show 0', { exact: true }).waitFor();
    await settled();
    await demo.screenshot('image-labels');
    const image = await opened(path);
    const label = await openLabel(image, '0', {});
    const finest = label.pyramid[0]!;
    // The image is what its maker calls level 2, the labels were drawn on level 0.
    const factor = 4;
    const seen = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const reading = await pointAt(0.5 + 0.025 * i, 0.15 + 0.05 * i);
      const exact = await demo.page.evaluate(() => {
        const { reading } = document.querySelector('alibi-zarr-viewer')!;
        return reading && { x: reading.x, y: reading.y };
      });
      const x = Math.floor(exact!.x * factor);
      const y = Math.floor(exact!.y * factor);
      const { data } = await readPlane(finest, { z: reading!.z }, { y0: y, y1: y + 1, x0: x, x1: x + 1 }, {});
      expect(reading!.ids[0]).toBe(Number(data[0]));
      seen.add(Number(data[0]));
    }
    expect(seen.size).toBeGreaterThan(1);
  });
});

/** Pixels that are not square, in a file made here: 120 × 40 of them, three times as high as wide. */
describe('an image whose pixels are not square', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo({ model: 'none' });
    const files: Readonly<Record<string, string | Uint8Array>> = {
      '.zgroup': JSON.stringify({ zarr_format: 2 }),
      '.zattrs': JSON.stringify({
        multiscales: [
          {
            version: '0.4',
            name: 'oblong',
            axes: ['y', 'x'].map((name) => ({ name, type: 'space', unit: 'micrometer' })),
            datasets: [{ path: '0', coordinateTransformations: [{ type: 'scale', scale: [3, 1] }] }],
          },
        ],
      }),
      '0/.zarray': JSON.stringify({
        zarr_format: 2,
        shape: [40, 120],
        chunks: [40, 120],
        dtype: '|u1',
        compressor: null,
        filters: null,
        fill_value: 0,
        order: 'C',
        dimension_separator: '/',
      }),
      // Never black: what is black on the screen is not the image.
      '0/0/0': Uint8Array.from({ length: 40 * 120 }, (_, i) => 100 + ((i % 120) + Math.floor(i / 120)) / 2),
    };
    for (const [path, content] of Object.entries(files)) {
      const file = join(demo.scratch, 'oblong.zarr', path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    await demo.page.goto(`${demo.url}?model=none&src=scratch/oblong.zarr`, { waitUntil: 'load' });
    await demo.page.locator('alibi-zarr-canvas').waitFor();
    await demo.page.waitForTimeout(800);
  });
  afterAll(() => demo?.close());

  const place = async (x: number, y: number) => {
    await demo.page.mouse.move(x, y);
    await demo.page.waitForTimeout(100);
    return demo.page.evaluate(() => {
      const { reading } = document.querySelector('alibi-zarr-viewer')!;
      return reading && { x: reading.x, y: reading.y, value: Number(reading.channels.get(0)) };
    });
  };

  it('is drawn in its physical proportion, read by its pixels, and painted where it is touched', async () => {
    const box = (await demo.page.locator('alibi-zarr-canvas').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const middle = (await place(x, y))!;
    expect([middle.x, middle.y]).toEqual([60, 20]);
    const right = (await place(x + 150, y))!;
    const down = (await place(x, y + 150))!;
    // As far on the screen is as far in micrometres: a third of the pixels.
    expect((right.x - 60) / (down.y - 20)).toBeCloseTo(3, 5);
    for (const { x, y, value } of [middle, right, down])
      expect(value).toBe(Math.floor(100 + (Math.floor(x) + Math.floor(y)) / 2));

    await demo.page.locator('#start-classes').click();
    await demo.page.mouse.move(x, y);
    await demo.page.mouse.down();
    await demo.page.mouse.move(x + 150, y + 150, { steps: 5 });
    await demo.page.mouse.up();
    await demo.screenshot('image-oblong');
    const points = await demo.page.evaluate(
      () => document.querySelector('alibi-zarr-viewer')!.session!.strokes[0]!.points,
    );
    expect(points.slice(0, 2)).toEqual([60, 20]);
    expect(points.at(-2)).toBeCloseTo(right.x, 3);
    expect(points.at(-1)).toBeCloseTo(down.y, 3);
  });
});
