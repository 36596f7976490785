import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../plugin/src/array/region.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { hasPython, runPython } from '../interop/python.ts';
import { canvasMouse } from './canvas-mouse.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Small enough for the software of a machine without a GPU: 16 windows on the finest level. */
const sizePx = '1024';

/** The job of the README on a generated image, from opening it to labels on disk. One step builds on the one before. */
describe('the main job', { timeout: 600_000 }, () => {
  let demo: Demo;
  const sample = () => join(demo.scratch, 'superalloy.zarr');
  beforeAll(async () => {
    demo = await openDemo();
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), demo.scratch, sizePx]);
    await demo.page.goto(`${demo.url}?src=scratch/superalloy.zarr`, { waitUntil: 'load' });
  }, 120_000);
  afterAll(() => demo?.close());

  /** sha256 of every chunk of a layer's coarsest level, as the page has them. */
  const digest = (kind: string) =>
    demo.page.evaluate(async (wanted) => {
      const { session } = document.querySelector('alibi-zarr-viewer')!;
      const layer = session!.layers.find((candidate) => candidate.kind === wanted)!;
      const { pixels } = layer.levels.at(-1)!;
      const chunk = await pixels.getChunk(
        pixels.shape.map(() => 0),
        {},
      );
      const bytes = new Uint8Array(chunk.data.buffer, chunk.data.byteOffset, chunk.data.byteLength);
      const hash = await crypto.subtle.digest('SHA-256', bytes.slice());
      return Array.from(new Uint8Array(hash)).join();
    }, kind);
  const layerShown = (kind: string) =>
    demo.page.waitForFunction(
      (wanted) =>
        document.querySelector('alibi-zarr-viewer')?.session?.layers.some(({ kind }) => kind === wanted),
      kind,
      { timeout: 300_000 },
    );
  const canvas = () => demo.page.locator('alibi-zarr-canvas');

  it('shows the image, and the model gets ready beside it', async () => {
    await demo.page.getByText('Al Kα', { exact: true }).first().waitFor();
    await demo.screenshot('job-1-image');
    await demo.page.locator('#features:enabled').waitFor({ timeout: 120_000 });
    const provider = await demo.page.evaluate(() => {
      const encoder = document.querySelector('alibi-zarr-viewer')?.session?.encoder;
      return encoder?.kind === 'ready' ? encoder.provider : 'none';
    });
    expect(provider).toBe('wasm-threads');
  });

  it('fills in feature colours tile by tile', async () => {
    const before = await canvas().screenshot();
    await demo.page.locator('#features').click();
    await layerShown('pca');
    await demo.page.waitForTimeout(8000);
    await demo.screenshot('job-2-features');
    expect(Buffer.compare(await canvas().screenshot(), before)).not.toBe(0);
  });

  it('gives the same features whatever contrast is shown', async () => {
    const before = await digest('pca');
    const picture = await canvas().screenshot();
    const black = demo.page.getByLabel('Black point of SE', { exact: true });
    await black.fill('120');
    await black.press('Enter');
    await demo.page.waitForTimeout(500);
    expect(Buffer.compare(await canvas().screenshot(), picture)).not.toBe(0);
    // Made anew: the layer is removed and fitted again with the new contrast on screen.
    await demo.page.getByLabel('Remove Features').click();
    await demo.page.locator('#features').click();
    await layerShown('pca');
    expect(await digest('pca')).toBe(before);
  });

  it('segments from a stroke of each of two classes', async () => {
    await demo.page.locator('#start-classes').click();
    const { stroke } = canvasMouse(demo.page);
    await stroke([0.42, 0.4], [0.5, 0.45]);
    await demo.page.keyboard.press('Shift+Digit2');
    await stroke([0.55, 0.6], [0.62, 0.55]);
    await layerShown('classes');
    await demo.page.waitForTimeout(20_000);
    await demo.screenshot('job-3-strokes');
    const strokes = await demo.page.evaluate(() =>
      document.querySelector('alibi-zarr-viewer')?.session?.strokes.map(({ classIndex }) => classIndex),
    );
    expect(strokes).toEqual([0, 1]);
  });

  it('clusters without strokes and saves into the image', async () => {
    await demo.page.locator('#cluster').click();
    await layerShown('clusters');
    await demo.page.getByLabel(/^Save Clusters/).click();
    await demo.page.locator('#name').fill('kinds');
    await demo.screenshot('job-4-save');
    await demo.page.locator('#name').press('Enter');
    await demo.page
      .getByText(/labels\/kinds/)
      .first()
      .waitFor({ timeout: 300_000 });
    await demo.page.waitForFunction(
      () => document.querySelector('alibi-zarr-viewer')?.session?.work.length === 0,
      undefined,
      { timeout: 300_000 },
    );
    await demo.screenshot('job-5-saved');
    const store = createNodeStore(sample());
    const image = await openImage({ store, path: '', location: sample() }, {});
    expect(image.labels.map(({ name }) => name).sort()).toEqual(['grains', 'kinds', 'phases']);
  });

  it.skipIf(!hasPython())(
    'left labels that zarr-python and tensorstore read the same (skipped: needs .venv)',
    async () => {
      const image = await openImage({ store: createNodeStore(sample()), path: '', location: sample() }, {});
      const { pyramid, levels } = await openLabel(image, 'kinds', {});
      const hashes = await Promise.all(
        pyramid.map(async ({ shape }, level) => {
          const whole = { start: shape.map(() => 0), stop: shape };
          return createHash('sha256')
            .update((await readRegion(pyramid[level]!, whole, {})).data)
            .digest('hex');
        }),
      );
      const paths = levels.map(({ path }) => join(sample(), 'labels/kinds', path));
      const theirs = runPython(
        'read_arrays.py',
        paths.map((path) => ({ path, zarr_format: 3 })),
      );
      expect(theirs).toMatchObject(
        hashes.map((sha256) => ({ 'zarr-python': { sha256 }, tensorstore: { sha256 } })),
      );
    },
  );

  it('agrees with the command line on at least 99.9 % of the pixels', async () => {
    const { k, level } = await demo.page.evaluate(() => {
      const layer = document
        .querySelector('alibi-zarr-viewer')
        ?.session?.layers.find(({ kind }) => kind === 'clusters');
      return { k: layer?.names.size ?? 0, level: Number(layer?.fit?.source.level) };
    });
    const bin = join(root, 'plugin/bin/alibi-zarr.js');
    await run(process.execPath, [
      bin,
      'segment',
      sample(),
      '--kmeans',
      `${k}`,
      '--level',
      `${level}`,
      '--name',
      'cli',
    ]);
    const image = await openImage({ store: createNodeStore(sample()), path: '', location: sample() }, {});
    const [browser, cli] = await Promise.all(
      ['kinds', 'cli'].map(async (name) => {
        const { pyramid } = await openLabel(image, name, {});
        const finest = pyramid[0]!;
        return (await readRegion(finest, { start: finest.shape.map(() => 0), stop: finest.shape }, {})).data;
      }),
    );
    let same = 0;
    for (let i = 0; i < cli!.length; i++) if (cli![i] === browser![i]) same++;
    expect(new Set(cli as Uint8Array).size).toBe(k);
    expect(same / cli!.length).toBeGreaterThanOrEqual(0.999);
  });

  it('has done all this without a complaint', () => {
    expect(demo.complaints).toEqual([]);
  });
});
