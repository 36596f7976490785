import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  parseLabelProvenance,
  parsePortableClassifier,
  parseReproduceOutput,
  parseSegmentOutput,
  parseSegmentPlateOutput,
} from 'alibi-zarr-schemas';
import { encode } from 'fast-png';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { openSessionInProcess } from '../../src/node/open-session.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { jsonBytes } from '../../src/ome/write.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { call, writeTinyCheckpoint } from './call.ts';
import { height, width, writeHalves as writeHalvesIn } from './halves-image.ts';

let folder = '';
let manifest = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alibi-classify-'));
  manifest = await writeTinyCheckpoint(join(folder, 'models', 'tiny'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const writeHalves = (path: string, nm?: number, factor?: number) => writeHalvesIn(folder, path, nm, factor);

/** Three strokes of each class, left and right. */
async function writeScribbles(name = 'scribbles.png'): Promise<string> {
  const data = new Uint8Array(height * width);
  for (const y of [8, 30, 52]) {
    data.fill(1, y * width + 6, y * width + 26);
    data.fill(2, y * width + 46, y * width + 66);
  }
  const path = join(folder, name);
  await writeFile(path, encode({ width, height, data, channels: 1, depth: 8 }));
  return path;
}

async function idsOf(path: string, name: string): Promise<Uint8Array> {
  const image = await openImage({ store: createNodeStore(path), path: '', location: path });
  const [level] = (await openLabel(image, name)).pyramid;
  const { data } = await readRegion(level!, { start: [0, 0], stop: level!.shape }, {});
  return Uint8Array.from(data as Uint8Array);
}

/** Pixels on the wrong side among those further than `marginPx` from the border: wide Gaussians blur it. */
function wrongBeyond(ids: Uint8Array, marginPx: number): number {
  return ids.filter((id, i) => {
    const x = i % width;
    return Math.abs(x + 0.5 - width / 2) > marginPx && id !== (x < width / 2 ? 1 : 2);
  }).length;
}

const quick = () => ['--model', manifest, '--tokens', '1', '--components', '3', '--json'];

describe('segment --scribbles', () => {
  it('learns, saves labels, probabilities and a classifier that gives the same labels again', async () => {
    const path = await writeHalves('learn.zarr');
    const stem = join(folder, 'halves');
    const outcome = await call([
      ...['segment', path, '--name', 'halves', '--scribbles', await writeScribbles()],
      ...['--classes', 'dark,bright', '--classifier-out', stem, '--probabilities', ...quick()],
    ]);
    expect(outcome.err).toEqual([]);
    expect(outcome.code).toBe(0);
    expect(parseSegmentOutput(outcome.json())).toMatchObject({ ok: true });
    expect(outcome.json()).toMatchObject({
      method: 'scribbles',
      counts: [60, 60],
      classes: [
        { id: 1, name: 'dark' },
        { id: 2, name: 'bright' },
      ],
      heldOut: { folds: 3 },
      classifier: { json: `${stem}.json`, onnx: `${stem}.onnx` },
    });
    const ids = await idsOf(path, 'halves');
    expect(wrongBeyond(ids, 8)).toBe(0);

    // Probabilities: an image of two channels whose larger one is the label.
    const at = `${path}/probabilities/halves`;
    const image = await openImage({ store: createNodeStore(at), path: '', location: at });
    expect(image.channels.map(({ label }) => label)).toEqual(['dark', 'bright']);
    expect(image.levels[0]).toMatchObject({ dtype: 'uint8', shape: [2, height, width] });
    const { data } = await readRegion(image.pixels[0]!, { start: [0, 0, 0], stop: [2, height, width] }, {});
    ids.forEach((id, i) => {
      const [dark, bright] = [Number(data[i]), Number(data[height * width + i])];
      expect(Math.abs(dark + bright - 255)).toBeLessThanOrEqual(1);
      if (Math.abs(dark - bright) > 1) expect(id).toBe(dark > bright ? 1 : 2);
    });

    const file = JSON.parse(await readFile(`${stem}.json`, 'utf8'));
    expect(parsePortableClassifier(file)).toMatchObject({ ok: true });
    const again = await call([
      'segment',
      path,
      '--name',
      'again',
      '--classifier',
      `${stem}.json`,
      '--model',
      manifest,
    ]);
    expect(again.err).toEqual([]);
    expect(await idsOf(path, 'again')).toEqual(ids);

    // What `features --recipe` exports, run through the ONNX file, gives the labels.
    const out = join(folder, 'halves-features.zarr');
    const exported = await call([
      'features',
      path,
      '--out',
      out,
      '--recipe',
      `${stem}.json`,
      '--model',
      manifest,
      '--json',
    ]);
    expect(exported.err).toEqual([]);
    expect(exported.json()).toMatchObject({ dtype: 'float32', features: file.features });
    const features = await openImage({ store: createNodeStore(out), path: '', location: out });
    const dim = file.features.length;
    const planes = await readRegion(
      features.pixels[0]!,
      { start: [0, 0, 0], stop: [dim, height, width] },
      {},
    );
    const rows = Float32Array.from({ length: planes.data.length }, (_, i) =>
      Number(planes.data[(i % dim) * height * width + Math.floor(i / dim)]),
    );
    const session = await InferenceSession.create(`${stem}.onnx`);
    const run = await session.run({ features: new Tensor('float32', rows, [height * width, dim]) });
    const labels = run.label!.data as BigInt64Array;
    const same = ids.filter((id, i) => id === Number(labels[i])).length;
    expect(same / ids.length).toBeGreaterThanOrEqual(0.999);
  });

  it('learns from GeoJSON what it learns from the same pixels painted', async () => {
    const path = await writeHalves('geojson.zarr');
    // The strokes of writeScribbles: rows of pixels are areas one pixel high.
    const feature = (name: string, x0: number, y: number, more = {}) => ({
      type: 'Feature',
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [x0, y],
            [x0 + 20, y],
            [x0 + 20, y + 1],
            [x0, y + 1],
            [x0, y],
          ],
        ],
        ...more,
      },
      properties: { classification: { name, color: [1, 2, 3] } },
    });
    const features = [8, 30, 52].flatMap((y) => [feature('bright', 46, y), feature('dark', 6, y)]);
    const file = join(folder, 'strokes.geojson');
    const odd = feature('dark', 6, 8, { plane: { c: -1, z: 3, t: 0 } });
    await writeFile(file, JSON.stringify({ type: 'FeatureCollection', features: [...features, odd] }));
    const outcome = await call([
      ...['segment', path, '--name', 'geo', '--scribbles', file, '--classes', 'dark,bright', ...quick()],
    ]);
    expect(outcome.err).toEqual([
      expect.stringMatching(/1 feature is left out: its slice is not in the image \(feature 6\)/),
    ]);
    expect(outcome.json()).toMatchObject({
      counts: [60, 60],
      classes: [{ name: 'dark' }, { name: 'bright' }],
    });
    const png = await writeScribbles();
    await call(['segment', path, '--name', 'png', '--scribbles', png, ...quick()]);
    expect(await idsOf(path, 'geo')).toEqual(await idsOf(path, 'png'));
    const again = await call(['reproduce', path, '--labels', 'geo', '--model', manifest, '--json']);
    expect(again.json()).toMatchObject({ agreement: 1 });
    const missing = await call([
      ...['segment', path, '--name', 'x', '--scribbles', file, '--classes', 'dark', ...quick()],
    ]);
    expect(missing.code).toBe(2);
    expect(missing.err.join()).toMatch(/the class "bright", which --classes does not name/);
  });

  it('takes labels of the image as scribbles, a mask, and reproduces what it saved', async () => {
    const path = await writeHalves('mask.zarr');
    const mask = new Uint8Array(height * width);
    for (let i = 0; i < mask.length; i++) mask[i] = Math.floor(i / width) < 40 ? 255 : 0;
    const maskPath = join(folder, 'mask.png');
    await writeFile(maskPath, encode({ width, height, data: mask, channels: 1, depth: 8 }));
    const argv = ['segment', path, '--scribbles', await writeScribbles(), '--mask', maskPath, ...quick()];
    const outcome = await call([...argv, '--name', 'inside']);
    expect(outcome.err).toEqual([]);
    // The stroke at row 52 lies outside.
    expect(outcome.json()).toMatchObject({ counts: [40, 40] });
    const ids = await idsOf(path, 'inside');
    expect(new Set(ids.subarray(40 * width))).toEqual(new Set([0]));
    expect(new Set(ids.subarray(0, 40 * width))).toEqual(new Set([1, 2]));
    const fromLabels = await call([
      'segment',
      path,
      '--scribbles',
      'inside',
      '--name',
      'second',
      ...quick(),
      '--validation',
      'none',
    ]);
    expect(fromLabels.err).toEqual([]);
    expect(fromLabels.json()).toMatchObject({ method: 'scribbles', heldOut: null });

    const image = await openImage({ store: createNodeStore(path), path: '', location: path });
    const { provenance } = await openLabel(image, 'inside');
    expect(parseLabelProvenance(provenance)).toMatchObject({ ok: true });
    const reproduced = await call(['reproduce', path, '--labels', 'inside', '--model', manifest, '--json']);
    expect(reproduced.err).toEqual([]);
    expect(parseReproduceOutput(reproduced.json())).toMatchObject({ ok: true });
    expect(reproduced.json()).toMatchObject({
      agreement: 1,
      different: 0,
      sameFit: true,
      pixels: height * width,
    });
    expect(reproduced.code).toBe(0);
    const methods = await call(['reproduce', path, '--labels', 'inside', '--methods']);
    expect(methods.out.join()).toMatch(/alibi-zarr 0\.1\.0.*Class 1 and Class 2.*left out/s);
    const missing = await call(['reproduce', path, '--labels', 'outside']);
    expect(missing.err.join()).toMatch(/there are no labels "outside".*The image has .*inside/s);
    expect(missing.code).toBe(2);
  });

  it('drafts a methods paragraph that tells of what was looked at, and of nothing else', async () => {
    const path = await writeHalves('methods.zarr');
    const paint = [
      'segment',
      path,
      '--scribbles',
      await writeScribbles('methods.png'),
      '--validation',
      'none',
    ];
    const model = ['--model', manifest];
    const plain = [...paint, ...model, '--name', 'plain', '--tokens', 'none', '--learner', 'linear'];
    await call([...plain, '--features', 'gaussian']);
    await call([...paint, ...model, '--name', 'seen', '--tokens', '1', '--components', '3', '--bilinear']);
    const methods = async (name: string) =>
      (await call(['reproduce', path, '--labels', name, '--methods'])).out.join();
    const ofPlain = await methods('plain');
    expect(ofPlain).toContain(
      'from multi-scale features of the pixels (gaussian), by a regularised multinomial logistic regression.',
    );
    expect(ofPlain).not.toMatch(/transformer|tokens brought|trees/);
    expect(await methods('seen')).toMatch(
      /shown to the vision transformer .* PCA-reduced tokens brought to pixels by bilinear interpolation and multi-scale features of the pixels \(gaussian, gradient and hessian\), by the mean of .* and extremely randomised trees\./,
    );
  });

  it('says in one line what is wrong with its files before anything is learned', async () => {
    const path = await writeHalves('wrong.zarr');
    const scribbles = await writeScribbles('wrong.png');
    const none = join(folder, 'none.png');
    await writeFile(
      none,
      encode({ width, height, data: new Uint8Array(height * width), channels: 1, depth: 8 }),
    );
    const notes = join(folder, 'notes.txt');
    await writeFile(notes, 'nothing');
    const segment = (...flags: string[]) =>
      call(['segment', path, '--name', 'x', '--model', manifest, '--tokens', 'none', ...flags]);
    for (const [flags, expected] of [
      [
        ['--scribbles', 'strokes'],
        /--scribbles names nothing that is there \(strokes\).*PNG, a GeoJSON file.*has no labels/,
      ],
      [['--scribbles', notes], /--scribbles names a file that holds no labels \(.*notes\.txt\)/],
      [
        ['--scribbles', scribbles, '--mask', none],
        /nothing is painted inside the mask \(--mask\).*Strokes count where the mask is not 0/,
      ],
      [
        ['--scribbles', scribbles, '--classifier-out', join(notes, 'classifier')],
        /it cannot be written: a part of the path is a file \(.*classifier\.json\)/,
      ],
    ] as const) {
      const { err, code } = await segment(...flags);
      expect(err).toHaveLength(1);
      expect(err[0]).toMatch(expected);
      expect(code).toBe(2);
    }
    const { labels } = await openImage({ store: createNodeStore(path), path: '', location: path });
    expect(labels).toEqual([]);
  });

  it('reproduces clusters that were merged in a session', async () => {
    const path = await writeHalves('merged.zarr');
    const session = await openSessionInProcess({ source: createNodeStore(path), model: manifest });
    const clusters = await session.clusters({ k: 4, level: 0, seed: 3 });
    const merged = await session.clustering.merge(clusters, [2, 4]);
    const result = await session.save(merged, { name: 'merged' });
    expect(result.validation).toEqual({ valid: true });
    await session.close();
    expect(new Set(await idsOf(path, 'merged')).size).toBeGreaterThan(1);
    const again = await call(['reproduce', path, '--labels', 'merged', '--model', manifest, '--json']);
    expect(again.err).toEqual([]);
    expect(again.json()).toMatchObject({ agreement: 1, different: 0, sameFit: true });
  });

  it.each([
    [['--scribbles', 'nowhere.png'], /cannot be read/],
    [['--scribbles', 'small.png'], /72 × 64/],
    [['--scribbles', 'scribbles.png', '--kmeans', '2'], /--scribbles and --kmeans are given/],
    [[], /nothing says how to segment/],
    [['--scribbles', 'scribbles.png', '--classes', 'one'], /names 1 classes and 2 are painted/],
    [['--scribbles', 'scribbles.png', '--tokens', 'x'], /--tokens is "x"/],
    [
      ['--scribbles', 'scribbles.png', '--tokens', 'none', '--features', 'none'],
      /every feature is switched off/,
    ],
    [['--scribbles', 'scribbles.png', '--wells', 'A/1'], /is one image/],
    [['--kmeans', '2', '--probabilities'], /Clusters have none/],
    [
      ['--kmeans', '2', '--edge-smooth', '1000'],
      /--kmeans and --edge-smooth are given.*leave --edge-smooth out/,
    ],
    [['--kmeans', '2', '--bilinear'], /--kmeans and --bilinear are given/],
    [['--classifier', 'classifier.json', '--learner', 'forest'], /--classifier and --learner are given/],
    [['--project', 'project.json', '--penalty', '1'], /--project and --penalty are given/],
    [['--classifier', 'scribbles.png'], /no JSON/],
    [['--project', 'project.json'], /no project/],
  ])('refuses %j', async (argv, message) => {
    const path = await writeHalves('refuse.zarr');
    await writeScribbles();
    await writeFile(
      join(folder, 'small.png'),
      encode({ width: 2, height: 2, data: Uint8Array.of(0, 1, 2, 0), channels: 1, depth: 8 }),
    );
    await writeFile(join(folder, 'project.json'), '{}');
    const named = argv.map((part) => (/\.(png|json)$/.test(part) ? join(folder, part) : part));
    const outcome = await call(['segment', path, '--name', 'a', '--model', manifest, ...named]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toEqual([expect.stringMatching(message)]);
  });
});

describe('segment --classifier', () => {
  it('resamples to the pixel size it was trained at, and refuses an image that is too coarse', async () => {
    const path = await writeHalves('size.zarr');
    const stem = join(folder, 'size');
    const learned = await call([
      ...[
        'segment',
        path,
        '--name',
        'a',
        '--scribbles',
        await writeScribbles(),
        '--classifier-out',
        stem,
        ...quick(),
      ],
    ]);
    expect(learned.err).toEqual([]);
    // The same halves in pixels of 25 nm, two for one.
    const fine = await writeHalves('fine.zarr', 25, 2);
    const again = await call([
      ...['segment', path, '--name', 'b', '--scribbles', await writeScribbles(), '--classifier-out', stem],
      ...quick(),
    ]);
    expect(again.code).toBe(2);
    expect(again.err.join()).toMatch(/there is such a file already \(.*size\.json\).*--overwrite/);
    const outcome = await call([
      'segment',
      fine,
      '--name',
      'a',
      '--classifier',
      `${stem}.json`,
      '--model',
      manifest,
      '--json',
    ]);
    expect(outcome.err).toEqual([]);
    expect(outcome.json()).toMatchObject({ factor: { y: 0.5, x: 0.5 }, shape: [2 * height, 2 * width] });
    const ids = await idsOf(fine, 'a');
    const wrong = ids.filter((id, i) => id !== (i % (2 * width) < width ? 1 : 2)).length;
    expect(wrong / ids.length).toBeLessThan(0.05);
    const coarse = await writeHalves('coarse.zarr', 500);
    const refused = await call([
      'segment',
      coarse,
      '--name',
      'a',
      '--classifier',
      `${stem}.json`,
      '--model',
      manifest,
    ]);
    expect(refused).toMatchObject({
      code: 2,
      err: [expect.stringMatching(/trained at 0\.05 µm a pixel, .* 0\.5 µm/)],
    });
  });
});

describe('segment --project', () => {
  it('learns from the strokes on several images', async () => {
    const [a, b] = [await writeHalves('project-a.zarr'), await writeHalves('project-b.zarr')];
    const stroke = (id: string, classIndex: number, x: number) => ({
      id,
      classIndex,
      radiusPx: 3,
      points: [x, 10, x, 50],
      z: 0,
      t: 0,
    });
    const project = {
      format: 'alibi-zarr/project/1',
      classes: [
        { name: 'dark', color: '112233' },
        { name: 'bright', color: '445566' },
      ],
      images: [
        { source: 'project-a.zarr', strokes: [stroke('1', 0, 12)] },
        { source: 'project-b.zarr', strokes: [stroke('1', 1, 60)] },
        { source: 'not-there.zarr', strokes: [] },
      ],
      recipe: { tokenScales: [1], components: 3 },
    };
    const file = join(folder, 'two.json');
    await writeFile(file, JSON.stringify(project));
    const outcome = await call([
      'segment',
      b,
      '--name',
      'p',
      '--project',
      file,
      '--model',
      manifest,
      '--json',
    ]);
    expect(outcome.err).toEqual([]);
    expect(outcome.json()).toMatchObject({ method: 'project', k: 2 });
    const ids = await idsOf(b, 'p');
    // One narrow stroke a class says nothing of the middle; near the strokes it must be right.
    expect(wrongBeyond(ids, 24)).toBe(0);
    expect(a).not.toBe(b);
    const reproduced = await call(['reproduce', b, '--labels', 'p', '--model', manifest, '--json']);
    expect(reproduced.json()).toMatchObject({ agreement: 1, sameFit: true });
  });
});

describe('reproduce', () => {
  it('computes again what a session saved of areas inside a region', async () => {
    const path = await writeHalves('session.zarr');
    const session = await openSessionInProcess({ source: createNodeStore(path), model: manifest });
    session.addClass({ name: 'dark', color: '000000' });
    session.addClass({ name: 'bright', color: 'ffffff' });
    const area = (classIndex: number, x0: number, y0: number) =>
      session.stroke({
        ...{ classIndex, radiusPx: 1, points: [], z: 0, t: 0 },
        rings: [[x0, y0, x0 + 20, y0, x0 + 20, y0 + 4, x0, y0 + 4]],
      });
    area(0, 6, 20);
    area(1, 46, 20);
    // The lower half of this one lies outside and says the wrong thing.
    area(0, 46, 38);
    const region = [0, 10, width, 10, width, 40, 0, 40];
    await session.setRegion({ kind: 'area', rings: [region] });
    const layer = await session.train({ classifier: { kind: 'linear' } });
    await session.save(layer!, { name: 'part' });
    await session.close();
    const ids = await idsOf(path, 'part');
    const rows = Array.from({ length: height }, (_, y) => ids.subarray(y * width, (y + 1) * width));
    expect(rows.map((row) => row.some((id) => id !== 0))).toEqual(
      Array.from({ length: height }, (_, y) => y >= 10 && y < 40),
    );
    const image = await openImage({ store: createNodeStore(path), path: '', location: path });
    const { provenance } = await openLabel(image, 'part');
    expect(parseLabelProvenance(provenance)).toMatchObject({
      ok: true,
      value: { region: { rings: [region] } },
    });
    const again = await call(['reproduce', path, '--labels', 'part', '--model', manifest, '--json']);
    expect(again.json()).toMatchObject({ agreement: 1, sameFit: true });
  });
});

describe('segment of a plate', () => {
  it('does every field, tells which failed and does those again alone', async () => {
    for (const field of ['A/1/0', 'A/1/1', 'B/2/0']) await writeHalves(`plate.zarr/${field}`);
    const store = createNodeStore(join(folder, 'plate.zarr'));
    const group = (path: `/${string}` | '', ome: object) =>
      store.set(
        `${path}/zarr.json`,
        jsonBytes({ zarr_format: 3, node_type: 'group', attributes: { ome: { version: '0.5', ...ome } } }),
      );
    await group('', {
      plate: {
        name: 'plate',
        rows: [{ name: 'A' }, { name: 'B' }],
        columns: [{ name: '1' }, { name: '2' }],
        wells: [
          { path: 'A/1', rowIndex: 0, columnIndex: 0 },
          { path: 'B/2', rowIndex: 1, columnIndex: 1 },
        ],
      },
    });
    await group('/A/1', { well: { images: [{ path: '0' }, { path: '1' }, { path: '7' }] } });
    await group('/B/2', { well: { images: [{ path: '0' }] } });
    const plate = join(folder, 'plate.zarr');
    const argv = ['segment', plate, '--name', 'a', '--kmeans', '2', '--model', manifest, '--json'];
    const some = await call([...argv, '--wells', 'B/*']);
    expect(some.err).toEqual([]);
    expect(some.json()).toMatchObject({ done: [{ image: 'B/2/0', valid: true }], failed: [], again: null });
    const all = await call([...argv, '--overwrite']);
    expect(parseSegmentPlateOutput(all.json())).toMatchObject({ ok: true });
    expect(all.json()).toMatchObject({
      done: [{ image: 'A/1/0' }, { image: 'A/1/1' }, { image: 'B/2/0' }],
      failed: [{ image: 'A/1/7' }],
      again: 'A/1/7',
    });
    expect(all.code).toBe(1);
    const again = await call([...argv, '--overwrite', '--fields', 'A/1/1']);
    expect(again.json()).toMatchObject({ done: [{ image: 'A/1/1' }], failed: [] });
    expect((await call([...argv, '--wells', 'C/*'])).err[0]).toMatch(/wells are A\/1, B\/2/);
    expect(new Set(await idsOf(join(plate, 'A/1/0'), 'a'))).toEqual(new Set([1, 2]));
  });
});
