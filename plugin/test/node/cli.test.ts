import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  parseFeaturesOutput,
  parseInfoOutput,
  parseLabelProvenance,
  parseModelOutput,
  parseSegmentOutput,
  parseServeOutput,
} from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { readRegion } from '../../src/array/region.ts';
import { main } from '../../src/node/cli.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { imageAttributes, jsonBytes } from '../../src/ome/write.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { tinyCheckpoint } from '../encoder/tiny-checkpoint.ts';
import { call, writeTinyCheckpoint } from './call.ts';

let folder = '';
let manifest = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alibi-cli-'));
  manifest = await writeTinyCheckpoint(join(folder, 'models', 'tiny'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two textures, left and right, in two channels and three slices; two levels. */
async function writeSample(name: string): Promise<string> {
  const path = join(folder, name);
  const store = createNodeStore(path);
  const levels = [
    [2, 3, 64, 72],
    [2, 3, 32, 36],
  ];
  for (const [n, shape] of levels.entries()) {
    const [, , h = 0, w = 0] = shape;
    const writer = createArrayWriter(store, `/${n}`, {
      zarrFormat: 3,
      shape,
      chunkShape: [1, 1, h, w],
      shardShape: [1, 3, h, w],
      dtype: 'uint8',
      compression: 'zstd',
    });
    for (let c = 0; c < 2; c++) {
      for (let z = 0; z < 3; z++) {
        const data = Uint8Array.from({ length: h * w }, (_, i) => {
          const x = i % w;
          const y = Math.floor(i / w);
          return (x < w / 2 ? 40 : 200) + ((7 * x + 13 * y + 5 * z) % 11) + 10 * c;
        });
        await writer.writeChunk([c, z, 0, 0], { data, shape: [1, 1, h, w] });
      }
    }
    await writer.finish();
  }
  const space = { type: 'space', unit: 'nanometer' };
  const attributes = imageAttributes({
    version: '0.5',
    name,
    axes: [
      { name: 'c', type: 'channel' },
      { name: 'z', ...space },
      { name: 'y', ...space },
      { name: 'x', ...space },
    ],
    datasets: [
      { path: '0', transform: { scale: [1, 100, 50, 50], translation: [0, 0, 0, 0] } },
      { path: '1', transform: { scale: [1, 100, 100, 100], translation: [0, 0, 25, 25] } },
    ],
    downscaling: { type: 'none', metadata: {} },
  });
  await store.set('/zarr.json', jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
  return path;
}

const open = (path: string): Promise<OmeImage> =>
  openImage({ store: createNodeStore(path), path: '', location: path });

async function ids(image: OmeImage, name: string, z: number): Promise<Uint8Array> {
  const label = await openLabel(image, name);
  const array = label.pyramid[0]!;
  const [, h = 0, w = 0] = array.shape;
  const { data } = await readRegion(array, { start: [z, 0, 0], stop: [z + 1, h, w] }, {});
  return Uint8Array.from(data as Uint8Array);
}

describe('exit codes and errors', () => {
  it('shows help and refuses what it does not know', async () => {
    expect((await call(['--help'])).code).toBe(0);
    expect((await call([])).code).toBe(2);
    expect((await call(['--version'])).out).toEqual(['0.1.0']);
    const overview = await call(['--help']);
    expect(await call(['-h'])).toMatchObject({ code: 0, out: overview.out });
    const help = await call(['info', '--help']);
    for (const argv of [
      ['help', 'info'],
      ['info', '-h'],
    ])
      expect(await call(argv)).toMatchObject({ code: 0, out: help.out });
    for (const name of ['info', 'features', 'segment', 'reproduce', 'serve', 'validate', 'model']) {
      const { code, out } = await call([name, '--help']);
      expect([name, code]).toEqual([name, 0]);
      expect(out.join('\n')).toContain('--json');
    }
    const unknown = await call(['segmnet']);
    expect([unknown.code, unknown.err]).toEqual([2, [expect.stringContaining('Did you mean segment?')]]);
  });

  it.each([
    ['info', 'no/such/place'],
    ['segment', 'no/such/place', '--kmeans', '2', '--name', 'a'],
    ['segment', 'x', '--kmeans', '2', '--name', 'a/b'],
    ['segment', 'x', '--name', 'a'],
    ['segment', 'x', '--kmeans', 'two', '--name', 'a'],
    ['features', 'x'],
    ['features', 'x', '--out', 'y', '--dtype', 'int8'],
    ['validate'],
    ['validate', '--attributes', 'no.json', '--version', '0.4'],
    ['validate', '--attributes', 'x.json'],
    ['segment', 'x', '--kmeans', '2', '--kmeans', '3', '--name', 'a'],
    ['serve', 'x', '--port', '65536'],
    ['features', 'x', '--out', 'package.json'],
    ['model', 'no/such/place'],
  ])('%s %s … ends with 2 and one line', async (...argv) => {
    const { code, out, err } = await call(argv);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toHaveLength(1);
    // what (where). remedy
    expect(err[0]).toMatch(/^alibi-zarr: .+ \(.+\)\. .+\.$/);
  });
});

describe.skipIf(!hasShared('data', 'ome-zarr'))('info (skipped without ../shared)', () => {
  const sample = (...parts: string[]) => sharedPath('data', 'ome-zarr', ...parts);
  it.each([
    [
      ['ez_zarr', 'example_data_zarr3', '6001240_labels_v0.5.zarr'],
      { kind: 'image', version: '0.5', labels: ['0'], zarrFormat: 3 },
    ],
    [['ez_zarr', 'example_data', 'plate_ones.zarr'], { kind: 'plate', version: '0.4', wells: ['B/03'] }],
    [['ome-zarr-examples', 'valid', 'plate-01.zarr', 'A', '1'], { kind: 'well', images: ['0'] }],
    [
      ['ez_zarr', 'example_data', 'plate_ones.zarr', 'B', '03', '0'],
      { kind: 'image', version: '0.4', zarrFormat: 2 },
    ],
  ])('%j', async (parts, expected) => {
    const outcome = await call(['info', sample(...parts), '--json']);
    expect(outcome.code).toBe(0);
    expect(outcome.json()).toMatchObject(expected);
    expect(parseInfoOutput(outcome.json())).toMatchObject({ ok: true });
    expect((await call(['info', sample(...parts)])).code).toBe(0);
  });

  it('gives axes, levels, chunks, shards and scale as the files have them', async () => {
    const outcome = await call([
      'info',
      sample('ez_zarr', 'example_data_zarr3', '6001240_labels_v0.5.zarr'),
      '--json',
    ]);
    // From the sample's zarr.json files.
    expect(outcome.json()).toMatchObject({
      axes: [
        { name: 'c', type: 'channel', unit: null },
        { name: 'z', type: 'space', unit: 'micrometer' },
        { name: 'y', type: 'space', unit: 'micrometer' },
        { name: 'x', type: 'space', unit: 'micrometer' },
      ],
      levels: [
        {
          path: '2',
          shape: [2, 236, 68, 67],
          dtype: 'uint16',
          chunks: [1, 1, 256, 256],
          shards: [1, 10, 512, 512],
        },
      ],
      channels: [
        { label: 'LaminB1', color: '0000ff' },
        { label: 'Dapi', color: 'ffff00' },
      ],
    });
  });

  it('names the images of a plate where a command works on one image', async () => {
    const plate = sample('ez_zarr', 'example_data', 'plate_ones.zarr');
    const { code, err } = await call([
      'features',
      plate,
      '--out',
      join(folder, 'of-a-plate'),
      '--model',
      manifest,
    ]);
    expect(code).toBe(2);
    expect(err[0]).toContain(`${plate}/B/03/0`);
  });
});

describe.skipIf(!hasShared('data', 'ngff-suites'))('validate (skipped without ../shared)', () => {
  it('answers 0 and 1 with JSON, of stores and of attributes', async () => {
    const good = sharedPath('data', 'ome-zarr', 'ome-zarr-examples', 'valid', 'image-01.zarr');
    const bad = sharedPath('data', 'ome-zarr', 'ome-zarr-examples', 'invalid', 'image-02.zarr');
    expect(await call(['validate', good, '--json'])).toMatchObject({ code: 0, out: ['{"valid":true}'] });
    const refused = await call(['validate', bad]);
    expect(refused.code).toBe(1);
    expect(refused.json()).toEqual({ valid: false, message: expect.any(String) });
    const file = join(folder, 'attributes.json');
    await writeFile(file, JSON.stringify({ multiscales: [] }));
    expect((await call(['validate', '--attributes', file, '--version', '0.4'])).code).toBe(1);
    await writeFile(file, '{');
    expect((await call(['validate', '--attributes', file, '--version', '0.4'])).code).toBe(2);
  });

  it.each([
    // As Windows' editors and Python's json write them: JSON, but of no OME-Zarr.
    ['\uFEFF{"multiscales": []}', 1],
    ['{"a": NaN}', 1],
    ['[]', 1],
    ['null', 1],
    ['', 2],
    ['{"a": nan}', 2],
    ['{"a":'.repeat(100_000), 2],
  ])('reads attributes %#: exit %i', async (text, code) => {
    const file = join(folder, 'written.json');
    await writeFile(file, text);
    const outcome = await call(['validate', '--attributes', file, '--version', '0.5']);
    expect(outcome.code).toBe(code);
    if (code === 1) expect(outcome.json()).toMatchObject({ valid: false });
    else expect(outcome.err).toHaveLength(1);
  });
});

describe('model', () => {
  it('lists the checkpoints of a folder', async () => {
    const outcome = await call(['model', join(folder, 'models'), '--json']);
    expect(parseModelOutput(outcome.json())).toMatchObject({ ok: true });
    expect(outcome.json()).toMatchObject({
      models: [{ name: 'tiny', manifest, precision: 'fp32', measured: [] }],
    });
    await mkdir(join(folder, 'empty'));
    expect((await call(['model', manifest, '--json'])).json()).toEqual(outcome.json());
    const empty = await mkdtemp(join(folder, 'empty-'));
    expect((await call(['model', empty])).out).toEqual(['no checkpoints here']);
    const missing = await call(['model', join(folder, 'missing')]);
    expect([missing.code, missing.err[0]]).toEqual([2, expect.stringMatching(/no such folder/)]);
  });

  it('shows the graphs of several precisions and which one this machine takes', async () => {
    const several = await mkdtemp(join(folder, 'several-'));
    const tiny = await tinyCheckpoint({
      graphs: [
        { path: 'a.onnx', precision: 'fp32' },
        { path: 'b.onnx', precision: 'int8-dynamic' },
        { path: 'c.onnx', precision: 'int4', tolerance: 0.2 },
        { path: 'd.onnx', precision: 'fp16-arithmetic' },
      ],
      measured: [
        {
          name: 'time relative to fp32',
          value: 0.5,
          command: 'alibi-train quantize',
          precision: 'int8-dynamic',
          provider: 'cpu',
        },
      ],
    });
    for (const [name, bytes] of tiny.files) await writeFile(join(several, name), bytes);
    const outcome = await call(['model', several, '--json']);
    expect(parseModelOutput(outcome.json())).toMatchObject({ ok: true });
    expect(outcome.json()).toMatchObject({
      models: [
        {
          precision: 'int8-dynamic',
          graphs: [
            { path: 'a.onnx', choice: 2 },
            { path: 'b.onnx', choice: 1 },
            { path: 'c.onnx', choice: null },
            { path: 'd.onnx', choice: null },
          ],
        },
      ],
    });
    const text = (await call(['model', several])).out.join('\n');
    expect(text).toMatch(/b\.onnx, int8-dynamic, 0\.0 MB: taken here if it passes its self-test/);
    expect(text).toMatch(/c\.onnx, int4, 0\.0 MB: not taken here unless asked for/);
    expect(text).toContain('int8-dynamic on cpu: time relative to fp32 0.5');
  });
});

describe('segment', () => {
  it('clusters two textures apart and saves them as labels', async () => {
    const path = await writeSample('segment.zarr');
    const argv = ['segment', path, '--kmeans', '2', '--name', 'halves', '--model', manifest, '--json'];
    const outcome = await call([...argv, '--z', '1:3']);
    expect(outcome.err).toEqual([]);
    expect(outcome.code).toBe(0);
    expect(parseSegmentOutput(outcome.json())).toMatchObject({ ok: true });
    expect(outcome.json()).toMatchObject({ z: [1, 2], t: [0], level: 0, validation: { valid: true } });
    const image = await open(path);
    expect(image.labels.map((label) => label.name)).toEqual(['halves']);
    // A slice that was not asked for is 0; in the others each half has one id, away from the border.
    expect(new Set(await ids(image, 'halves', 0))).toEqual(new Set([0]));
    for (const z of [1, 2]) {
      const plane = await ids(image, 'halves', z);
      const half = (left: boolean) => new Set(plane.filter((_, i) => (left ? i % 72 < 32 : i % 72 >= 40)));
      expect(half(true).size).toBe(1);
      expect(half(false).size).toBe(1);
      expect(half(true)).not.toEqual(half(false));
    }
    const { provenance } = await openLabel(image, 'halves');
    expect(parseLabelProvenance(provenance)).toMatchObject({ ok: true });
    expect(provenance).toMatchObject({
      imageMetadataSha256: image.metadataHash,
      slices: { z: [1, 2], t: [0] },
    });

    const again = await call(argv);
    expect(again.code).toBe(2);
    expect(again.err[0]).toContain('--overwrite');
    expect(
      (await call([...argv, '--overwrite', '--um-per-pixel', '0.06', '--label-level', '1'])).json(),
    ).toMatchObject({
      level: 1,
      labelLevel: 1,
      shape: [3, 32, 36],
    });
  });

  it('writes elsewhere with --out, naming the image', async () => {
    const path = await writeSample('elsewhere.zarr');
    const out = join(folder, 'out.zarr');
    const outcome = await call([
      'segment',
      path,
      '--kmeans',
      '2',
      '--name',
      'a',
      '--out',
      out,
      '--model',
      manifest,
    ]);
    expect(outcome).toMatchObject({ code: 0, err: [] });
    expect(await readdir(out)).toEqual(['labels', 'zarr.json']);
    const bytes = await createNodeStore(out).get('/labels/a/zarr.json');
    expect(new TextDecoder().decode(bytes)).toContain(`file://${path}`);
    expect((await open(path)).labels).toEqual([]);
  });

  it.each([
    ['--level', '7', /levels 0 to 1/],
    ['--um-per-pixel', '1', /0\.05 to 0\.1 µm/],
    ['--channels', '5', /channel 5/],
    ['--channels', '0,1', /one index, or three/],
    ['--t', '3', /no t axis/],
    ['--model', 'nope', /no checkpoint "nope"/],
  ])('refuses %s %s', async (flag, value, message) => {
    const path = await writeSample('refuse.zarr');
    const outcome = await call([
      'segment',
      path,
      '--kmeans',
      '2',
      '--name',
      'a',
      ...(flag === '--model' ? [] : ['--model', manifest]),
      flag,
      value,
    ]);
    expect(outcome.code).toBe(2);
    expect(outcome.err[0]).toMatch(message);
    expect((await open(path)).labels).toEqual([]);
  });

  it('ends with 130 when it is interrupted, and says what is left', async () => {
    const path = await writeSample('interrupted.zarr');
    const controller = new AbortController();
    const running = main(['segment', path, '--kmeans', '2', '--name', 'a', '--model', manifest], {
      out: () => expect.fail('a result was printed'),
      err: (line) => expect(line).toContain('nothing half written is left'),
      // The progress bar tells when saving has begun.
      status: (text) => (text.startsWith('Saving') ? controller.abort() : undefined),
      signal: controller.signal,
    });
    expect(await running).toBe(130);
    expect(await readdir(path)).toEqual(['0', '1', 'zarr.json']);
    expect((await open(path)).labels).toEqual([]);
  });
});

describe('features', () => {
  it('writes tokens as a sharded OME-Zarr image', async () => {
    const path = await writeSample('features.zarr');
    const out = join(folder, 'f.zarr');
    const argv = ['features', path, '--out', out, '--model', manifest, '--z', '1', '--json'];
    const outcome = await call([...argv, '--dtype', 'float32']);
    expect(outcome.err).toEqual([]);
    expect(parseFeaturesOutput(outcome.json())).toMatchObject({ ok: true });
    // 64 × 72 pixels in patches of 4.
    expect(outcome.json()).toMatchObject({ axes: ['c', 'z', 'y', 'x'], shape: [6, 3, 16, 18], z: [1] });
    expect((await call(['validate', out])).code).toBe(0);
    const image = await open(out);
    expect(image.levels[0]).toMatchObject({ dtype: 'float32' });
    expect(image.levels[0]!.shards).toBeDefined();
    // The centre of the first patch of 4 pixels of 50 nm lies 75 nm from the centre of the first pixel.
    expect(image.levels[0]!.transform).toEqual({ scale: [1, 100, 200, 200], translation: [0, 0, 75, 75] });
    const exact = await plane(image, 1);
    expect(new Set(await plane(image, 0))).toEqual(new Set([0]));
    expect(new Set(exact).size).toBeGreaterThan(100);

    expect((await call(argv)).code).toBe(2);
    const half = await call([...argv, '--overwrite']);
    expect(half.json()).toMatchObject({ dtype: 'float16' });
    const rounded = await plane(await open(out), 1);
    // float16 has 11 significant bits; tanh lies within ±1.
    for (const [i, value] of exact.entries()) expect(Math.abs(rounded[i]! - value)).toBeLessThan(2 ** -11);
    const reduced = await call([...argv, '--overwrite', '--pca', '2']);
    expect(reduced.json()).toMatchObject({ shape: [2, 3, 16, 18], components: 2, fit: expect.any(String) });
    expect(new Set(await plane(await open(out), 0))).toEqual(new Set([0]));
    expect((await readdir(out)).filter((name) => name.startsWith('rev-')).length).toBe(1);
  });

  it('reduces with a basis of the very tokens it writes', async () => {
    const path = await writeSample('reduced.zarr');
    const out = join(folder, 'reduced.out.zarr');
    const argv = ['features', path, '--out', out, '--model', manifest, '--dtype', 'float32', '--level', '1'];
    expect(await call([...argv, '--pca', '3'])).toMatchObject({ code: 0, err: [] });
    // Scores of a PCA over all its samples: mean 0, no correlation, falling variance.
    const image = await open(out);
    const planes = await Promise.all([0, 1, 2].map((z) => plane(image, z)));
    const count = planes[0]!.length / 3;
    const scores = [0, 1, 2].map((c) => planes.flatMap((values) => values.slice(c * count, (c + 1) * count)));
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
    const size = scores.map((score) => Math.sqrt(dot(score, score)));
    for (const score of scores) {
      const sum = score.reduce((total, v) => total + v, 0);
      expect(Math.abs(sum / score.length)).toBeLessThan(1e-5);
    }
    expect(size[0]).toBeGreaterThan(size[1]!);
    expect(size[1]).toBeGreaterThan(size[2]!);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      expect(Math.abs(dot(scores[a]!, scores[b]!) / (size[a]! * size[b]!))).toBeLessThan(1e-3);
    const refused = await call([...argv, '--overwrite', '--pca', '7']);
    expect(refused.code).toBe(2);
    expect(refused.err[0]).toContain('give at most 6');
  });

  it('puts time and channel first, as OME-Zarr asks for, where the image did not', async () => {
    const path = join(folder, 'yxc.zarr');
    const store = createNodeStore(path);
    const shape = [20, 24, 3];
    const writer = createArrayWriter(store, '/0', {
      zarrFormat: 3,
      shape,
      chunkShape: shape,
      dtype: 'uint8',
      compression: 'none',
    });
    await writer.writeChunk([0, 0, 0], {
      data: Uint8Array.from({ length: 1440 }, (_, i) => (i * 37) % 251),
      shape,
    });
    await writer.finish();
    const attributes = imageAttributes({
      version: '0.5',
      name: 'yxc',
      axes: [
        { name: 'y', type: 'space' },
        { name: 'x', type: 'space' },
        { name: 'c', type: 'channel' },
      ],
      datasets: [{ path: '0', transform: { scale: [2, 3, 1], translation: [0, 0, 0] } }],
      downscaling: { type: 'none', metadata: {} },
    });
    await store.set('/zarr.json', jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
    const out = join(folder, 'yxc.out.zarr');
    const outcome = await call(['features', path, '--out', out, '--model', manifest, '--json']);
    expect(outcome.json()).toMatchObject({ axes: ['c', 'y', 'x'], shape: [6, 5, 6] });
    expect((await call(['validate', out, '--strict'])).code).toBe(0);
    // Patches of 4 pixels.
    expect((await open(out)).levels[0]!.transform).toEqual({ scale: [1, 8, 12], translation: [0, 3, 4.5] });
  });

  it('never replaces what it has not written', async () => {
    const path = await writeSample('mine.zarr');
    const { code, err } = await call(['features', path, '--out', path, '--overwrite', '--model', manifest]);
    expect(code).toBe(2);
    expect(err[0]).toContain('something else already');
    expect((await open(path)).levels).toHaveLength(2);
  });
});

async function plane(image: OmeImage, z: number): Promise<number[]> {
  const array = image.pixels[0]!;
  const [c = 0, , h = 0, w = 0] = array.shape;
  const { data } = await readRegion(array, { start: [0, z, 0, 0], stop: [c, z + 1, h, w] }, {});
  return Array.from(data as Float32Array);
}

describe('serve', () => {
  it('gives the image with its layers over HTTP, and ends when it is interrupted', async () => {
    const path = await writeSample('served.zarr');
    const argv = ['--kmeans', '2', '--model', manifest];
    await call(['segment', path, '--name', 'stored', ...argv]);
    const controller = new AbortController();
    let listening: (line: string) => void = () => {};
    const printed = new Promise<string>((resolve) => {
      listening = resolve;
    });
    const running = main(['serve', path, ...argv, '--json'], {
      out: listening,
      err: (line) => expect.fail(line),
      signal: controller.signal,
    });
    const output: unknown = JSON.parse(await printed);
    expect(parseServeOutput(output)).toMatchObject({ ok: true });
    const { url } = output as { url: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/served\.zarr$/);
    const image = await openImage({ store: createHttpStore(url), path: '', location: url });
    expect(image.labels.map((label) => label.name)).toEqual(['stored', 'clusters']);
    // What is computed on request is what was saved: the same seed, the same fit.
    for (const z of [0, 2]) expect(await ids(image, 'clusters', z)).toEqual(await ids(image, 'stored', z));
    const colours = await openImage({
      store: createHttpStore(url),
      path: '/alibi-zarr/features',
      location: url,
    });
    expect(colours.levels.map((level) => level.shape)).toEqual([
      [3, 3, 16, 18],
      [3, 3, 8, 9],
    ]);
    controller.abort();
    expect(await running).toBe(0);
    await expect(fetch(`${url}/zarr.json`)).rejects.toThrow();
  });
});
