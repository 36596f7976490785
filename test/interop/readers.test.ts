import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../plugin/test/node/call.ts';
import { writeObjectsImage } from '../../plugin/test/node/objects-image.ts';
import { reader } from './document-reader.ts';
import { hasPython, runPython } from './python.ts';

/** 2 time points of 3 × 4 pixels: a ring with a hole and a dot; then the ring alone. */
const ids = [7, 7, 7, 0, 7, 0, 7, 0, 7, 7, 7, 9, 7, 7, 7, 0, 7, 0, 7, 0, 7, 7, 7, 0];

describe.skipIf(!hasPython())(
  'readers in the documents (skipped without .venv, see requirements.txt)',
  () => {
    let folder = '';
    let image = '';
    let answers: readonly Record<string, unknown>[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'alibi-readers-'));
      image = join(folder, 'image.zarr');
      await writeObjectsImage(image, {
        axes: 'tyx',
        shape: [2, 3, 4],
        dtype: 'uint8',
        pixels: ids.map((id) => 10 * id),
        scale: [1, 2, 2],
        unit: 'micrometer',
        labels: { cells: { dtype: 'uint32', data: ids } },
      });
      for (const end of ['csv', 'parquet', 'zarr']) {
        const argv = ['measure', image, '--labels', 'cells', '--out', join(folder, `table.${end}`)];
        const more = end === 'csv' ? ['--contours', join(folder, 'contours.geojson')] : [];
        expect(await call([...argv, ...more])).toMatchObject({ code: 0, err: [] });
      }
      await call([
        'measure',
        image,
        '--labels',
        'cells',
        '--out',
        join(folder, 'again.csv'),
        '--contours',
        join(folder, 'rois.zip'),
      ]);
      const requests = [
        ['labels', ['ids']],
        ['csv', ['table']],
        ['parquet', ['table', 'units']],
        ['anndata', ['measurements', 'units', 'places']],
        ['contours', ['features', 'outline']],
      ] as const;
      const answer = runPython(
        'run_reader.py',
        requests.map(([name, names]) => ({
          code: reader(name).replaceAll(/"(image|table|contours)\./g, `"${folder}/$1.`),
          names,
        })),
      );
      if (!Array.isArray(answer)) throw new Error('run_reader.py printed no list');
      answers = answer;
    }, 180_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('read labels', () => {
      expect(JSON.stringify(answers[0]!.ids).replaceAll(/[[\]]/g, '').split(',').map(Number)).toEqual(ids);
    });

    it('read tables, the same from each format', () => {
      const expected = {
        label: [7, 9, 7],
        t: [0, 0, 1],
        // 8 and 1 pixels of 4 µm².
        area: [32, 4, 32],
        num_pixels: [8, 1, 8],
        centroid_y: [2, 4, 2],
        centroid_x: [2, 6, 2],
        bbox_x1: [3, 4, 3],
        intensity_mean_c0: [70, 90, 70],
      };
      expect(answers[1]!.table).toMatchObject({
        ...expected,
        unit: ['micrometer', 'micrometer', 'micrometer'],
      });
      expect(answers[2]!.table).toMatchObject(expected);
      const { label: _, t: __, ...measurements } = expected;
      expect(answers[3]!.measurements).toMatchObject(measurements);
      expect(answers[3]!.places).toEqual([
        [2, 2],
        [6, 4],
        [2, 2],
      ]);
      for (const answer of [answers[2], answers[3]]) {
        expect(answer!.units).toMatchObject({
          area: 'micrometer^2',
          centroid_x: 'micrometer',
          num_pixels: 'pixel',
        });
      }
    });

    it('read contours, with holes and time points', () => {
      expect(answers[4]!.features).toHaveLength(3);
      expect(answers[4]!.outline).toEqual([
        [0, 0],
        [3, 0],
        [3, 3],
        [0, 3],
        [0, 0],
      ]);
      expect(answers[4]!.features).toMatchObject([{}, {}, { geometry: { plane: { t: 1, z: 0 } } }]);
      const rois = runPython('read_rois.py', { path: join(folder, 'rois.zip') });
      expect(rois).toMatchObject([
        { name: 't0-z0-7', t: 1, z: 1, polygons: [expect.any(Array), expect.any(Array)] },
        {
          name: 't0-z0-9',
          polygons: [
            [
              [3, 2],
              [4, 2],
              [4, 3],
              [3, 3],
            ],
          ],
        },
        { name: 't1-z0-7', t: 2 },
      ]);
    });
  },
);
