import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canvasMouse } from './canvas-mouse.ts';
import { agreement, openSamples, type Samples } from './open-samples.ts';

const sample = 'superalloy.zarr';

/** From strokes in the page to labels on disk by the command line, with the very classifier. One step builds on the one before. */
describe('scribbles and their classifier', { timeout: 600_000 }, () => {
  let demo: Samples;
  beforeAll(async () => {
    demo = await openSamples(sample);
  }, 240_000);
  afterAll(() => demo?.close());

  const strokes = () =>
    demo.page.evaluate(() =>
      document
        .querySelector('alibi-zarr-viewer')!
        .session!.strokes.map(({ classIndex, rings }) => [classIndex, rings === undefined ? 'line' : 'area']),
    );
  /** Click a button of the panel and keep what it downloads. */
  const download = async (button: string, name: string) => {
    const [got] = await Promise.all([demo.page.waitForEvent('download'), demo.page.locator(button).click()]);
    await got.saveAs(demo.file(name));
    return got.suggestedFilename();
  };
  const idsOf = (name: string) => demo.idsOf(sample, name);

  it('are painted with brush and polygon, with the keys of the help', async () => {
    await demo.page.locator('#start-classes').click();
    const { click, stroke } = canvasMouse(demo.page);
    await stroke([0.42, 0.4], [0.5, 0.45]);
    await demo.page.keyboard.press('Shift+Digit2');
    await demo.page.keyboard.press('3');
    for (const corner of [
      [0.55, 0.6],
      [0.62, 0.6],
      [0.6, 0.66],
    ] as const) {
      await click(corner);
    }
    await demo.page.keyboard.press('Enter');
    expect(await strokes()).toEqual([
      [0, 'line'],
      [1, 'area'],
    ]);
    await demo.page.keyboard.press('Control+z');
    expect(await strokes()).toHaveLength(1);
    await demo.page.keyboard.press('Control+Shift+z');
    expect(await strokes()).toHaveLength(2);
    await demo.trained();
    await demo.screenshot('scribbles-1-painted');
  });

  it('go out as GeoJSON and as labels, and come in again', async () => {
    expect(await download('#export-geojson', 'strokes.geojson')).toMatch(/\.geojson$/);
    await demo.page.locator('#save-scribbles').click();
    await demo.page.getByText('Saved labels/scribbles').waitFor({ timeout: 120_000 });
    const painted = await strokes();
    await demo.page.evaluate(() => document.querySelector('alibi-zarr-viewer')!.session!.clearStrokes());
    await demo.page.locator('alibi-zarr-files input[type=file]').setInputFiles(demo.file('strokes.geojson'));
    await demo.page.getByText('Added strokes.geojson').waitFor();
    expect(await strokes()).toEqual(painted);
    await demo.trained();
    await demo.screenshot('scribbles-2-imported');
  });

  it('teach the command line the same from either file', async () => {
    const quick = ['--tokens', 'none', '--validation', 'none'];
    for (const [name, from] of [
      ['from-geojson', demo.file('strokes.geojson')],
      ['from-labels', 'scribbles'],
    ] as const) {
      await demo.segment(sample, ['--name', name, '--scribbles', from, ...quick]);
    }
    const [geojson, labels] = [await idsOf('from-geojson'), await idsOf('from-labels')];
    expect(agreement(geojson, labels)).toBe(1);
    expect(new Set(Array.from(geojson, Number))).toEqual(new Set([1, 2]));
  });

  it('make a classifier that gives the same labels on the command line, on 99.9 % of the pixels at least', async () => {
    await download('#export-classifier', 'classifier.json');
    expect(await download('#export-onnx', 'classifier.onnx')).toMatch(/\.onnx$/);
    expect((await readFile(demo.file('classifier.onnx'))).length).toBeGreaterThan(1000);
    await demo.save('browser');
    await demo.segment(sample, ['--name', 'cli', '--classifier', demo.file('classifier.json')]);
    const [browser, cli] = [await idsOf('browser'), await idsOf('cli')];
    expect(new Set(Array.from(cli, Number))).toEqual(new Set([1, 2]));
    expect(agreement(browser, cli)).toBeGreaterThanOrEqual(0.999);
  });

  it('come back with a classifier from its file, in a page that knows neither', async () => {
    await demo.page.goto(`${demo.url}?src=scratch/superalloy.zarr`, { waitUntil: 'load' });
    await demo.page.locator('#features:enabled').waitFor({ timeout: 120_000 });
    await demo.page.locator('alibi-zarr-files input[type=file]').setInputFiles(demo.file('classifier.json'));
    await demo.page.getByText('Opened classifier.json').waitFor({ timeout: 120_000 });
    await demo.trained();
    await demo.save('again');
    expect(agreement(await idsOf('again'), await idsOf('browser'))).toBeGreaterThanOrEqual(0.999);
    await demo.page.waitForTimeout(3000);
    await demo.screenshot('scribbles-3-classifier');
  });

  it('are kept in a project that the command line learns from', async () => {
    await demo.page.locator('alibi-zarr-files input[type=file]').setInputFiles(demo.file('strokes.geojson'));
    await demo.page.getByText('Added strokes.geojson').waitFor();
    await demo.page.locator('#add-to-project').click();
    await download('#save-project', 'project.json');
    const project = JSON.parse(await readFile(demo.file('project.json'), 'utf8'));
    expect(project.images).toHaveLength(1);
    expect(project.images[0].source).toMatch(/^http.*\/scratch\/superalloy\.zarr/);
    const argv = ['--name', 'project', '--project', demo.file('project.json'), '--validation', 'none'];
    await demo.segment(sample, argv);
    expect(new Set(Array.from(await idsOf('project'), Number))).toEqual(new Set([1, 2]));
  });

  it('have done all this without a complaint', () => {
    expect(demo.complaints).toEqual([]);
  });
});
