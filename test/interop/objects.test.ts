import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { createRandom } from '../../plugin/src/array/random.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { distanceToOther } from '../../plugin/src/raster/distance.ts';
import type { Size3 } from '../../plugin/src/raster/volume.ts';
import { watershed } from '../../plugin/src/raster/watershed.ts';
import { fitInstances } from '../../plugin/src/segment/instances/fit-instances.ts';
import { instancesLayer } from '../../plugin/src/segment/instances/layer.ts';
import { call } from '../../plugin/test/node/call.ts';
import { writeObjectsImage } from '../../plugin/test/node/objects-image.ts';
import { randomBalls } from '../../plugin/test/raster/volumes.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { hasPython, runPython } from './python.ts';

interface Row {
  readonly label: number;
  readonly centroid: readonly number[];
  readonly bbox: readonly number[];
  readonly [property: string]: number | readonly number[];
}
interface Answer {
  readonly labels: readonly Readonly<Record<'skimage' | 'scipy' | 'distance', readonly number[]>>[];
  readonly watersheds: readonly (readonly number[])[];
  readonly tables: readonly (readonly Row[])[];
  readonly stacks: readonly {
    readonly shape: readonly number[];
    readonly image: readonly number[];
    readonly labels: readonly number[];
    readonly rows: readonly Row[];
  }[];
}

function ask(request: Partial<Record<keyof Answer, readonly unknown[]>>): Answer {
  // Our own script beside this file.
  return runPython('measure_objects.py', {
    labels: [],
    watersheds: [],
    tables: [],
    stacks: [],
    ...request,
  }) as Answer;
}

/** C order as nested lists. */
function nested(values: ArrayLike<number>, shape: readonly number[]): unknown {
  if (shape.length === 1) return Array.from(values);
  const inner = values.length / shape[0]!;
  const flat = Array.from(values);
  return Array.from({ length: shape[0]! }, (_, i) =>
    nested(flat.slice(i * inner, (i + 1) * inner), shape.slice(1)),
  );
}

describe.skipIf(!hasPython())('instances (skipped without .venv, see requirements.txt)', () => {
  const spacing: Size3 = [2, 0.5, 0.5];
  const cases: { ids: Uint32Array; size: Size3; reach: 1 | 2 | 3 }[] = [1, 2, 3, 4, 5, 6].map((seed) => {
    const size: Size3 = seed % 2 === 0 ? [1, 60, 70] : [9, 24, 26];
    const reach = seed % 2 === 0 ? ((1 + (seed % 4) / 2) as 1 | 2) : (((seed % 3) + 1) as 1 | 2 | 3);
    return { ids: randomBalls(seed, size, { count: 30, radius: 5 }), size, reach };
  });

  it('are those of scipy.ndimage.label and skimage.measure.label, for any chunks', async () => {
    const answer = ask({
      labels: cases.map(({ ids, size, reach }) => ({
        ids: size[0] === 1 ? nested(ids, size.slice(1)) : nested(ids, size),
        connectivity: reach,
        spacing: size[0] === 1 ? spacing.slice(1) : spacing,
      })),
    });
    for (const [n, { ids, size, reach }] of cases.entries()) {
      const labels = fromMemory(ids, { shape: size, dtype: 'uint32', chunkShape: [2, 7, 9] });
      const fit = await fitInstances(
        labels,
        { dims: 3, reach, tracking: 'none' },
        { blockShape: [1, 4, 11, 13] },
      );
      const { data } = await readRegion(
        instancesLayer(labels, fit, 'uint32'),
        { start: [0, 0, 0], stop: size },
        {},
      );
      expect(Array.from(data)).toEqual(answer.labels[n]!.skimage);
      expect(Array.from(data)).toEqual(answer.labels[n]!.scipy);
      const far = distanceToOther(ids, size, spacing);
      const worst = far.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - answer.labels[n]!.distance[i]!)),
        0,
      );
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it('are those of skimage.segmentation.watershed where no heights are equal', () => {
    const scenes = cases.map(({ ids, size, reach }, n) => {
      const random = createRandom(n);
      // Distances with a little noise: no two are equal, so that nothing is left to the order of the queue.
      const landscape = distanceToOther(ids, size, [1, 1, 1]).map((value) => value + 0.3 * random());
      const basins = watershed({ ids, landscape, size, reach, depth: 0.5 });
      const markers = new Uint32Array(ids.length);
      basins.peaks.forEach((peak, i) => {
        markers[peak] = i + 1;
      });
      return { ids, size, reach, landscape, basins, markers };
    });
    const answer = ask({
      watersheds: scenes.map(({ ids, size, reach, landscape, markers }) => ({
        landscape: nested(landscape, size),
        markers: nested(markers, size),
        mask: nested(ids, size),
        connectivity: reach,
      })),
    });
    expect(scenes.reduce((sum, { basins }) => sum + basins.peaks.length, 0)).toBeGreaterThan(40);
    for (const [n, { basins }] of scenes.entries()) {
      expect(Array.from(basins.labels)).toEqual(answer.watersheds[n]);
    }
  });
});

const folderOf = (...parts: string[]) => ['data', 'micrographs', ...parts];

describe.skipIf(!hasPython() || !hasShared(...folderOf('nuclei')))(
  'tables of objects (skipped without .venv or ../shared)',
  () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'alibi-tables-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('equal regionprops to 1e-6 on real nuclei, in a plane', { timeout: 300_000 }, async () => {
      const names = readdirSync(sharedPath(...folderOf('nuclei')))
        .filter((file) => file.endsWith('.labels.png'))
        .slice(0, 6);
      const file = (name: string) => sharedPath(...folderOf('nuclei', name));
      const spacing = [0.65, 0.65];
      const { stacks } = ask({
        stacks: names.map((name) => ({
          image: file(name.replace('.labels', '')),
          labels: file(name),
          spacing,
        })),
      });
      for (const [n, { shape, image, labels, rows }] of stacks.entries()) {
        const path = join(folder, `plane-${n}.zarr`);
        await writeObjectsImage(path, {
          axes: 'yx',
          shape,
          dtype: 'uint8',
          pixels: image,
          scale: spacing,
          unit: 'micrometer',
          labels: { nuclei: { dtype: 'uint16', data: labels } },
        });
        compare(await tableOf(path), rows, 2);
      }
    });

    it('equal regionprops to 1e-6 on real nuclei, in a volume of unequal spacing', {
      timeout: 300_000,
    }, async () => {
      const spacing = [2, 0.5, 0.5];
      const file = (name: string) => sharedPath(...folderOf('nuclei3d', name));
      const { stacks } = ask({ stacks: [{ image: file('img3d.tif'), labels: file('mask3d.tif'), spacing }] });
      const { shape, image, labels, rows } = stacks[0]!;
      const path = join(folder, 'volume.zarr');
      await writeObjectsImage(path, {
        axes: 'zyx',
        shape,
        dtype: 'uint16',
        pixels: image,
        scale: spacing,
        unit: 'micrometer',
        labels: { nuclei: { dtype: 'uint32', data: labels } },
      });
      compare(await tableOf(path), rows, 3);
    });

    it('equal regionprops for objects of many pieces over block borders, several channels and time points', {
      timeout: 300_000,
    }, async () => {
      const [times, height, width] = [2, 530, 540];
      const random = createRandom(5);
      // Each id is a few rectangles anywhere: pieces, holes, overlaps, across the border at 512.
      const ids = new Uint16Array(times * height * width);
      for (let n = 0; n < 160; n++) {
        const [t, y, x] = [n % 2, Math.floor(random() * height), Math.floor(random() * width)];
        const [h, w] = [2 + Math.floor(random() * 60), 2 + Math.floor(random() * 60)];
        for (let i = y; i < Math.min(height, y + h); i++) {
          for (let j = x; j < Math.min(width, x + w); j++) ids[(t * height + i) * width + j] = 1 + (n % 41);
        }
      }
      const values = Float32Array.from({ length: 2 * ids.length }, () => 1000 + random());
      const path = join(folder, 'movie.zarr');
      await writeObjectsImage(path, {
        axes: 'tcyx',
        shape: [times, 2, height, width],
        dtype: 'float32',
        pixels: values,
        scale: [1, 1, 0.2, 0.3],
        unit: 'micrometer',
        labels: { nuclei: { dtype: 'uint64', data: ids } },
      });
      const plane = height * width;
      const answer = ask({
        tables: [0, 1].map((t) => ({
          labels: nested(ids.slice(t * plane, (t + 1) * plane), [height, width]),
          intensities: nested(
            Float32Array.from(
              { length: 2 * plane },
              (_, i) => values[(2 * t + (i % 2)) * plane + Math.floor(i / 2)]!,
            ),
            [height, width, 2],
          ),
          spacing: [0.2, 0.3],
        })),
      });
      const rows = await tableOf(path);
      for (const t of [0, 1])
        compare(
          rows.filter((row) => row.t === t),
          answer.tables[t]!,
          2,
        );
      expect(rows.every((row) => row.perimeter === null)).toBe(true);
    });
  },
);

type TableRow = Readonly<Record<string, number | null>>;

async function tableOf(path: string): Promise<TableRow[]> {
  const outcome = await call(['measure', path, '--labels', 'nuclei', '--json']);
  expect(outcome.err).toEqual([]);
  return (outcome.json() as { rows: TableRow[] }).rows;
}

/** Relative to the value, or to 1 where that is small. */
function differs(found: number | null | undefined, expected: number): boolean {
  return !(Math.abs((found ?? Number.NaN) - expected) <= 1e-6 * Math.max(1, Math.abs(expected)));
}

function compare(found: readonly TableRow[], expected: readonly Row[], dims: 2 | 3): void {
  expect(found.map((row) => row.label)).toEqual(expected.map((row) => row.label));
  const wrong: string[] = [];
  for (const [n, row] of expected.entries()) {
    const ours = found[n]!;
    for (const [name, value] of Object.entries(flattened(row, dims))) {
      // The direction of something round is that of its rounding errors.
      if (name === 'orientation' && (ours.eccentricity ?? 0) < 1e-3) continue;
      const turned =
        name === 'orientation' &&
        !differs(Math.abs(ours[name] ?? 0), Math.abs(value)) &&
        Math.abs(value) > 1.5707;
      if (differs(ours[name], value) && !turned)
        wrong.push(`${row.label} ${name}: ${ours[name]}, not ${value}`);
    }
  }
  expect(wrong).toEqual([]);
}

/** A row of theirs under the names of ours. */
function flattened(row: Row, dims: 2 | 3): Record<string, number> {
  const axes = dims === 3 ? ['z', 'y', 'x'] : ['y', 'x'];
  const out: Record<string, number> = {};
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number') out[name === 'area' && dims === 3 ? 'volume' : name] = value;
    else if (name.startsWith('intensity')) {
      value.forEach((v, c) => {
        out[`${name}_c${c}`] = v;
      });
    }
  }
  axes.forEach((axis, i) => {
    out[`centroid_${axis}`] = row.centroid[i]!;
    out[`bbox_${axis}0`] = row.bbox[i]!;
    out[`bbox_${axis}1`] = row.bbox[i + dims]!;
  });
  return out;
}
