import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

const src = 'shared/data/ome-zarr/ez_zarr/example_data_zarr3/6001240_labels_v0.5.zarr';

describe('strokes of a tab that is gone', { timeout: 240_000 }, () => {
  let demo: Demo;
  let context: BrowserContext;
  const uncaught: string[] = [];
  beforeAll(async () => {
    demo = await openDemo();
    // Of its own: closing the page that the browser made would take its storage along.
    context = await demo.browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.on('weberror', (error) => uncaught.push(error.error().message));
  }, 120_000);
  afterAll(() => demo?.close());

  async function open(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${demo.url}?src=${src}&model=none`, { waitUntil: 'load' });
    await page.locator('#start-classes').waitFor({ timeout: 120_000 });
    return page;
  }
  const strokes = (page: Page) =>
    page.evaluate(() =>
      document
        .querySelector('alibi-zarr-viewer')!
        .session!.strokes.map(({ id: _, ...stroke }) => ({ ...stroke, points: [...stroke.points] })),
    );
  const classes = (page: Page) =>
    page.evaluate(() =>
      document
        .querySelector('alibi-zarr-viewer')!
        .session!.classes.map(({ name, color }) => ({ name, color })),
    );
  async function stroke(page: Page, from: [number, number], to: [number, number]) {
    const box = (await page.locator('alibi-zarr-canvas').boundingBox())!;
    const at = ([x, y]: [number, number]) => [box.x + box.width * x, box.y + box.height * y] as const;
    await page.mouse.move(...at(from));
    await page.mouse.down();
    await page.mouse.move(...at(to), { steps: 6 });
    await page.mouse.up();
  }
  /** Strokes in the newest file of the storage, as another page of the site reads it. */
  const kept = (page: Page) =>
    page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle('alibi-zarr-strokes').catch(() => null);
      const counts: number[] = [];
      for await (const entry of folder?.values() ?? []) {
        if (!(entry instanceof FileSystemFileHandle) || !entry.name.endsWith('.json')) continue;
        counts.push(JSON.parse(await (await entry.getFile()).text()).scribbles.features.length);
      }
      return counts;
    });

  it('are offered when the image is opened again, and continued with', async () => {
    const first = await open();
    await first.locator('#start-classes').click();
    await first.getByLabel('Name of class 2').fill('nuclei');
    await first.getByLabel('Name of class 2').press('Tab');
    await stroke(first, [0.42, 0.4], [0.5, 0.45]);
    await first.keyboard.press('Shift+Digit2');
    await stroke(first, [0.55, 0.6], [0.6, 0.65]);
    const painted = await strokes(first);
    const named = await classes(first);
    expect(painted.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
    expect(named[1]?.name).toBe('nuclei');
    await expect.poll(() => kept(first), { timeout: 30_000 }).toEqual([2]);
    // The renderer dies: no event of the page, no time to write.
    const session = await context.newCDPSession(first);
    const crashed = first.waitForEvent('crash');
    session.send('Page.crash').catch(() => undefined);
    await crashed;
    await first.close();

    const second = await open();
    const button = second.locator('#continue-strokes');
    await button.waitFor();
    expect((await button.textContent())?.trim()).toMatch(/^Continue with the 2 strokes from \S/);
    expect(await strokes(second)).toEqual([]);
    await second.screenshot({ path: 'test/output/kept-strokes-1-offer.png' });
    await button.click();
    await expect.poll(() => strokes(second)).toEqual(painted);
    expect(await classes(second)).toEqual(named);
    await expect.poll(() => kept(second)).toEqual([2]);
    await second.screenshot({ path: 'test/output/kept-strokes-2-continued.png' });
    await second.close();
  });

  it('are there still when the tab is closed right after the last stroke', async () => {
    const page = await open();
    await page.locator('#continue-strokes').click();
    await expect.poll(() => strokes(page)).toHaveLength(2);
    await page.keyboard.press('2');
    await stroke(page, [0.3, 0.6], [0.35, 0.65]);
    expect(await strokes(page)).toHaveLength(3);
    await page.close({ runBeforeUnload: false });
    const next = await open();
    await next.locator('#continue-strokes').waitFor();
    const [count = 0] = await kept(next);
    // The last stroke was painted within the moment after which it is written.
    expect(count).toBeGreaterThanOrEqual(2);
    await next.locator('#discard-strokes').click();
    await expect.poll(() => kept(next)).toEqual([]);
    expect(await strokes(next)).toEqual([]);
    await next.close();
  });

  it('are not asked about again once they are discarded', async () => {
    const page = await open();
    await page.waitForTimeout(1000);
    expect(await page.locator('#continue-strokes').count()).toBe(0);
    await page.close();
    expect([...demo.complaints, ...uncaught]).toEqual([]);
  });
});
