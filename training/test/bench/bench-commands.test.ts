import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from 'alibi-zarr/checkpoint';
import {
  parseBenchComparison,
  parseCheckpointManifest,
  parseFingerprintResult,
  parseHomogeneityResult,
  parseProbeResult,
  parseSeamResult,
} from 'alibi-zarr-schemas';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli.ts';
import { writeRandomCheckpoint } from '../../src/random-checkpoint.ts';
import { capturedIo } from './captured-io.ts';

const SIDE = 96;

/** Local ALiBi whose patches attend to themselves alone: a token is a function of its own patch. */
const alone = {
  kind: 'alibi',
  metric: 'euclidean',
  wrap: false,
  normalise: 'scale',
  distanceScale: 2,
  attentionRadius: 0.5,
  hidePrefix: true,
  slopes: 'constant',
} as const;

describe('benches of position bias', () => {
  let dir = '';
  const at = (...parts: string[]): string => join(dir, ...parts);
  const noise = ['noise/a.png', 'noise/b.png', 'noise/c.png'];

  /** Runs a command; its one object on stdout. */
  async function json(...argv: string[]): Promise<unknown> {
    const { io, out, err } = capturedIo();
    expect(await main([...argv, '--json'], io), err.join('\n')).toBe(0);
    expect(out).toHaveLength(1);
    return JSON.parse(out[0] ?? '');
  }

  async function image(name: string, value: (x: number, y: number) => number): Promise<void> {
    const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => value(i % SIDE, Math.floor(i / SIDE)));
    await writeFile(at(name), encode({ width: SIDE, height: SIDE, channels: 1, depth: 8, data }));
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-bench-'));
    const random = createRandom(9);
    await mkdir(at('noise'));
    for (const name of noise) await image(name, () => 255 * random());
    await writeFile(at('noise', 'a.labels.png'), 'not to be read');
    await image('slope.png', (x) => 40 + 1.5 * x + 20 * random());
    const shape = { patch: 4, dim: 24 };
    await writeRandomCheckpoint(at('alone'), { ...shape, position: alone, layers: [0, 1] });
    await writeRandomCheckpoint(at('torus'), {
      ...shape,
      seed: 2,
      position: {
        ...alone,
        wrap: true,
        normalise: 'window',
        distanceScale: null,
        attentionRadius: null,
        hidePrefix: false,
      },
    });
  });
  afterAll(async () => {
    await rm(dir, { recursive: true });
  });

  it('probe: noise has no place on held-out images, a slope of brightness has one', async () => {
    const manifest = at('alone', 'manifest.json');
    const parsed = parseProbeResult(
      await json('probe', manifest, at('noise'), '--size', '96', '--step', '3'),
    );
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    const { value } = parsed;
    expect(value).toMatchObject({
      model: { name: 'random-24x2', position: 'local ALiBi, radius 0.5', precision: 'fp32' },
      images: ['a.png', 'b.png', 'c.png'],
      sizePx: 96,
      rows: 24,
      cols: 24,
      dim: 24,
      reference: { samples: 64, repeats: 6 },
      heldOut: { samples: 2 * 576, folds: 3 },
    });
    expect(value.command).not.toContain(dir);
    expect(value.model.manifestSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(value.figures.map(({ name }) => name)).toEqual([
      ...['lr', 'ud', 'diag', 'radial'].map((ramp) => `probe R² ${ramp}`),
      ...['lr', 'ud', 'diag', 'radial'].map((ramp) => `held-out probe R² ${ramp}`),
    ]);
    for (const { r2 } of value.heldOut?.ramps ?? []) expect(r2).toBeLessThan(0.02);
    for (const { perChannel, predicted } of value.reference.ramps) {
      expect(perChannel).toHaveLength(24);
      expect(Buffer.from(predicted.data, 'base64')).toHaveLength(576);
    }
    const slope = parseProbeResult(
      await json('probe', manifest, at('slope.png'), '--size', '96', '--step', '3'),
    );
    if (!slope.ok) throw new Error(slope.message);
    expect(slope.value.heldOut).toBeNull();
    const by = new Map(slope.value.reference.ramps.map(({ ramp, r2 }) => [ramp, r2]));
    expect(by.get('lr')).toBeGreaterThan(0.8);
    expect(by.get('ud')).toBeLessThan(0.2);
  });

  it('fingerprint: every layer the graph puts out, and its final tokens', async () => {
    const out = at('fingerprint.json');
    const argv = [at('alone', 'manifest.json'), at('slope.png'), '--size', '96', '--step', '3', '--out', out];
    const printed = await json('bench', 'fingerprint', ...argv);
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(printed);
    const parsed = parseFingerprintResult(printed);
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    expect(parsed.value.layers).toEqual(['layer.0', 'layer.1', 'features']);
    const [lr, ud] = parsed.value.ramps;
    expect(lr?.perChannel).toMatchObject({ rows: 3, cols: 24 });
    for (const layer of [0, 1, 2]) {
      expect(lr?.highest[layer]).toBeGreaterThan(ud?.highest[layer] ?? 1);
      // What is drawn is the highest channel of the row, to a byte.
      const row = Buffer.from(lr?.perChannel.data ?? '', 'base64').subarray(24 * layer, 24 * (layer + 1));
      expect(Math.abs(Math.max(...row) / 255 - (lr?.highest[layer] ?? 9))).toBeLessThan(1 / 255);
    }
  });

  it('fingerprint: says how to convert a checkpoint that lacks the outputs', async () => {
    const { io, err } = capturedIo();
    expect(await main(['bench', 'fingerprint', at('torus', 'manifest.json'), at('slope.png')], io)).toBe(2);
    expect(err.at(-1)).toContain('--layers 0,1');
  });

  it('homogeneity: a slope of brightness is position, noise is not', async () => {
    const argv = [at('alone', 'manifest.json'), '--size', '96', '--clusters', '2,3'];
    const parsed = parseHomogeneityResult(
      await json('bench', 'homogeneity', ...argv, at('slope.png'), at('noise', 'a.png')),
    );
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    const [slope, noisy] = parsed.value.images;
    expect(slope?.name).toBe('slope.png');
    expect(slope?.clusters.map(({ k }) => k)).toEqual([2, 3]);
    expect(slope?.pca.position[0]).toBeGreaterThan(0.7);
    expect(noisy?.pca.gradient).toBeLessThan(0.05);
    expect(slope?.clusters[0]?.information).toBeGreaterThan(0.4);
    expect(noisy?.clusters[0]?.information).toBeLessThan(0.1);
    expect(slope?.image).toMatchObject({ rows: 96, cols: 96 });
    expect(parsed.value.figures.map(({ name }) => name)).toContain('spatial-gradient score of PCA');
  });

  it('seam: none where a token is a function of its patch', async () => {
    const windows = ['8,8,0', '10,10,2'];
    const argv = [
      at('alone', 'manifest.json'),
      at('noise', 'a.png'),
      '--tokens',
      '20',
      '--windows',
      ...windows,
    ];
    const parsed = parseSeamResult(await json('bench', 'seam', ...argv));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    expect(parsed.value).toMatchObject({ tokens: 20, crops: 1, classes: 3 });
    expect(parsed.value.windows).toHaveLength(2);
    for (const window of parsed.value.windows) {
      expect(window.centredConsistency).toBeCloseTo(1, 4);
      expect(window.changedLabels).toBeLessThan(1e-3);
      expect(window.seamRatio).toBeGreaterThan(0.8);
      expect(window.seamRatio).toBeLessThan(1.25);
    }
    // 3×3 windows of 8, and of 10, over 20 tokens.
    expect(parsed.value.windows.map(({ cost }) => cost)).toEqual([(9 * 64) / 400, (9 * 100) / 400]);
    expect(parsed.value.figures.map(({ name }) => name)).toContain('seam ratio, windows 10×10, 2 overlapped');
  });

  it('seam: shows where a token depends on its window; crops, one window over all, without the shift', async () => {
    const argv = [at('torus', 'manifest.json'), at('noise', 'a.png'), '--tokens', '16', '--crops', '3'];
    const parsed = parseSeamResult(await json('bench', 'seam', ...argv, '--windows', '8,8,0 16,16,0'));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    const [small, whole] = parsed.value.windows;
    expect(parsed.value.crops).toBe(3);
    expect(small?.perCrop).toHaveLength(3);
    expect(small?.centredConsistency).toBeLessThan(0.999);
    expect(small?.changedLabels).toBeGreaterThan(0);
    expect(whole).toMatchObject({
      centredConsistency: expect.closeTo(1, 5),
      seamRatio: null,
      changedLabels: null,
      cost: 1,
    });
    const plain = parseSeamResult(await json('bench', 'seam', ...argv, '--no-shift'));
    expect(plain).toMatchObject({
      ok: true,
      value: { windows: [{ rows: 8, overlap: 2, changedLabels: null }] },
    });
  });

  it('compares checkpoints in one run, as a table and as JSON, and stores the figures', async () => {
    const manifests = [at('alone', 'manifest.json'), at('torus', 'manifest.json')];
    const argv = [
      'bench',
      'seam',
      ...manifests,
      at('noise', 'a.png'),
      '--tokens',
      '16',
      '--no-shift',
      '--write',
    ];
    const { io, out } = capturedIo();
    expect(await main(argv, io)).toBe(0);
    expect(out).toHaveLength(4);
    expect(out[0]).toMatch(/checkpoint +\| position +\| weights \| centred consistency/);
    expect(out[2]).toContain('local ALiBi, radius 0.5');
    expect(out[3]).toContain('ALiBi on the torus');
    const parsed = parseBenchComparison(await json(...argv));
    expect(parsed).toMatchObject({ ok: true, value: { results: [{ format: 'alibi-train/seam/1' }, {}] } });
    for (const path of manifests) {
      const manifest = parseCheckpointManifest(JSON.parse(await readFile(path, 'utf8')));
      if (!manifest.ok) throw new Error(manifest.message);
      // Twice written, there once.
      const names = manifest.value.measured.map(({ name }) => name);
      expect(names).toEqual([
        'centred consistency',
        'plain consistency',
        'seam ratio',
        'seam ratio of the content',
        'cost',
      ]);
      expect(manifest.value.measured[0]?.command).not.toContain(dir);
    }
    expect((await readdir(at('alone'))).sort()).toEqual(['manifest.json', 'model.onnx', 'self-test.bin']);
  });

  it.each([
    [['probe'], 'no manifest'],
    [['probe', 'MANIFEST'], 'no image'],
    [['probe', 'MANIFEST', 'nowhere.png'], 'nowhere.png'],
    [['probe', 'MANIFEST', 'MANIFEST/../model.onnx'], 'not a PNG'],
    [['probe', '--tensors', 'nowhere.safetensors'], 'nowhere.safetensors'],
    [['probe', '--tensors', 'x.safetensors', '--step', '2'], '--step'],
    [['probe', '--tensors', 'x.safetensors', 'a.png'], 'beside --tensors'],
    [['probe', 'MANIFEST', 'IMAGE', '--size', '12'], '--step'],
    [['probe', 'MANIFEST', 'IMAGE', '--out', 'no/such/folder/x.json'], 'no folder'],
    [['bench', 'homogeneity', 'MANIFEST', 'IMAGE', '--clusters', '1'], '--clusters'],
    [['bench', 'seam', 'MANIFEST', 'IMAGE', '--windows', '8,8'], '--windows'],
    [['bench', 'seam', 'MANIFEST', 'IMAGE', '--windows', '8,8,5'], '--windows'],
    [['bench', 'seam', 'MANIFEST', 'IMAGE', '--windows', '30,30,2', '--tokens', '20'], 'larger than a crop'],
    [['bench', 'seam', 'MANIFEST', 'IMAGE', '--crops', '6'], '--crops'],
  ])('%j ends with exit code 2 and says why', async (argv, text) => {
    const { io, out, err } = capturedIo();
    const given = argv.map((part) =>
      part
        .replace('MANIFEST', at('alone', 'manifest.json'))
        .replace('/manifest.json/..', '')
        .replace('IMAGE', at('slope.png')),
    );
    expect(await main(given, io)).toBe(2);
    expect(out).toEqual([]);
    expect(err.at(-1)).toContain(text);
  });

  it.each([['probe'], ['bench homogeneity'], ['bench seam']])('%s stops when interrupted', async (name) => {
    const { io, out, err } = capturedIo(AbortSignal.abort());
    const argv = [...name.split(' '), at('alone', 'manifest.json'), at('slope.png')];
    expect(await main(argv, io)).toBe(130);
    expect(out).toEqual([]);
    expect(err.at(-1)).toContain('interrupted');
  });

  it('seam stops between windows', async () => {
    const controller = new AbortController();
    const { io, out } = capturedIo(controller.signal);
    const shown: string[] = [];
    const status = (text: string): void => {
      shown.push(text);
      controller.abort();
    };
    const argv = ['bench', 'seam', at('alone', 'manifest.json'), at('noise'), '--tokens', '20'];
    expect(await main(argv, { ...io, status })).toBe(130);
    expect(out).toEqual([]);
    // One step of the bar, then it is taken away.
    expect(shown[0]).toMatch(/1\/\d+/);
    expect(shown.slice(1).every((text) => text === '')).toBe(true);
  });
});
