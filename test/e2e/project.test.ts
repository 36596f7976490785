import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../plugin/src/array/region.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { canvasMouse } from './canvas-mouse.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'plugin/bin/alibi-zarr.js');
/** A handful of windows: the machine may have no GPU. */
const sizePx = '512';

/** One classifier from two fields of a plate, and a movie that is reviewed. One step builds on the one before. */
describe('a project', { timeout: 600_000 }, () => {
  let demo: Demo;
  const fields = ['scratch/plate.zarr/A/1/0', 'scratch/plate.zarr/A/2/0'] as const;
  const folderOf = (field: string) => join(demo.scratch, field.replace('scratch/', ''));
  const file = () => join(demo.scratch, 'project.json');
  beforeAll(async () => {
    demo = await openDemo();
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), demo.scratch, sizePx]);
    await demo.page.goto(`${demo.url}?src=${fields[0]}`, { waitUntil: 'load' });
    await demo.page.locator('#start-classes').waitFor({ timeout: 120_000 });
  }, 240_000);
  afterAll(() => demo?.close());

  /** Go to another image as the picker does, in the same page. */
  const goTo = async (source: string) => {
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
    await demo.page.waitForFunction(
      () => {
        const session = document.querySelector('alibi-zarr-viewer')?.session;
        const isIdle = session?.work.length === 0;
        return isIdle && session?.layers.some(({ kind, outdated }) => kind === 'classes' && !outdated);
      },
      undefined,
      { timeout: 300_000 },
    );
    await demo.page.locator('#learned-from', { hasText: from }).waitFor({ timeout: 10_000 });
  };
  const idsOf = async (name: string) => {
    const at = folderOf(fields[1]);
    const image = await openImage({ store: createNodeStore(at), path: '', location: at }, {});
    const finest = (await openLabel(image, name, {})).pyramid[0]!;
    return (await readRegion(finest, { start: finest.shape.map(() => 0), stop: finest.shape }, {})).data;
  };
  const save = (name: string) =>
    demo.page.evaluate(async (label) => {
      const session = document.querySelector('alibi-zarr-viewer')!.session!;
      await session.save(session.layers.find(({ kind }) => kind === 'classes')!, { name: label });
    }, name);
  const agreement = (a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>) => {
    let same = 0;
    for (let i = 0; i < a.length; i++) if (a[i] === b[i]) same++;
    return same / a.length;
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
    await save('viewer');
  });

  it('teaches the command line and a page that opens its file the same, on 99.9 % of the pixels at least', async () => {
    const [got] = await Promise.all([
      demo.page.waitForEvent('download'),
      demo.page.locator('#save-project').click(),
    ]);
    await got.saveAs(file());
    const project = JSON.parse(await readFile(file(), 'utf8'));
    expect(project.images.map(({ source }: { source: string }) => new URL(source).pathname)).toEqual(
      fields.map((field) => `/${field}`),
    );
    const argv = ['--name', 'cli', '--project', file(), '--validation', 'none'];
    await run(process.execPath, [bin, 'segment', folderOf(fields[1]), ...argv]);
    expect(agreement(await idsOf('viewer'), await idsOf('cli'))).toBeGreaterThanOrEqual(0.999);
    expect(new Set(Array.from(await idsOf('cli'), Number))).toEqual(new Set([1, 2]));
    await demo.page.goto(`${demo.url}?src=${fields[1]}`, { waitUntil: 'load' });
    await demo.page.locator('#features:enabled').waitFor({ timeout: 120_000 });
    await demo.page.locator('alibi-zarr-files input[type=file]').setInputFiles(file());
    await demo.page.getByText('Opened project.json').waitFor();
    await trained('learned from 2 images, 3 strokes');
    await save('again');
    expect(agreement(await idsOf('again'), await idsOf('viewer'))).toBeGreaterThanOrEqual(0.999);
  });

  it('keeps which points in time of a movie were reviewed', async () => {
    await goTo('scratch/movie.zarr');
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
