import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const library = 'node_modules/@bokuweb/zstd-wasm';

/** What somebody types: an array of 64 × 64 ids, written by threads; how it went is printed. */
const oneLiner = `
  import { useCodecThreads } from './codec-threads.js';
  import { createArrayWriter } from './array-writer.js';
  import { createNodeStore } from './node-fs.js';
  useCodecThreads();
  const shape = [64, 64];
  const spec = { zarrFormat: 3, shape, chunkShape: shape, dtype: 'uint16', compression: 'zstd' };
  const writer = createArrayWriter(createNodeStore('labels'), '', spec);
  const data = Uint16Array.from({ length: 64 * 64 }, (_, i) => i >> 5);
  try {
    await writer.writeChunk([0, 0], { data, shape });
    await writer.finish();
    console.log(JSON.stringify('written'));
  } catch ({ tag, message }) {
    console.log(JSON.stringify({ tag, message }));
  }`;
const ids = Uint16Array.from({ length: 64 * 64 }, (_, i) => i >> 5);

describe('codec threads of a program that is given on the command line', () => {
  let folder = '';

  /** The scripts side by side as in the package, with packages of their own to spoil. */
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-threads-'));
    const sources = [
      'node/codec-threads.ts',
      'node/codec-worker.ts',
      'stores/array-writer.ts',
      'stores/node-fs.ts',
    ];
    await build({
      entryPoints: sources.map((path) => join(root, 'plugin/src', path)),
      outdir: folder,
      entryNames: '[name]',
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    });
    await mkdir(join(folder, 'node_modules/@bokuweb'), { recursive: true });
    await symlink(join(root, 'node_modules/zarrita'), join(folder, 'node_modules/zarrita'));
    await cp(join(root, library), join(folder, library), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = async (): Promise<unknown> => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', oneLiner], {
      cwd: folder,
      timeout: 25_000,
    });
    return JSON.parse(stdout);
  };

  it('write what is read back', async () => {
    expect(await start()).toBe('written');
    const { lazy } = await openZarrArray(createNodeStore(join(folder, 'labels')), '');
    expect((await lazy.getChunk([0, 0], {})).data).toEqual(ids);
  });

  it.each([
    ['is missing', () => rm(join(folder, library), { recursive: true }), 'Cannot find package'],
    [
      'is damaged',
      () => truncate(join(folder, library, 'dist/common/zstd.wasm'), 5000),
      'zstd.wasm is damaged',
    ],
  ])('say that the encoder %s, and never wait for it', async (_, spoil, why) => {
    await spoil();
    expect(await start()).toEqual({
      tag: 'Environment',
      message: expect.stringMatching(
        new RegExp(
          `^the codec "zstd" cannot run: .*${why}.*Start the program again; .*install alibi-zarr anew`,
        ),
      ),
    });
  });

  it('say what to do about a thread that dies, in words of a program and not of a page', async () => {
    await writeFile(join(folder, 'codec-worker.js'), 'throw new Error("no more");');
    const failure = await start();
    expect(failure).toEqual({
      tag: 'Environment',
      message: expect.stringMatching(
        /^a codec worker cannot run: no more .*Start the program again\. .*install alibi-zarr anew/,
      ),
    });
    expect(JSON.stringify(failure)).not.toMatch(/page|Content-Security/);
  });
});
