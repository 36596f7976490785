import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

/** Runs where it is put into a page as HTML. */
const html = (what: string): string => `<img src=x onerror="window.ran='${what}'">${what}`;

/** An image of 0.4 all of whose names are HTML, with labels whose names are. */
async function writeHostileImage(folder: string): Promise<void> {
  const write = async (path: string, content: unknown) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content instanceof Uint8Array ? content : JSON.stringify(content));
  };
  const array = (shape: number[]) => ({
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype: '|u1',
    fill_value: 0,
    order: 'C',
    compressor: null,
    filters: null,
    dimension_separator: '/',
  });
  const unit = html('unit');
  const axes = [
    { name: html('axis'), type: 'channel' },
    { name: 'y', type: 'space', unit },
    { name: 'x', type: 'space', unit },
  ];
  const datasets = (rank: number) => [
    { path: '0', coordinateTransformations: [{ type: 'scale', scale: Array(rank).fill(1) }] },
  ];
  await write('.zgroup', { zarr_format: 2 });
  await write('.zattrs', {
    multiscales: [{ version: '0.4', name: html('image'), axes, datasets: datasets(3) }],
    omero: {
      channels: [0, 1].map((i) => ({
        label: html(`channel${i}`),
        color: '00FF00"><script>window.ran="color"</script>',
        window: { start: 0, end: 255, min: 0, max: 255 },
      })),
    },
  });
  await write('0/.zarray', array([2, 64, 64]));
  await write(
    '0/0/0/0',
    Uint8Array.from({ length: 2 * 64 * 64 }, (_, i) => (i * i) % 251),
  );
  // Slashes part a path: the label's own name has none.
  const label = `<img src=x onerror=window.ran='label'>`;
  await write('labels/.zgroup', { zarr_format: 2 });
  await write('labels/.zattrs', { labels: [label] });
  await write(`labels/${label}/.zgroup`, { zarr_format: 2 });
  await write(`labels/${label}/.zattrs`, {
    multiscales: [{ version: '0.4', name: label, axes: axes.slice(1), datasets: datasets(2) }],
    'image-label': {
      version: '0.4',
      colors: [{ 'label-value': 1, rgba: [255, 0, 0, 255] }],
      properties: [{ 'label-value': 1, name: html('class'), class: html('class') }],
      source: { image: 'javascript:window.ran="source"' },
    },
  });
  await write(`labels/${label}/0/.zarray`, array([64, 64]));
  await write(`labels/${label}/0/0/0`, new Uint8Array(64 * 64).fill(1));
}

describe('an image whose names are HTML', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo();
    await writeHostileImage(join(demo.scratch, 'hostile.zarr'));
    await demo.page.goto(`${demo.url}?src=scratch/hostile.zarr&model=none`, { waitUntil: 'load' });
  }, 60_000);
  afterAll(() => demo?.close());

  it('shows them as text and runs nothing', async () => {
    const { page } = demo;
    await page.locator('alibi-zarr-canvas').waitFor({ timeout: 60_000 });
    for (const name of [html('image'), html('channel0'), html('channel1')]) {
      await page
        .getByText(name, { exact: false })
        .or(page.getByLabel(name))
        .first()
        .waitFor({ timeout: 30_000 });
    }
    await page.getByTitle(/^Show labels\/</).click();
    await page
      .getByLabel(/^Show <img/)
      .first()
      .waitFor({ timeout: 30_000 });
    // Class and value under the pointer.
    const box = (await page.locator('alibi-zarr-canvas').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.getByText(html('class')).first().waitFor({ timeout: 30_000 });
    await demo.screenshot('hostile-names');
    const { ran, images, scripts } = await page.evaluate(() => {
      const found = { images: 0, scripts: 0 };
      const walk = (root: Document | ShadowRoot | Element): void => {
        for (const element of root.querySelectorAll('*')) {
          if (element instanceof HTMLImageElement && element.getAttribute('src') === 'x') found.images++;
          if (element instanceof HTMLScriptElement && element.textContent?.includes('ran')) found.scripts++;
          if (element.shadowRoot) walk(element.shadowRoot);
        }
      };
      walk(document);
      return { ran: Reflect.get(window, 'ran'), ...found };
    });
    expect({ ran, images, scripts }).toEqual({ ran: undefined, images: 0, scripts: 0 });
  });

  it('and its error messages are text as well', async () => {
    const { page } = demo;
    await page.goto(`${demo.url}?src=${encodeURIComponent(`scratch/${html('missing')}.zarr`)}&model=none`, {
      waitUntil: 'load',
    });
    await page.getByRole('alert').first().waitFor({ timeout: 30_000 });
    expect(await page.evaluate(() => Reflect.get(window, 'ran'))).toBe(undefined);
  });
});
