import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
/** One window of the transformer. */
const sizePx = '256';

/** Labels of an image that nobody may write to: they lie in the browser's storage. One step builds on the one before. */
describe('a read-only image', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo({ readOnly: true });
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), demo.scratch, sizePx]);
    await demo.page.goto(`${demo.url}?src=scratch/superalloy.zarr`, { waitUntil: 'load' });
  }, 120_000);
  afterAll(() => demo?.close());

  /** Every id of a layer at its full resolution. */
  const idsOf = (kind: string) =>
    demo.page.evaluate(async (wanted) => {
      const { layers } = document.querySelector('alibi-zarr-viewer')!.session!;
      const { pixels } = layers.find((layer) => layer.kind === wanted)!.levels[0]!;
      const chunk = await pixels.getChunk(
        pixels.shape.map(() => 0),
        {},
      );
      return [...chunk.data].map(Number);
    }, kind);
  const dialog = () => demo.page.getByRole('dialog');
  const saveTo = async (where: string) => {
    await demo.page.getByLabel(/^Save Clusters/).click();
    await demo.page.locator('#name').fill('kinds');
    await demo.page.getByText(where, { exact: true }).click();
    await demo.page.locator('#name').press('Enter');
  };
  const told = async () => (await dialog().getByRole('alert').textContent()) ?? '';
  let ids: readonly number[] = [];

  it('says that its server takes no labels', async () => {
    await demo.page.locator('#cluster:enabled').waitFor({ timeout: 120_000 });
    await demo.page.locator('#cluster').click();
    await demo.page.getByLabel(/^Save Clusters/).waitFor({ timeout: 120_000 });
    await saveTo('Into this image');
    expect(await told()).toMatch(/does not accept writes here; save to another place\./);
    await demo.page.keyboard.press('Escape');
  });

  it("says that the browser's storage is full, and what is kept", async () => {
    const protocol = await demo.page.context().newCDPSession(demo.page);
    const { origin } = new URL(demo.url);
    await protocol.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await saveTo('Browser storage');
    const text = await told();
    expect(text).toMatch(/Free some space, or save to another place\./);
    expect(text).not.toContain('--');
    await demo.screenshot('save-quota-full');
    await protocol.send('Storage.overrideQuotaForOrigin', { origin });
    await protocol.detach();
    await demo.page.keyboard.press('Escape');
  });

  it("gets its labels in the browser's storage", async () => {
    await saveTo('Browser storage');
    await demo.page.getByText('Saved labels/kinds').waitFor({ timeout: 60_000 });
    await demo.page.getByTitle('Show labels/kinds').waitFor();
    ids = await idsOf('clusters');
    expect(new Set(ids).size).toBeGreaterThan(2);
  });

  it('shows them as if they lay inside it when it is opened again', async () => {
    await demo.page.reload({ waitUntil: 'load' });
    await demo.page.getByTitle('Show labels/kinds').click({ timeout: 60_000 });
    await demo.page.getByLabel('Show kinds', { exact: true }).waitFor();
    expect(await idsOf('label')).toEqual(ids);
    await demo.screenshot('sidecar-reopened');
    // Beside those that the image has itself, and nothing of them lies there.
    const own = await readdir(join(demo.scratch, 'superalloy.zarr/labels'));
    expect(own).not.toContain('kinds');
    for (const name of own.filter((file) => !file.includes('.')))
      expect(await demo.page.getByTitle(`Show labels/${name}`).count()).toBe(1);
  });

  it('keeps the name that they are given there', async () => {
    await demo.page.getByLabel('Rename or delete labels/kinds').click();
    await dialog().locator('#to').fill('sorts');
    await dialog().getByRole('button', { name: 'Rename' }).click();
    await demo.page.getByText('Renamed labels/kinds to labels/sorts').waitFor({ timeout: 60_000 });
    await demo.page.reload({ waitUntil: 'load' });
    await demo.page.getByTitle('Show labels/sorts').click({ timeout: 60_000 });
    await demo.page.getByLabel('Show sorts', { exact: true }).waitFor();
    expect(await demo.page.getByTitle('Show labels/kinds').count()).toBe(0);
    expect(await idsOf('label')).toEqual(ids);
  });
});
