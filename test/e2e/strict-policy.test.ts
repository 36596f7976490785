import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { createTestServer, type TestServer } from '../server/test-server.ts';
import { canvasMouse } from './canvas-mouse.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The whole job under the policy that docs/security.md states, sent with every file: the page, its scripts, and the scripts of
 * its workers, which a policy in the page alone would leave out. Images come from a server of their own.
 */
describe('the built demo under a Content-Security-Policy with every file', () => {
  let demo: Demo;
  let images: TestServer;
  beforeAll(async () => {
    images = await createTestServer({ root: join(root, 'test/output'), writable: true });
    const policy = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' ${images.url}`;
    demo = await openDemo({ headers: { 'Content-Security-Policy': policy } });
    await run(process.execPath, [
      join(root, 'scripts/make-samples.mjs'),
      join(root, 'test/output/strict'),
      '256',
    ]);
    await demo.page.goto(`${demo.url}?src=${encodeURIComponent(`${images.url}/strict/superalloy.zarr`)}`, {
      waitUntil: 'load',
    });
  }, 180_000);
  afterAll(async () => {
    await demo?.close();
    await images?.close();
  });

  it('has it with every file, and forbids eval in the page', async () => {
    for (const path of ['', 'models/none', 'samples/index.json']) {
      const { headers } = await fetch(demo.url + path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self' http:\/\/127\.0\.0\.1:\d+$/,
      );
    }
    // In a task of the page's own: what the test evaluates itself is exempt.
    const name = await demo.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              new Function('return 1')();
              resolve('allowed');
            } catch (error) {
              resolve(error instanceof Error ? error.name : 'unknown');
            }
          }, 0);
        }),
    );
    expect(name).toBe('EvalError');
  });

  it('shows a zstd image, decoded in workers, and loads the model', { timeout: 180_000 }, async () => {
    await demo.page.locator('alibi-zarr-canvas').waitFor();
    await demo.page.waitForFunction(
      () => {
        const { state, session } = document.querySelector('alibi-zarr-viewer')!;
        const drawn = state.kind === 'open' && state.workspace.display.state.pending.size === 0;
        return drawn && session?.encoder.kind === 'ready';
      },
      undefined,
      { timeout: 170_000 },
    );
    const workers = demo.page.workers().map((worker) => new URL(worker.url()).pathname);
    expect(workers.filter((path) => path.includes('codec-worker')).length).toBeGreaterThan(0);
  });

  it('segments from strokes', { timeout: 240_000 }, async () => {
    await demo.page.locator('#start-classes').click();
    const { stroke } = canvasMouse(demo.page);
    await stroke([0.42, 0.4], [0.5, 0.45]);
    await demo.page.keyboard.press('Shift+Digit2');
    await stroke([0.55, 0.6], [0.62, 0.55]);
    await demo.page.waitForFunction(
      () =>
        document.querySelector('alibi-zarr-viewer')?.session?.layers.some(({ kind }) => kind === 'classes'),
      undefined,
      { timeout: 200_000 },
    );
    await demo.screenshot('strict-policy');
  });

  it('saves into the image on its server, by the address that is typed', { timeout: 240_000 }, async () => {
    await demo.page
      .getByLabel(/^Save Segmentation|^Save Classes/)
      .first()
      .click();
    await demo.page.locator('#name').fill('strict');
    await demo.page.getByText('To an address', { exact: true }).click();
    const address = demo.page.locator('#address');
    const save = demo.page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true });
    for (const [wrong, why] of [
      ['image.zarr', /whole address/],
      ['https://me:secret@host/x.zarr', /name and password/],
      [`${images.url}/strict/x.ozx`, /A folder is needed/],
    ] as const) {
      await address.fill(wrong);
      await demo.page.getByText(why).waitFor();
      expect(await save.isDisabled()).toBe(true);
    }
    await address.fill(`${images.url}/strict/superalloy.zarr`);
    await save.click();
    await demo.page.getByText('Saved labels/strict').waitFor({ timeout: 200_000 });
    const folder = join(root, 'test/output/strict/superalloy.zarr');
    const image = await openImage({ store: createNodeStore(folder), path: '', location: folder }, {});
    expect(image.labels.map(({ name }) => name)).toContain('strict');
  });

  it('without complaint', () => {
    expect(demo.complaints).toEqual([]);
  });

  it('says why an address that the policy or the server does not allow cannot be written to', async () => {
    await demo.page
      .getByLabel(/^Save Segmentation|^Save Classes/)
      .first()
      .click();
    await demo.page.locator('#name').fill('elsewhere');
    await demo.page.getByText('To an address', { exact: true }).click();
    await demo.page.locator('#address').fill('http://127.0.0.1:9/bucket/image.zarr');
    await demo.page.locator('#address').press('Enter');
    const alert = demo.page.getByRole('dialog').getByRole('alert');
    await alert.waitFor({ timeout: 60_000 });
    expect(await alert.textContent()).toMatch(/No answer from the server[\s\S]*127\.0\.0\.1:9[\s\S]*CORS/);
  });
});
