import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseBenchComparison, parseScribblesResult, type ScribblesResult } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli.ts';
import { writeRandomCheckpoint } from '../../../src/random-checkpoint.ts';
import { greyPng } from './png-bytes.ts';

const SIDE = 84;
const PYTHON = fileURLToPath(new URL('../../../../.venv/bin/python', import.meta.url));
const hasClassical = spawnSync(PYTHON, ['-c', 'import skimage, sklearn']).status === 0;

/** Dark at the left, light at the right, and a stroke of 20 × 2 pixels in each. */
const isRight = (i: number): boolean => i % SIDE >= SIDE / 2;
const image = Array.from({ length: SIDE ** 2 }, (_, i) => (isRight(i) ? 200 : 60) + ((i * 7919) % 13));
const scribbles = Array.from({ length: SIDE ** 2 }, (_, i) => {
  const [y, x] = [Math.floor(i / SIDE), i % SIDE];
  if (y !== 40 && y !== 41) return 0;
  return x >= 10 && x < 30 ? 1 : x >= 55 && x < 75 ? 2 : 0;
});

describe('alibi-train bench scribbles', () => {
  let dir = '';
  let manifest = '';
  const run = async (argv: readonly string[], signal = new AbortController().signal) => {
    const out: string[] = [];
    const err: string[] = [];
    const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), signal };
    return {
      code: await main(['bench', 'scribbles', ...argv], io),
      out: out.join('\n'),
      err: err.join('\n'),
    };
  };
  const scribbled = async (folder: string, name: string, labels: readonly number[]): Promise<void> => {
    await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, folder, `${name}.png`), greyPng(SIDE, image));
    await writeFile(join(dir, folder, `${name}.labels.png`), greyPng(SIDE, labels));
    await writeFile(join(dir, folder, `${name}.scribbles.png`), greyPng(SIDE, scribbles));
  };
  const halves = image.map((_, i) => (isRight(i) ? 1 : 0));
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-scribbles-'));
    await writeRandomCheckpoint(join(dir, 'model'));
    manifest = join(dir, 'model', 'manifest.json');
    await scribbled('classes', 'b', halves);
    await scribbled('classes', 'a', halves);
    // Objects 5 and 9 in the lower and upper part of the right half.
    await scribbled(
      'test',
      'cells',
      halves.map((k, i) => (k === 0 ? 0 : i < SIDE ** 2 / 2 ? 9 : 5)),
    );
  });
  afterAll(() => rm(dir, { recursive: true }));

  const resultOf = (text: string): ScribblesResult => {
    const parsed = parseScribblesResult(JSON.parse(text));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    return parsed.value;
  };

  it('segments each image from its own scribbles, by name, and scores it', async () => {
    const file = join(dir, 'result.json');
    const data = ['--data', join(dir, 'classes'), join(dir, 'test')];
    const { code, out } = await run([manifest, ...data, '--first', '1', '--json', '--out', file]);
    expect(code).toBe(0);
    const result = resultOf(out);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(result);
    expect(result.model).toMatchObject({ position: 'local ALiBi', precision: 'fp32' });
    // The generic name of a split takes its parent's with it.
    expect(result.folders.map(({ name }) => name)).toEqual(['classes', expect.stringMatching(/\/test$/)]);
    const [classes, cells] = result.folders;
    expect(classes?.images.map(({ name, labels }) => [name, labels])).toEqual([['a', 'classes']]);
    // Ids 5 and 9 became one class, so that both folders hold the same task.
    expect(cells?.images[0]).toMatchObject({ labels: 'instances', scribbledPx: [40, 40] });
    expect(cells?.images[0]?.classIou).toEqual(classes?.images[0]?.classIou);
    // Enlarged twice a token covers 7 pixels: the border between the halves is found to within one token.
    expect(classes?.meanIou).toBeGreaterThan((SIDE / 2 - 7) / (SIDE / 2 + 7));
    expect(result.figures.find(({ name }) => name === 'mIoU')?.value).toBeCloseTo(classes?.meanIou ?? 0, 3);
  });

  it('compares checkpoints in a table, or as JSON', async () => {
    const argv = [manifest, manifest, '--data', join(dir, 'classes'), '--first', '1'];
    const table = (await run(argv)).out.split('\n');
    expect(table).toHaveLength(4);
    expect(table[0]).toContain('mIoU classes');
    const comparison = parseBenchComparison(JSON.parse((await run([...argv, '--json'])).out));
    expect(comparison.ok && comparison.value.results.length).toBe(2);
  });

  it.skipIf(!hasClassical)(
    "puts scikit-image's features and a forest beside them",
    async () => {
      const argv = [manifest, '--data', join(dir, 'classes'), '--first', '1', '--features', 'both'];
      const { code, out } = await run([...argv, '--python', PYTHON, '--json']);
      expect(code).toBe(0);
      const { results } = JSON.parse(out);
      const peer = resultOf(JSON.stringify(results[1]));
      expect(peer.model).toMatchObject({
        name: 'scikit-image features, random forest',
        manifestSha256: null,
      });
      expect(peer.features).toMatch(/scikit-image \d/);
      // Pixel features see the border to within their blur.
      expect(peer.folders[0]?.meanIou).toBeGreaterThan(0.9);
    },
    // Python's libraries take long to load from a cold disk.
    120_000,
  );

  it('says why the classical features are skipped, and refuses where nothing else was asked for', async () => {
    const argv = ['--data', join(dir, 'classes'), '--first', '1', '--python', join(dir, 'no-python')];
    const both = await run([manifest, ...argv, '--features', 'both', '--json']);
    expect(both.code).toBe(0);
    expect(both.err).toContain('classical features skipped: it cannot be started');
    expect(resultOf(both.out).skipped).toEqual([expect.stringContaining('cannot be started')]);
    const alone = await run([...argv, '--features', 'classical']);
    expect([alone.code, alone.out]).toEqual([2, '']);
  });

  it('is interrupted between windows', async () => {
    const controller = new AbortController();
    controller.abort();
    const { code } = await run([manifest, '--data', join(dir, 'classes')], controller.signal);
    expect(code).toBe(130);
  });

  describe('refuses', () => {
    beforeAll(async () => {
      await scribbled(
        'more',
        'a',
        halves.map((k) => 2 * k),
      );
      const three = scribbles.map((id, i) => (id === 0 && i < 4 ? 3 : id));
      await writeFile(join(dir, 'more', 'a.scribbles.png'), greyPng(SIDE, three));
      await writeFile(
        join(dir, 'more', 'a.labels.png'),
        greyPng(
          SIDE,
          halves.map((k) => 3 * k),
        ),
      );
      await scribbled('size', 'a', halves);
      await writeFile(join(dir, 'size', 'a.labels.png'), greyPng(2, [0, 1, 1, 0]));
      await scribbled('alone', 'a', halves);
      await rm(join(dir, 'alone', 'a.labels.png'));
    });
    it.each([
      [['--data', 'classes'], 'no manifest.json'],
      [['MODEL'], '--data'],
      [['MODEL', '--data', 'nowhere'], 'cannot be read'],
      [['MODEL', '--data', 'model'], 'no NAME.scribbles.png'],
      [['MODEL', '--data', 'more'], 'class 3 is among the labels'],
      [['MODEL', '--data', 'size'], '2×2 pixels'],
      [['MODEL', '--data', 'alone'], 'cannot be read'],
      [['MODEL', '--data', 'classes', '--first', '1,2'], '2 numbers for 1 folders'],
      [['MODEL', '--data', 'classes', '--features', 'deep'], '--features'],
      [['MODEL', '--data', 'classes', '--c', '0'], '--c'],
      [['MODEL', '--data', 'classes', '--out', 'nowhere/a.json'], 'no folder to write into'],
    ])('%j in one line', async (argv, text) => {
      const paths = new Set(['classes', 'nowhere', 'model', 'more', 'size', 'alone', 'nowhere/a.json']);
      const there = argv.map((part) =>
        part === 'MODEL' ? manifest : paths.has(part) ? join(dir, part) : part,
      );
      const { code, err } = await run(there);
      expect(code).toBe(2);
      expect(err.split('\n').at(-1)).toContain(text);
    });
  });
});
