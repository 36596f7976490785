import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseInstancesOutput, parseLabelProvenance, parseMeasureOutput } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { main } from '../../src/node/cli.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { call } from './call.ts';
import { writeObjectsImage } from './objects-image.ts';

let folder = '';
let square = '';

/** 6 × 8 pixels of 0.5 µm: an L of class 1, a bar of class 2 that touches it at a corner, a dot of class 1. */
const classes = ['11......', '1.......', '1.......', '.2222...', '.......1', '........'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alibi-objects-'));
  square = join(folder, 'square.zarr');
  await writeObjectsImage(square, {
    axes: 'cyx',
    shape: [2, 6, 8],
    dtype: 'uint16',
    pixels: Array.from({ length: 96 }, (_, i) => i),
    scale: [1, 0.5, 0.5],
    unit: 'micrometer',
    labels: { classes: { dtype: 'uint8', data: ids(classes) } },
    classes: [
      { id: 1, name: 'nucleus', color: 'ff0000' },
      { id: 2, name: 'fibre, thick', color: '00ff00' },
    ],
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function ids(lines: readonly string[]): number[] {
  return [...lines.join('')].map((letter) => (letter === '.' ? 0 : Number(letter)));
}

async function read(path: string, name: string): Promise<string[]> {
  const image = await openImage({ store: createNodeStore(path), path: '', location: path });
  const labels = (await openLabel(image, name)).pyramid[0]!;
  const { data, shape } = await readRegion(
    labels,
    { start: labels.shape.map(() => 0), stop: labels.shape },
    {},
  );
  const width = shape.at(-1)!;
  const text = Array.from(data, Number)
    .map((id) => (id === 0 ? '.' : String(id)))
    .join('');
  return Array.from({ length: text.length / width }, (_, row) => text.slice(row * width, (row + 1) * width));
}

describe('instances', () => {
  it('gives every connected piece of every class an id of its own', async () => {
    const argv = ['instances', square, '--labels', 'classes', '--name', 'pieces', '--json'];
    const { code, err, json } = await call(argv);
    expect(err).toEqual([]);
    expect(code).toBe(0);
    expect(parseInstancesOutput(json())).toMatchObject({ ok: true });
    expect(json()).toMatchObject({
      method: 'components',
      dims: 2,
      connectivity: 8,
      count: 3,
      unit: 'micrometer',
      class: null,
      dtype: 'uint32',
      validation: { valid: true },
    });
    expect(await read(square, 'pieces')).toEqual([
      '11......',
      '1.......',
      '1.......',
      '.2222...',
      '.......3',
      '........',
    ]);
    const image = await openImage({ store: createNodeStore(square), path: '', location: square });
    const { provenance } = await openLabel(image, 'pieces');
    expect(parseLabelProvenance(provenance)).toMatchObject({ ok: true });
    expect(provenance).toMatchObject({ fit: { kind: 'components', source: { labels: 'classes' } } });
    // There already: refused before any work, replaced where that is allowed.
    expect(await call(argv)).toMatchObject({ code: 2, out: [] });
    expect((await call([...argv, '--overwrite', '--dtype', 'uint64'])).json()).toMatchObject({
      dtype: 'uint64',
    });
  });

  it('takes one class by its name, of the sizes asked for', async () => {
    const argv = ['instances', square, '--labels', 'classes', '--name', 'nuclei', '--overwrite'];
    // The L has 4 pixels of 0.25 µm², the dot one.
    const outcome = await call([...argv, '--class', 'nucleus', '--min-size', '1', '--json']);
    expect(outcome.json()).toMatchObject({ class: '1', count: 1, minSize: 1 });
    expect((await read(square, 'nuclei'))[4]).toBe('........');
    expect((await call([...argv, '--class', '1'])).out[0]).toContain('2 objects');
    const refused = await call([...argv, '--class', 'nucleolus']);
    expect(refused.code).toBe(2);
    expect(refused.err[0]).toContain('The labels have 1 nucleus, 2 fibre, thick.');
  });

  it('splits what narrows, and says which objects are larger than the halo', async () => {
    const path = join(folder, 'dumbbell.zarr');
    const inBall = (y: number, x: number, cx: number) => (y - 20) ** 2 + (x - cx) ** 2 <= 81;
    await writeObjectsImage(path, {
      axes: 'yx',
      shape: [40, 60],
      dtype: 'uint8',
      pixels: new Uint8Array(2400),
      scale: [1, 1],
      labels: {
        mask: {
          dtype: 'uint8',
          data: Array.from({ length: 2400 }, (_, i) => {
            const [y, x] = [Math.floor(i / 60), i % 60];
            return inBall(y, x, 20) || inBall(y, x, 36) ? 1 : 0;
          }),
        },
      },
    });
    const argv = ['instances', path, '--labels', 'mask', '--overwrite', '--json', '--name', 'cells'];
    expect((await call(argv)).json()).toMatchObject({ count: 1, unit: null });
    const { json } = await call([...argv, '--method', 'watershed']);
    expect(parseInstancesOutput(json())).toMatchObject({ ok: true });
    expect(json()).toMatchObject({ count: 2, depth: 1, halo: 64, unsure: { count: 0, ids: [] } });
    expect((await call([...argv, '--method', 'watershed', '--depth', '8'])).json()).toMatchObject({
      count: 1,
    });
  });

  it('splits along a channel that is bright where objects meet', async () => {
    // Two cells side by side: nothing narrows, a membrane of one pixel stands between them.
    const path = join(folder, 'tissue.zarr');
    const [height, width] = [12, 20];
    const isMembrane = (x: number) => x === 9;
    const one = Array.from({ length: height * width }, () => 1);
    await writeObjectsImage(path, {
      axes: 'cyx',
      shape: [2, height, width],
      dtype: 'uint8',
      pixels: [...one, ...one.map((_, i) => (isMembrane(i % width) ? 200 : 10))],
      scale: [1, 1, 1],
      labels: { tissue: { dtype: 'uint8', data: one } },
    });
    const argv = ['instances', path, '--labels', 'tissue', '--name', 'cells', '--overwrite', '--json'];
    expect((await call([...argv, '--method', 'watershed'])).json()).toMatchObject({ count: 1 });
    const split = await call([...argv, '--method', 'watershed', '--boundary', '1']);
    expect(parseInstancesOutput(split.json())).toMatchObject({ ok: true });
    // A tenth of the contrast of 10 to 200.
    expect(split.json()).toMatchObject({ count: 2, boundary: 1, depth: 19 });
    const flat = await call([...argv, '--method', 'watershed', '--boundary', '0']);
    expect(flat.json()).toMatchObject({ count: 1 });
    const none = await call([...argv, '--method', 'watershed', '--boundary', '2']);
    expect(none.err.join()).toMatch(/--boundary is 2.*channels 0 to 1/);
  });

  it.each([
    [['--name', 'x'], /--labels is missing.*The image has classes/],
    [['--labels', 'classes'], /--name is missing/],
    [['--labels', 'clases', '--name', 'x'], /no labels "clases".*The image has classes/],
    [['--labels', 'classes', '--name', 'x', '--connectivity', '26'], /With 2 dimensions it is one of 4, 8/],
    [['--labels', 'classes', '--name', 'x', '--dims', '3'], /no z axis/],
    [['--labels', 'classes', '--name', 'x', '--halo', '3'], /--halo goes with --method watershed/],
    [['--labels', 'classes', '--name', 'x', '--boundary', '0'], /--boundary goes with --method watershed/],
    [['--labels', 'classes', '--name', 'x', '--method', 'magic'], /Write components or watershed/],
    [['--labels', 'classes', '--name', 'x', '--min-size', '-1'], /--min-size is -1/],
    [['--labels', 'classes', '--name', 'x', '--t', '2'], /no t axis/],
    [['--labels', 'classes', '--name', '../x'], /name/],
  ])('refuses %s', async (flags, message) => {
    const { code, out, err } = await call(['instances', square, ...flags]);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(message);
  });

  it('goes into an .ozx as it goes into a folder', async () => {
    const out = join(folder, 'objects.ozx');
    const made = await call([
      'instances',
      square,
      '--labels',
      'classes',
      '--name',
      'cells',
      '--out',
      out,
      '--json',
    ]);
    expect(made.err.filter((line) => line.startsWith('alibi-zarr:'))).toEqual([]);
    expect(parseInstancesOutput(made.json())).toMatchObject({
      value: { location: out, validation: { valid: true } },
    });
    expect((await readFile(out)).subarray(0, 2).toString()).toBe('PK');
    expect((await readdir(folder)).filter((name) => name.endsWith('.saving'))).toEqual([]);
  });

  it('leaves nothing half written when it is interrupted', async () => {
    const controller = new AbortController();
    const before = await readdir(join(square, 'labels'));
    const code = await main(['instances', square, '--labels', 'classes', '--name', 'gone'], {
      out: () => expect.fail('a result was printed'),
      err: (line) => expect(line).toContain('nothing half written'),
      status: (text) => (text.startsWith('Saving') ? controller.abort() : undefined),
      signal: controller.signal,
    });
    expect(code).toBe(130);
    expect(await readdir(join(square, 'labels'))).toEqual(before);
  });
});

describe('measure', () => {
  const argv = () => ['measure', square, '--labels', 'classes'];

  it('streams a table of every object to stdout', async () => {
    const { code, out, err } = await call([...argv(), '--channels', '1']);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const [header, ...lines] = out;
    const names = header!.split(',');
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((cell, n) => [names[n], cell])));
    // Class 2 is the bar: pixels (3, 1) to (3, 4), of channel 1 the values 48 + 24 + 1 … 4.
    expect(rows[1]).toMatchObject({
      label: '2',
      area: '1',
      num_pixels: '4',
      centroid_y: '1.5',
      centroid_x: '1.25',
      bbox_y0: '3',
      bbox_x0: '1',
      bbox_y1: '4',
      bbox_x1: '5',
      extent: '1',
      solidity: '1',
      eccentricity: '1',
      axis_minor_length: '0',
      // Second moment of 0 … 3 is 5/4 pixels²; 4 √(5/4) half micrometres.
      axis_major_length: String(4 * Math.sqrt(1.25 * 0.25)),
      intensity_mean_c1: '74.5',
      intensity_min_c1: '73',
      intensity_max_c1: '76',
      unit: 'micrometer',
    });
    expect(rows.map(({ label }) => label)).toEqual(['1', '2']);
  });

  it('prints one JSON object, with the rows where they go nowhere else', async () => {
    const inline = await call([...argv(), '--json']);
    expect(parseMeasureOutput(inline.json())).toMatchObject({ ok: true });
    expect(inline.json()).toMatchObject({
      format: 'json',
      out: null,
      dims: 2,
      unit: 'micrometer',
      objects: 2,
      rows: [
        { label: 1, area: 1.25 },
        { label: 2, area: 1 },
      ],
    });
    const out = join(folder, 'table.csv');
    const summary = await call([...argv(), '--json', '--out', out, '--contours', join(folder, 'a.geojson')]);
    expect(parseMeasureOutput(summary.json())).toMatchObject({ ok: true });
    expect(summary.json()).toMatchObject({
      format: 'csv',
      out,
      objects: 2,
      contours: { count: 2, format: 'geojson' },
    });
    expect(summary.json()).not.toHaveProperty('rows');
    expect((await readFile(out, 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  it('writes outlines in pixels for QuPath, whole objects with their classes', async () => {
    const path = join(folder, 'outlines.geojson');
    await call([...argv(), '--out', join(folder, 'o.csv'), '--contours', path]);
    const { type, features } = JSON.parse(await readFile(path, 'utf8'));
    expect(type).toBe('FeatureCollection');
    expect(features).toHaveLength(2);
    // Class 1: the L and the dot.
    expect(features[0]).toEqual({
      type: 'Feature',
      geometry: {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [7, 4],
              [8, 4],
              [8, 5],
              [7, 5],
              [7, 4],
            ],
          ],
          [
            [
              [0, 0],
              [2, 0],
              [2, 1],
              [1, 1],
              [1, 3],
              [0, 3],
              [0, 0],
            ],
          ],
        ],
      },
      properties: {
        objectType: 'detection',
        name: '1',
        classification: { name: 'nucleus', color: [255, 0, 0] },
        label: 1,
      },
    });
    expect(features[1].geometry.coordinates).toEqual([
      [
        [1, 3],
        [5, 3],
        [5, 4],
        [1, 4],
        [1, 3],
      ],
    ]);
  });

  it('replaces files only where that is allowed, and folders only where they are tables', async () => {
    const out = join(folder, 'kept.csv');
    expect((await call([...argv(), '--out', out])).code).toBe(0);
    expect((await call([...argv(), '--out', out])).err[0]).toContain('--overwrite');
    expect((await call([...argv(), '--out', out, '--overwrite'])).code).toBe(0);
    const image = await call([...argv(), '--out', square, '--overwrite']);
    expect(image.code).toBe(2);
    expect(image.err[0]).toContain('something else is there already');
    expect((await readdir(square)).sort()).toEqual(['0', 'labels', 'zarr.json']);
    const table = join(folder, 'kept.zarr');
    expect((await call([...argv(), '--out', table])).code).toBe(0);
    expect((await call([...argv(), '--out', table])).code).toBe(2);
    expect((await call([...argv(), '--out', table, '--overwrite'])).code).toBe(0);
    expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it.each([
    [[], /--labels is missing/],
    [['--labels', 'none'], /no labels "none"/],
    [['--labels', 'classes', '--out', 'table.xls'], /\.csv, \.parquet or \.zarr/],
    [['--labels', 'classes', '--contours', 'a.svg'], /\.geojson \(QuPath\) or \.zip/],
    [['--labels', 'classes', '--channels', '7'], /Write none, or some of 0/],
    [['--labels', 'classes', '--out', '/nowhere/at/all.csv'], /Name a file in a folder you can write to/],
  ])('refuses %s', async (flags, message) => {
    const { code, out, err } = await call(['measure', square, ...flags]);
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(message);
  });

  it('ends with 130 when it is interrupted, the file as it was', async () => {
    const controller = new AbortController();
    const out = join(folder, 'interrupted.csv');
    const code = await main([...argv(), '--out', out], {
      out: () => expect.fail('a result was printed'),
      err: (line) => expect(line).toContain('is as it was before'),
      status: (text) => (text.startsWith('Measuring') ? controller.abort() : undefined),
      signal: controller.signal,
    });
    expect(code).toBe(130);
    expect((await readdir(folder)).filter((name) => name.startsWith('interrupted'))).toEqual([]);
  });
});
