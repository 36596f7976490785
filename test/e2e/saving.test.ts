import { execFile, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNode } from '../../plugin/src/ome/open-node.ts';
import { openZipStore } from '../../plugin/src/stores/zip.ts';
import { type Demo, openDemo } from './open-demo.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Python's own archiver makes the archives: another writer than our reader's. */
const hasArchiver = spawnSync('python3', ['--version']).status === 0;
/** One window of the transformer. */
const sizePx = '256';

/** Images that have no address: a folder of the browser's own storage stands for one that a person picks. */
describe('an image from a folder or a file', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await openDemo();
    await run(process.execPath, [join(root, 'scripts/make-samples.mjs'), demo.scratch, sizePx]);
    if (!hasArchiver) return;
    await run('python3', ['-m', 'zipfile', '-c', 'plate.zip', 'plate.zarr/'], { cwd: demo.scratch });
    await run('python3', ['-m', 'zipfile', '-c', 'movie.ozx', 'movie.zarr/'], { cwd: demo.scratch });
  }, 120_000);
  afterAll(() => demo?.close());

  /** Files of the sample, by their path below it. */
  const sampleFiles = async () => {
    const folder = join(demo.scratch, 'superalloy.zarr');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  };
  /** What lies in a folder of the browser's storage; `''` is the root. */
  const stored = (folder: string) =>
    demo.page.evaluate(async (path) => {
      let handle = await navigator.storage.getDirectory();
      for (const part of path.split('/').filter(Boolean)) handle = await handle.getDirectoryHandle(part);
      const files: Record<string, string> = {};
      const walk = async (from: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
        for await (const [name, entry] of from.entries()) {
          if (entry instanceof FileSystemDirectoryHandle) await walk(entry, `${prefix}${name}/`);
          else if (entry instanceof FileSystemFileHandle)
            files[prefix + name] = name.includes('.') ? await (await entry.getFile()).text() : '';
        }
      };
      await walk(handle, '');
      return files;
    }, folder);
  const session = () => demo.page.waitForFunction(() => document.querySelector('alibi-zarr-viewer')?.session);
  const saveAs = async (name: string, where: string) => {
    await demo.page.getByLabel(/^Save Clusters/).click();
    await demo.page.locator('#name').fill(name);
    await demo.page.getByText(where, { exact: true }).click();
    await demo.page.locator('#name').press('Enter');
    await demo.page
      .getByText(`Saved labels/${name}`)
      .waitFor({ timeout: 60_000 })
      .catch(async (error: unknown) => {
        await demo.screenshot(`save-${name}-failed`);
        throw error;
      });
  };

  it('is segmented and saved into the folder it came from; the labels open at once', async () => {
    await demo.page.evaluate(
      async ({ files, address }) => {
        const opfs = await navigator.storage.getDirectory();
        const image = await opfs.getDirectoryHandle('superalloy.zarr', { create: true });
        for (const path of files) {
          const parts = path.split('/');
          let folder = image;
          for (const part of parts.slice(0, -1))
            folder = await folder.getDirectoryHandle(part, { create: true });
          const file = await folder.getFileHandle(parts.at(-1)!, { create: true });
          const out = await file.createWritable();
          await out.write(await (await fetch(address + path)).arrayBuffer());
          await out.close();
        }
        document.querySelector('alibi-zarr-viewer')!.source = image;
      },
      { files: await sampleFiles(), address: `${demo.url}scratch/superalloy.zarr/` },
    );
    await demo.page.locator('#cluster:enabled').waitFor({ timeout: 120_000 });
    await demo.page.locator('#cluster').click();
    await demo.page.getByLabel(/^Save Clusters/).waitFor({ timeout: 120_000 });
    await saveAs('kinds', 'Into this image');
    await demo.screenshot('save-into-folder');
    const files = await stored('superalloy.zarr/labels');
    expect(JSON.parse(files['zarr.json']!).attributes.ome.labels).toContain('kinds');
    expect(JSON.parse(files['kinds/zarr.json']!).attributes.ome['image-label'].source.image).toBe('../../');
    await demo.page.getByTitle('Show labels/kinds').click();
    await demo.page.getByLabel('Show kinds', { exact: true }).waitFor();
    const ids = await demo.page.evaluate(async () => {
      const { layers } = document.querySelector('alibi-zarr-viewer')!.session!;
      const [saved, lazy] = ['label', 'clusters'].map((kind) => layers.find((layer) => layer.kind === kind)!);
      const first = async ({ levels }: typeof saved & {}) => {
        const { pixels } = levels[0]!;
        return [
          ...(
            await pixels.getChunk(
              pixels.shape.map(() => 0),
              {},
            )
          ).data,
        ].map(Number);
      };
      return { saved: await first(saved!), shape: saved!.levels[0]!.pixels.shape, lazy: await first(lazy!) };
    });
    expect(ids.shape).toEqual([256, 256]);
    expect(new Set(ids.saved)).toEqual(new Set(ids.lazy));
  });

  it('is saved into the storage of the browser', async () => {
    await saveAs('private', 'Browser storage');
    const [name] = Object.keys(await stored('alibi-zarr')).map((path) => path.split('/')[0]!);
    const files = await stored(`alibi-zarr/${name}/labels/private`);
    expect(JSON.parse(files['zarr.json']!).attributes.ome.version).toBe('0.5');
    expect(Object.keys(files).some((path) => /\/c\/0\/0$/.test(path))).toBe(true);
  });

  it('is saved into a folder that is picked', async () => {
    await demo.page.evaluate(() => {
      window.showDirectoryPicker = async () => {
        const opfs = await navigator.storage.getDirectory();
        return opfs.getDirectoryHandle('picked', { create: true });
      };
    });
    await saveAs('elsewhere', 'Into a folder');
    await demo.screenshot('save-picked-folder');
    const files = await stored('picked/labels/elsewhere');
    // The image's folder has a name and no address: nothing is better than a path that leads nowhere.
    expect(JSON.parse(files['zarr.json']!).attributes.ome['image-label']).not.toHaveProperty('source');
    expect(await demo.page.getByText('valid OME-Zarr').last().textContent()).not.toContain('not valid');
  });

  it('says why labels of a name that is taken are not saved', async () => {
    await demo.page.getByLabel(/^Save Clusters/).click();
    await demo.page.locator('#name').fill('kinds');
    await demo.page.getByText('Into this image', { exact: true }).click();
    await demo.page.locator('#name').press('Enter');
    await demo.page.getByRole('dialog').getByRole('alert').waitFor();
    await demo.screenshot('save-taken');
    await demo.page.keyboard.press('Escape');
  });

  it('is downloaded as .ozx, one whole archive', async () => {
    await demo.page.evaluate(() => {
      // Headless browsers have no picker: what is left is the download.
      Reflect.deleteProperty(window, 'showSaveFilePicker');
      Object.defineProperty(window, 'showSaveFilePicker', { value: undefined, configurable: true });
    });
    const download = demo.page.waitForEvent('download', { timeout: 60_000 });
    await saveAs('packed', 'Download as .ozx');
    const file = await download;
    expect(file.suggestedFilename()).toBe('packed.ozx');
    const path = join(demo.scratch, 'packed.ozx');
    await file.saveAs(path);
    const bytes = new Uint8Array(await readFile(path));
    const store = await openZipStore(new Blob([bytes]));
    const node = await openNode({ store, path: '', location: 'packed.ozx' });
    expect(node.kind === 'image' && node.image.levels[0]?.shape).toEqual([256, 256]);
    // What was staged for it is gone.
    const staged = Object.keys(await stored('alibi-zarr-downloads'));
    expect(staged.filter((name) => name.includes('/labels/packed'))).toEqual([]);
    // Nothing of it is listed as labels of the image.
    expect(await demo.page.getByTitle('Show labels/private').count()).toBe(1);
    expect(await demo.page.getByTitle('Show labels/packed').count()).toBe(0);
  });

  it('labels are renamed and deleted, and both can be undone', async () => {
    const listed = async (): Promise<string[]> => {
      const files = await stored('superalloy.zarr/labels');
      return JSON.parse(files['zarr.json']!).attributes.ome.labels;
    };
    const { page } = demo;
    await page.getByLabel('Rename or delete labels/kinds').click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#to').fill('sorts');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await page.getByText('Renamed labels/kinds to labels/sorts').waitFor({ timeout: 60_000 });
    expect(await listed()).toContain('sorts');
    expect(await listed()).not.toContain('kinds');
    await page.getByText('Undo', { exact: true }).last().click();
    await page.getByTitle('Show labels/kinds').click({ timeout: 60_000 });
    expect(await listed()).toContain('kinds');
    await page.getByLabel('Rename or delete labels/kinds').click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Deleted labels/kinds').waitFor({ timeout: 60_000 });
    expect(await listed()).not.toContain('kinds');
    await page.getByText('Undo', { exact: true }).last().click();
    await page.getByTitle('Show labels/kinds').waitFor({ timeout: 60_000 });
    expect(await listed()).toContain('kinds');
  });

  const drop = async (name: string) => {
    const bytes = (await readFile(join(demo.scratch, name))).toString('base64');
    await demo.page.evaluate(
      async ({ name, bytes }) => {
        const data = await (await fetch(`data:application/octet-stream;base64,${bytes}`)).arrayBuffer();
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([data], name));
        for (const type of ['dragenter', 'drop'])
          window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      },
      { name, bytes },
    );
  };

  it.skipIf(!hasArchiver)('opens a dropped .ozx (skipped: needs python3)', async () => {
    await drop('movie.ozx');
    await demo.page.getByText('Point in time').or(demo.page.getByLabel('Point in time')).waitFor();
    expect(await (await session()).evaluate((open) => open?.image.levels[0]?.shape[0])).toBe(8);
    await demo.page.waitForTimeout(800);
    await demo.screenshot('dropped-ozx');
  });

  it.skipIf(!hasArchiver)('offers the wells of a plate in a .zip (skipped: needs python3)', async () => {
    await drop('plate.zip');
    await demo.page.getByRole('button', { name: 'Well B 2' }).click();
    await demo.page.getByRole('button', { name: 'Field 1' }).click();
    expect(
      await (await session()).evaluate((open) => open?.image.channels.map(({ label }) => label)),
    ).toEqual(['Nuclei', 'Cell body']);
  });

  it('says that another file is no image', async () => {
    await demo.page.setInputFiles('#file-input', {
      name: 'holiday.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]),
    });
    const alert = demo.page.getByRole('alert');
    await alert.waitFor();
    await demo.screenshot('failed-no-zip');
    expect(await alert.textContent()).toMatch(/no ZIP file[\s\S]*holiday\.jpg[\s\S]*\.zip or \.ozx/);
    expect(demo.complaints).toEqual([]);
  });
});
