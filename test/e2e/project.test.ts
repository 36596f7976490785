import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canvasMouse } from './canvas-mouse.ts';
import { agreement, openSamples, type Samples } from './open-samples.ts';

/** One classifier from two fields of a plate, and a movie that is reviewed. One step builds on the one before. */
describe('a project', { timeout: 600_000 }, () => {
  let demo: Samples;
  const fields = ['plate.zarr/A/1/0', 'plate.zarr/A/2/0'] as const;
  beforeAll(async () => {
    demo = await openSamples(fields[0]);
  }, 240_000);
  afterAll(() => demo?.close());

  /** Go to another image as the picker does, in the same page. */
  const goTo = async (sample: string) => {
    const source = `scratch/${sample}`;
    await demo.page.evaluate((src) => {
      document.querySelector('alibi-zarr-viewer')!.src = src;
    }, source);
    await demo.page.waitForFunction(
      (src) => document.querySelector('alibi-zarr-viewer')!.session?.image.location.endsWith(src),
      source,
      { timeout: 120_000 },
    );
  };
  const trained = async (from: string) => {
    await demo.trained();
    await demo.page.locator('#learned-from', { hasText: from }).waitFor({ timeout: 10_000 });
  };

  it('begins on one field', async () => {
    await demo.page.locator('#start-classes').click();
    const { stroke } = canvasMouse(demo.page);
    await stroke([0.42, 0.4], [0.5, 0.45]);
    await demo.page.keyboard.press('Shift+Digit2');
    await stroke([0.55, 0.6], [0.6, 0.66]);
    await demo.page.locator('#add-to-project').click();
    await trained('learned from 1 image, 2 strokes');
    await demo.page.locator('alibi-zarr-project').scrollIntoViewIfNeeded();
    await demo.screenshot('project-1-begun');
  });

  it('segments the next field with what the first one taught, and learns from both once it is painted on', async () => {
    await goTo(fields[1]);
    await trained('learned from 1 image, 2 strokes');
    await demo.page.keyboard.press('p');
    await canvasMouse(demo.page).stroke([0.4, 0.62], [0.46, 0.55]);
    await trained('learned from 2 images, 3 strokes');
    await demo.page.locator('alibi-zarr-project').scrollIntoViewIfNeeded();
    await demo.screenshot('project-2-both');
    await demo.save('viewer');
  });

  it('teaches the command line and a page that opens its file the same, on 99.9 % of the pixels at least', async () => {
    const file = demo.file('project.json');
    const [got] = await Promise.all([
      demo.page.waitForEvent('download'),
      demo.page.locator('#save-project').click(),
    ]);
    await got.saveAs(file);
    const project = JSON.parse(await readFile(file, 'utf8'));
    expect(project.images.map(({ source }: { source: string }) => new URL(source).pathname)).toEqual(
      fields.map((field) => `/scratch/${field}`),
    );
    await demo.segment(fields[1], ['--name', 'cli', '--project', file, '--validation', 'none']);
    const ids = (name: string) => demo.idsOf(fields[1], name);
    expect(agreement(await ids('viewer'), await ids('cli'))).toBeGreaterThanOrEqual(0.999);
    expect(new Set(Array.from(await ids('cli'), Number))).toEqual(new Set([1, 2]));
    await demo.page.goto(`${demo.url}?src=scratch/${fields[1]}`, { waitUntil: 'load' });
    await demo.page.locator('#features:enabled').waitFor({ timeout: 120_000 });
    await demo.page.locator('alibi-zarr-files input[type=file]').setInputFiles(file);
    await demo.page.getByText('Opened project.json').waitFor();
    await trained('learned from 2 images, 3 strokes');
    await demo.save('again');
    expect(agreement(await ids('again'), await ids('viewer'))).toBeGreaterThanOrEqual(0.999);
  });

  it('keeps which points in time of a movie were reviewed', async () => {
    await goTo('movie.zarr');
    await demo.page.locator('#toggle-reviewed').waitFor({ timeout: 60_000 });
    await demo.page.locator('#toggle-reviewed').click();
    await demo.page.keyboard.press('j');
    await demo.page.keyboard.press('k');
    expect(await demo.page.locator('#reviewed').textContent()).toMatch(/^2 of \d+ slices reviewed$/);
    const reviewed = await demo.page.evaluate(
      () => document.querySelector('alibi-zarr-viewer')!.session!.project.current!.images.at(-1)!.reviewed,
    );
    expect(reviewed).toEqual([
      { z: 0, t: 0 },
      { z: 0, t: 1 },
    ]);
    await demo.screenshot('project-3-reviewed');
  });

  it('has done all this without a complaint', () => {
    expect(demo.complaints).toEqual([]);
  });
});
