import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared } from '../shared.ts';
import { type Demo, openDemo } from './open-demo.ts';

/** What people hand to the demo that is no single image, or nothing that opens. */
describe('opening', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo({ model: 'none' });
  });
  afterAll(() => demo?.close());

  const goto = (src: string) =>
    demo.page.goto(`${demo.url}?model=none&src=${encodeURIComponent(src)}`, { waitUntil: 'load' });
  const image = () =>
    demo.page.waitForFunction(() => document.querySelector('alibi-zarr-viewer')?.session?.image.location);
  /** What the page says in the place of the image. */
  const failure = async () => {
    const alert = demo.page.getByRole('alert');
    await alert.waitFor({ timeout: 30_000 });
    return ((await alert.textContent()) ?? '').replaceAll(/\s+/g, ' ');
  };

  it('chooses a field of a plate by keyboard, and goes back to the plate', async () => {
    await demo.page.goto(`${demo.url}?model=none`, { waitUntil: 'load' });
    await demo.page.getByRole('button', { name: /Plate of cells/ }).press('Enter');
    const first = demo.page.getByRole('button', { name: 'Well A 1' });
    await first.focus();
    await first.press('ArrowRight');
    await demo.page.keyboard.press('ArrowRight');
    await demo.page.keyboard.press('ArrowDown');
    await demo.page.keyboard.press('Enter');
    await demo.page.getByRole('button', { name: 'Field 2' }).waitFor();
    await demo.screenshot('plate');
    // The first field has the focus: Tab goes to the second.
    await demo.page.keyboard.press('Tab');
    await demo.page.keyboard.press('Enter');
    expect(await (await image()).jsonValue()).toMatch(/plate\.zarr\/B\/3\/1$/);
    await demo.page.waitForTimeout(800);
    await demo.screenshot('plate-field');
    expect(new URL(demo.page.url()).searchParams.get('src')).toMatch(/plate\.zarr\/B\/3\/1$/);
    // From the page's head straight to the picture, which is one stop.
    await demo.page.locator('#file').focus();
    await demo.page.keyboard.press('Tab');
    expect(await demo.page.locator('#strokes').evaluate((canvas) => canvas.matches(':focus'))).toBe(true);
    await demo.page.getByTitle('Choose another image').click();
    await first.waitFor();
    expect(demo.complaints).toEqual([]);
  });

  it.skipIf(!hasShared())('offers the images of a series', async () => {
    await goto(
      'shared/data/ome-zarr/ome-zarr-fiji-java/testdata/bioformats2raw_testing/bf2raw_dataset_v5.ome.zarr',
    );
    await demo.page.getByRole('button', { name: '1', exact: true }).click();
    expect(await (await image()).jsonValue()).toMatch(/bf2raw_dataset_v5\.ome\.zarr\/1$/);
  });

  it('offers the fields of a well', async () => {
    await goto('samples/plate.zarr/A/2');
    await demo.page.getByRole('button', { name: 'Field 1' }).click();
    expect(await (await image()).jsonValue()).toMatch(/A\/2\/0$/);
  });

  describe('what does not open', () => {
    /** Another origin: nothing of it may be read unless it says so. */
    let other: Server;
    let origin: string;
    beforeAll(async () => {
      other = createServer((request, response) => {
        const path = request.url ?? '';
        if (!path.startsWith('/closed')) response.setHeader('access-control-allow-origin', '*');
        response.statusCode = path.startsWith('/forbidden') ? 403 : path.startsWith('/broken') ? 500 : 404;
        if (path === '/corrupt.zarr/zarr.json') {
          response.statusCode = 200;
          response.end('{"zarr_format": 3, "node_type": ');
        } else response.end();
      });
      await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
      const address = other.address();
      origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    });
    afterAll(() => other?.close());

    it.each([
      ['nothing there', '/missing.zarr', /nothing|no zarr|not found/i],
      ['access denied', '/forbidden.zarr', /403|denied|permission|allowed/i],
      ['another origin that does not let us read', '/closed.zarr', /CORS/],
      ['metadata that is no JSON', '/corrupt.zarr', /JSON/],
    ])('says what is wrong: %s', async (name, path, words) => {
      await goto(`${origin}${path}`);
      const text = await failure();
      await demo.screenshot(`failed-${name.replaceAll(' ', '-')}`);
      expect(text).toMatch(words);
      expect(text).toContain(`${origin}${path}`);
    });

    it('says what is wrong: an address that is none', async () => {
      await goto('htp:/x');
      await failure();
      await demo.screenshot('failed-no-address');
    });
  });
});
