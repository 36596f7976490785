import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseContactSheetOutput, parseSegmentOutput, parseSegmentPlateOutput } from 'alibi-zarr-schemas';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBytes } from '../../plugin/src/ome/write.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { call, writeTinyCheckpoint } from '../../plugin/test/node/call.ts';
import { writeObjectsImage } from '../../plugin/test/node/objects-image.ts';
import { reader } from './document-reader.ts';
import { hasPython, runPython } from './python.ts';

const [height, width] = [48, 56];
let folder = '';
let manifest = '';
let classifier = '';

/** Which side of slice `n` is dark: the border moves from slice to slice. */
const borderOf = (n: number) => 24 + 4 * n;

/** Slices of a dark and a bright side with a little texture. */
function pixels(slices: number, first = 0): number[] {
  return Array.from({ length: slices * height * width }, (_, i) => {
    const x = i % width;
    const y = Math.floor(i / width) % height;
    const slice = first + Math.floor(i / width / height);
    return (x < borderOf(slice) ? 40 : 200) + ((7 * x + 13 * y) % 11);
  });
}

async function writeImage(path: string, axes: string, shape: readonly number[], first = 0): Promise<string> {
  const at = join(folder, path);
  await writeObjectsImage(at, {
    axes,
    shape,
    dtype: 'uint8',
    pixels: pixels(
      shape.slice(0, -2).reduce((product, size) => product * size, 1),
      first,
    ),
    scale: shape.map((_, axis) => (axes[axis] === 't' ? 1 : 0.5)),
    unit: 'micrometer',
    labels: {},
  });
  return at;
}

const common = () => ['--model', manifest, '--json'];

/** Ids as zarr-python reads them, flat. */
function idsOf(path: string, name: string): number[] {
  const code = `import zarr
group = zarr.open_group(${JSON.stringify(`${path}/labels/${name}`)}, mode="r")
ids = group[group.attrs["ome"]["multiscales"][0]["datasets"][0]["path"]][:].ravel()`;
  const answers = runPython('run_reader.py', [{ code, names: ['ids'] }]);
  const [answer] = Array.isArray(answers) ? answers : [];
  return answer.ids;
}

/** Share of pixels further than 8 from the border that are on the right side: 1 is dark, 2 bright. */
function rightShare(ids: readonly number[], first = 0): number {
  const judged = ids.flatMap((id, i) => {
    const x = (i % width) + 0.5;
    const border = borderOf(first + Math.floor(i / width / height));
    return Math.abs(x - border) <= 8 ? [] : [id === (x < border ? 1 : 2)];
  });
  return judged.filter(Boolean).length / judged.length;
}

describe.skipIf(!hasPython())(
  'whole images by a classifier, read with zarr-python (skipped without .venv, see requirements.txt)',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'alibi-whole-'));
      manifest = await writeTinyCheckpoint(join(folder, 'models', 'tiny'));
      const path = await writeImage('train.zarr', 'yx', [height, width]);
      const feature = (name: string, x: number, y: number) => ({
        type: 'Feature',
        geometry: {
          type: 'LineString',
          coordinates: [
            [x, y],
            [x + 12, y + 3],
          ],
        },
        properties: { classification: { name } },
      });
      const features = [8, 24, 38].flatMap((y) => [feature('dark', 4, y), feature('bright', 38, y)]);
      const strokes = join(folder, 'strokes.geojson');
      await createNodeStore(folder).set(
        '/strokes.geojson',
        jsonBytes({ type: 'FeatureCollection', features }),
      );
      classifier = join(folder, 'sides.json');
      const outcome = await call([
        ...['segment', path, '--name', 'sides', '--scribbles', strokes, '--classifier-out', classifier],
        ...['--tokens', '1', '--components', '3', '--validation', 'none', '--probabilities', ...common()],
      ]);
      expect(outcome.err).toEqual([]);
      expect(rightShare(idsOf(path, 'sides'))).toBe(1);
    }, 180_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('gives probabilities, which the reader of the documents reads', () => {
      const code = reader('probabilities')
        .replace('image.zarr', `${folder}/train.zarr`)
        .replace('cells', 'sides');
      const answers = runPython('run_reader.py', [{ code, names: ['classes', 'probabilities'] }]);
      const [{ classes, probabilities }] = Array.isArray(answers) ? answers : [];
      expect(classes).toEqual(['dark', 'bright']);
      const [dark, bright]: [number[], number[]] = probabilities.map((channel: number[][]) => channel.flat());
      const ids = idsOf(join(folder, 'train.zarr'), 'sides');
      expect(dark).toHaveLength(ids.length);
      ids.forEach((id, i) => {
        expect(Math.abs(dark[i]! + bright[i]! - 1)).toBeLessThan(1.01 / 255);
        if (Math.abs(dark[i]! - bright[i]!) > 1 / 255) expect(id).toBe(dark[i]! > bright[i]! ? 1 : 2);
      });
    });

    it.each([
      ['a z-stack', 'stack.zarr', 'zyx', [3, height, width], 3],
      ['a movie', 'movie.zarr', 'tyx', [3, height, width], 3],
      ['a movie of stacks', 'both.zarr', 'tzyx', [2, 2, height, width], 4],
    ] as const)(
      'does %s',
      async (_, name, axes, shape, slices) => {
        const path = await writeImage(name, axes, shape);
        const outcome = await call([
          'segment',
          path,
          '--name',
          'sides',
          '--classifier',
          classifier,
          ...common(),
        ]);
        expect(parseSegmentOutput(outcome.json())).toMatchObject({ ok: true });
        expect(outcome.json()).toMatchObject({
          method: 'classifier',
          shape: [...shape],
          validation: { valid: true },
        });
        const ids = idsOf(path, 'sides');
        expect(ids).toHaveLength(slices * height * width);
        expect(rightShare(ids)).toBe(1);
      },
      120_000,
    );

    it('does the slices that are named and leaves the others 0', async () => {
      const path = await writeImage('some.zarr', 'zyx', [3, height, width]);
      await call(['segment', path, '--name', 'sides', '--classifier', classifier, '--z', '1:2', ...common()]);
      const ids = idsOf(path, 'sides');
      const plane = height * width;
      expect(new Set([...ids.slice(0, plane), ...ids.slice(2 * plane)])).toEqual(new Set([0]));
      expect(rightShare(ids.slice(plane, 2 * plane), 1)).toBe(1);
    }, 120_000);

    it('does a plate, says which field failed, and does that one alone once it is there', async () => {
      const plate = join(folder, 'plate.zarr');
      const store = createNodeStore(plate);
      const group = (path: `/${string}` | '', ome: object) =>
        store.set(
          `${path}/zarr.json`,
          jsonBytes({ zarr_format: 3, node_type: 'group', attributes: { ome: { version: '0.5', ...ome } } }),
        );
      await group('', {
        plate: {
          name: 'plate <1>',
          rows: [{ name: 'A' }],
          columns: [{ name: '1' }, { name: '2' }],
          wells: [
            { path: 'A/1', rowIndex: 0, columnIndex: 0 },
            { path: 'A/2', rowIndex: 0, columnIndex: 1 },
          ],
        },
      });
      await group('/A/1', { well: { images: [{ path: '0' }, { path: '1' }] } });
      await group('/A/2', { well: { images: [{ path: '0' }] } });
      await writeImage('plate.zarr/A/1/0', 'yx', [height, width]);
      await writeImage('plate.zarr/A/2/0', 'yx', [height, width], 2);
      const argv = ['segment', plate, '--name', 'sides', '--classifier', classifier, ...common()];
      const first = await call(argv);
      expect(first.code).toBe(1);
      expect(parseSegmentPlateOutput(first.json())).toMatchObject({ ok: true });
      expect(first.json()).toMatchObject({
        done: [{ image: 'A/1/0' }, { image: 'A/2/0' }],
        failed: [{ image: 'A/1/1' }],
        again: 'A/1/1',
      });

      // The sheet shows what is there and says what is not.
      const sheet = join(folder, 'sheet.html');
      const made = await call(['contact-sheet', plate, '--labels', 'sides', '--out', sheet, '--json']);
      expect(made.code).toBe(1);
      expect(parseContactSheetOutput(made.json())).toMatchObject({ ok: true });
      expect(made.json()).toMatchObject({ total: 3, shown: [{ image: 'A/1/0' }, { image: 'A/2/0' }] });

      await writeImage('plate.zarr/A/1/1', 'yx', [height, width], 1);
      const again = await call([...argv, '--fields', 'A/1/1']);
      expect(again.json()).toMatchObject({ done: [{ image: 'A/1/1' }], failed: [], again: null });
      expect(
        ['A/1/0', 'A/1/1', 'A/2/0'].map((at, i) => rightShare(idsOf(join(plate, at), 'sides'), i)),
      ).toEqual([1, 1, 1]);
    }, 180_000);

    it('shows a stack on a sheet of its own: pictures with outlines, text escaped, nothing loaded', async () => {
      const path = await writeImage('<b>&stack.zarr', 'zyx', [5, height, width]);
      await call(['segment', path, '--name', 'sides', '--classifier', classifier, ...common()]);
      const out = join(folder, 'stack.html');
      const argv = ['contact-sheet', path, '--labels', 'sides', '--out', out, '--count', '3', '--json'];
      const made = await call(argv);
      expect(made.err).toEqual([]);
      expect(made.json()).toMatchObject({ total: 5, shown: [{ z: 0 }, { z: 2 }, { z: 4 }], failed: [] });
      const page = await readFile(out, 'utf8');
      expect(page).toContain('&lt;b&gt;&amp;stack.zarr');
      expect(page).not.toMatch(/<b>|<script|https?:\/\/(?!www\.w3)/);
      expect(page).toContain('dark: ');
      const pictures = [...page.matchAll(/base64,([^"]+)"/g)].map(([, text = '']) =>
        decode(Buffer.from(text, 'base64')),
      );
      expect(pictures.map((picture) => [picture.width, picture.height])).toEqual(
        Array(3).fill([width, height]),
      );
      // Along a row the outline is where the label changes, in the colours of the two classes.
      const row = (picture: (typeof pictures)[number]) =>
        Array.from({ length: width }, (_, x) => {
          const at = 3 * (20 * width + x);
          const [red, green, blue] = [picture.data[at]!, picture.data[at + 1]!, picture.data[at + 2]!];
          return red === green && green === blue ? '.' : '|';
        }).join('');
      const ids = idsOf(path, 'sides');
      [0, 2, 4].forEach((z, i) => {
        const line = ids.slice((z * height + 20) * width, (z * height + 21) * width);
        const change = line.findIndex((id, x) => x > 0 && id !== line[x - 1]);
        expect(row(pictures[i]!)).toBe(`${'.'.repeat(change - 1)}||${'.'.repeat(width - change - 1)}`);
      });
      expect((await call(argv)).err.join()).toMatch(/there is such a file already/);

      // What a project says was reviewed is marked, on the sheet and in what is told of it.
      const project = join(folder, 'reviewed.json');
      const classes = ['dark', 'bright'].map((name) => ({ name, color: '112233' }));
      const reviewed = [0, 1, 4].map((z) => ({ z, t: 0 }));
      const images = [{ source: basename(path), strokes: [], reviewed }];
      await writeFile(project, JSON.stringify({ format: 'alibi-zarr/project/2', classes, images }));
      const marked = await call([...argv, '--overwrite', '--project', project]);
      expect(parseContactSheetOutput(marked.json())).toMatchObject({ ok: true });
      expect(marked.json()).toMatchObject({
        shown: [
          { z: 0, reviewed: true },
          { z: 2, reviewed: false },
          { z: 4, reviewed: true },
        ],
      });
      const again = await readFile(out, 'utf8');
      expect(again).toContain('3 of 5 slices, 3 of 5 reviewed');
      expect(again.match(/<figcaption>[^<]*✓ reviewed/g)).toHaveLength(2);
    }, 120_000);
  },
);
