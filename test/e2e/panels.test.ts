import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canvasMouse } from './canvas-mouse.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
/** A handful of windows: the machine may have no GPU. */
const sizePx = '512';

/** What the panels do beside painting: seeds, regions, objects, edits. One step builds on the one before. */
describe('panels', { timeout: 600_000 }, () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo();
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), demo.scratch, sizePx]);
    await demo.page.goto(`${demo.url}?src=scratch/superalloy.zarr`, { waitUntil: 'load' });
    await demo.page.waitForFunction(
      () => document.querySelector('alibi-zarr-viewer')?.session?.encoder.kind === 'ready',
      undefined,
      { timeout: 120_000 },
    );
  }, 240_000);
  afterAll(() => demo?.close());

  /** Names and kinds of the layers, and what is painted. */
  const state = () =>
    demo.page.evaluate(() => {
      const session = document.querySelector('alibi-zarr-viewer')!.session!;
      return {
        kinds: session.layers.map(({ kind }) => kind),
        classes: session.classes.map(({ name }) => name),
        strokes: session.strokes.map(({ classIndex }) => classIndex),
        prompts: session.similarity.prompts.map(({ isLike }) => isLike),
        region: session.region?.kind ?? null,
      };
    });
  /** Wait until a layer of this kind is there and nothing is under way. */
  const settled = (kind: string) =>
    demo.page.waitForFunction(
      (wanted) => {
        const session = document.querySelector('alibi-zarr-viewer')!.session!;
        return (
          session.work.length === 0 && session.layers.some((one) => one.kind === wanted && !one.outdated)
        );
      },
      kind,
      { timeout: 300_000 },
    );
  /** How many pixels of a layer's finest level, whole, have each id. */
  const idCounts = (kind: string) =>
    demo.page.evaluate(async (wanted) => {
      const { layers } = document.querySelector('alibi-zarr-viewer')!.session!;
      const { pixels } = layers.find((one) => one.kind === wanted)!.levels[0]!;
      const counts: Record<string, number> = {};
      const chunks = pixels.shape.map((size, axis) => Math.ceil(size / pixels.chunkShape[axis]!));
      const [rows, columns] = [chunks.at(-2)!, chunks.at(-1)!];
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const index = [...pixels.shape.slice(0, -2).map(() => 0), row, column];
          for (const id of (await pixels.getChunk(index, {})).data)
            counts[`${id}`] = (counts[`${id}`] ?? 0) + 1;
        }
      }
      return counts;
    }, kind);

  it('colour by what is alike, and make strokes of it that undo takes back', async () => {
    const { click } = canvasMouse(demo.page);
    await demo.page.locator('#similar').click();
    await click([0.45, 0.45]);
    await settled('similarity');
    await click([0.6, 0.6], 'right');
    await settled('similarity');
    expect((await state()).prompts).toEqual([true, false]);
    expect(await demo.page.locator('#prompts').textContent()).toContain('1 like this, 1 not');
    // Everything that is nearer to the first place, however little alike.
    await demo.page.getByRole('slider', { name: /At least/ }).fill('10');
    await demo.screenshot('panels-1-similarity');
    await demo.page.locator('#similar-strokes').click();
    await demo.page.getByText(/strokes? of Alike/).waitFor({ timeout: 120_000 });
    const { classes, strokes } = await state();
    expect(classes).toEqual(['Alike']);
    expect(new Set(strokes)).toEqual(new Set([0]));
    await demo.page.keyboard.press('Control+z');
    expect((await state()).strokes).toEqual([]);
    await demo.page.getByLabel('Point at nothing').click();
    expect((await state()).kinds).not.toContain('similarity');
    await demo.page.keyboard.press('x');
  });

  it('turn clusters into strokes of two classes, which segment', async () => {
    await demo.page.getByLabel('Number of clusters').fill('3');
    await demo.page.getByLabel('Number of clusters').press('Tab');
    await demo.page.locator('#cluster').click();
    await settled('clusters');
    await demo.page.locator('#list-clusters').click();
    await demo.page.getByLabel('Choose Cluster 1').click();
    await demo.page.locator('#cluster-strokes').click();
    await demo.page.getByText(/strokes? of Cluster 1/).waitFor({ timeout: 120_000 });
    await demo.page.getByLabel('Choose Cluster 1').click();
    await demo.page.getByLabel('Choose Cluster 2').click();
    await demo.page.locator('#cluster-strokes').click();
    await demo.page.getByText(/strokes? of Cluster 2/).waitFor({ timeout: 120_000 });
    await settled('classes');
    const { classes, strokes } = await state();
    expect(classes).toEqual(['Alike', 'Cluster 1', 'Cluster 2']);
    expect(new Set(strokes)).toEqual(new Set([1, 2]));
    await demo.page.getByLabel('Choose Cluster 3').click();
    await demo.page.locator('#merge-clusters').click();
    await demo.page.getByLabel('Choose Cluster 2 + Cluster 3').waitFor({ timeout: 120_000 });
    expect(Object.keys(await idCounts('clusters')).sort()).toEqual(['1', '2']);
    await demo.screenshot('panels-2-clusters');
  });

  it('label inside a region only, drawn as a rectangle', async () => {
    const { stroke } = canvasMouse(demo.page);
    const everywhere = await idCounts('classes');
    expect(everywhere['0']).toBe(undefined);
    await demo.page.keyboard.press('r');
    await stroke([0.1, 0.05], [0.6, 0.8]);
    await demo.page.waitForFunction(
      () => document.querySelector('alibi-zarr-viewer')!.session!.region !== null,
      undefined,
      { timeout: 60_000 },
    );
    await settled('classes');
    const inside = await idCounts('classes');
    const total = Object.values(inside).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(Object.values(everywhere).reduce((sum, count) => sum + count, 0));
    expect(inside['0']).toBeGreaterThan(total / 10);
    expect(total - inside['0']!).toBeGreaterThan(total / 10);
    await demo.screenshot('panels-3-region');
    await demo.page.evaluate(() => document.querySelector('alibi-zarr-viewer')!.session!.setRegion(null));
    await settled('classes');
    expect((await idCounts('classes'))['0']).toBe(undefined);
  });

  it('find objects, list them, and give their table away', async () => {
    await demo.page.locator('#find').click();
    await settled('instances');
    const rows = await demo.page.evaluate(() => {
      const session = document.querySelector('alibi-zarr-viewer')!.session!;
      const layer = session.layers.find(({ kind }) => kind === 'instances')!;
      return session.objects.tableOf(layer)?.rows;
    });
    const ids = Object.keys(await idCounts('instances')).filter((id) => id !== '0');
    expect(rows).toBe(ids.length);
    expect(rows).toBeGreaterThan(0);
    const [csv] = await Promise.all([
      demo.page.waitForEvent('download'),
      demo.page.getByRole('group', { name: 'Download' }).getByRole('button', { name: 'CSV' }).click(),
    ]);
    const path = join(demo.scratch, 'objects.csv');
    await csv.saveAs(path);
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1 + rows!);
    await demo.screenshot('panels-4-objects');
  });

  it('edit objects by hand: a brush, taken back, and what is deleted', async () => {
    const { stroke } = canvasMouse(demo.page);
    await demo.page
      .getByLabel(/^Edit .* by hand$/)
      .first()
      .click();
    await settled('edited');
    const before = await idCounts('edited');
    await demo.page.locator('#new-id').click();
    await stroke([0.45, 0.5], [0.55, 0.5]);
    await demo.page.waitForFunction(
      () => document.querySelector('alibi-zarr-viewer')!.session!.editing.current?.canUndo === true,
      undefined,
      { timeout: 60_000 },
    );
    const after = await idCounts('edited');
    const added = Object.keys(after).filter((id) => !(id in before));
    expect(added).toHaveLength(1);
    expect(after[added[0]!]).toBeGreaterThan(0);
    await demo.screenshot('panels-5-editing');
    await demo.page.keyboard.press('Control+z');
    await demo.page.waitForFunction(
      () => document.querySelector('alibi-zarr-viewer')!.session!.editing.current?.canUndo === false,
      undefined,
      { timeout: 60_000 },
    );
    expect(await idCounts('edited')).toEqual(before);
    await demo.page.locator('#stop-editing').click();
    expect(demo.complaints).toEqual([]);
  });
});
