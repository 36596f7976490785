import { parseScribblesGeojson } from 'alibi-zarr-schemas';
import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { paintedAreas } from '../../src/segment/scribbles/painted-areas.ts';
import { paintedLabels } from '../../src/segment/scribbles/painted-labels.ts';
import { readScribblesGeojson } from '../../src/segment/scribbles/read-geojson.ts';
import { writeScribblesGeojson } from '../../src/segment/scribbles/write-geojson.ts';
import type { Stroke } from '../../src/segment/types.ts';
import { withinMask } from '../../src/segment/within-mask.ts';

const canvas = { widthPx: 300, heightPx: 200, depth: 4, times: 2 };
const classes = [
  { name: 'matrix', color: 'e69f00' },
  { name: '<img src=x>', color: '0072b2' },
];
const axes = ['z', 'y', 'x'].map((name) => ({ name }));
const grid = {
  shape: [4, 200, 300],
  transform: { scale: [1, 1, 1], translation: [0, 0, 0] },
};
const square = (x0: number, y0: number, x1: number, y1: number) => [x0, y0, x1, y0, x1, y1, x0, y1];
const strokes: readonly Stroke[] = [
  { id: 'a', classIndex: 0, radiusPx: 2.5, points: [10, 10, 40.25, 12, 60, 30], z: 0, t: 0 },
  { id: 'b', classIndex: 1, radiusPx: 4, points: [100, 100], z: 3, t: 0, group: 'pair' },
  {
    id: 'c',
    classIndex: 1,
    radiusPx: 1,
    points: [],
    // A ring with a hole, an island in the hole, and another piece elsewhere.
    rings: [
      square(100, 20, 160, 80),
      square(110, 30, 150, 70),
      square(120, 40, 130, 50),
      square(200, 20, 210, 30),
    ],
    z: 3,
    t: 0,
  },
  { id: 'd', classIndex: null, radiusPx: 3, points: [20, 10, 30, 10], z: 0, t: 0 },
];
const read = (value: unknown) => readScribblesGeojson(value, { canvas, radiusPx: 7, where: 'x.geojson' });

async function painted(of: readonly Stroke[]) {
  const labels = paintedLabels(of, grid, axes);
  return (await readRegion(labels, { start: [0, 0, 0], stop: grid.shape }, {})).data;
}

/** Elements that differ: an array is too long for a matcher to tell of. */
const differing = (a: ArrayLike<unknown>, b: ArrayLike<unknown>) =>
  Array.from(a).filter((value, i) => Number(value) !== Number(b[i])).length + Math.abs(a.length - b.length);

/** What was read, as strokes of this list of classes. */
function named(result: ReturnType<typeof read>): Stroke[] {
  return result.strokes.map(({ className, ...stroke }, i) => ({
    ...stroke,
    id: String(i),
    classIndex: className === null ? null : classes.findIndex(({ name }) => name === className),
  }));
}

describe('scribbles as GeoJSON', () => {
  it('come back as they were: lines, dots, areas with holes, erasers, order, slice and group', async () => {
    const file: unknown = JSON.parse(JSON.stringify(writeScribblesGeojson(strokes, classes)));
    expect(parseScribblesGeojson(file)).toMatchObject({ ok: true });
    const result = read(file);
    expect(result.leftOut).toEqual([]);
    expect(result.classes).toEqual(classes);
    const again = named(result);
    expect(again.filter(({ rings }) => rings === undefined)).toEqual(
      [strokes[0]!, strokes[1]!, strokes[3]!].map((stroke) => ({ ...stroke, id: expect.any(String) })),
    );
    expect(differing(await painted(again), await painted(strokes))).toBe(0);
  });

  it('says hole and island as GeoJSON has them', () => {
    const { features } = writeScribblesGeojson(strokes, classes);
    expect(features.map(({ geometry }) => geometry.type)).toEqual([
      'LineString',
      'Point',
      'MultiPolygon',
      'LineString',
    ]);
    // Polygons of rings: the outer one with its hole, the island, the piece elsewhere.
    expect(features[2]!.geometry.coordinates.map((polygon) => (polygon as unknown[]).length)).toEqual([
      2, 1, 1,
    ]);
    expect(features[2]!.properties.classification).toEqual({ name: '<img src=x>', color: [0, 114, 178] });
  });

  it('are read from what QuPath writes', () => {
    // Exported from QuPath 0.5 as a list of features; the second as 0.2 wrote it.
    const result = read([
      {
        type: 'Feature',
        id: '5f8cb2d6-7f2e-4c0e-b3f0-6b7f4c1a9d11',
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [10, 10],
              [50, 10],
              [50, 40],
              [10, 10],
            ],
          ],
          plane: { c: -1, z: 2, t: 1 },
        },
        properties: { objectType: 'annotation', classification: { name: 'Tumor', color: [200, 0, 0] } },
      },
      {
        type: 'Feature',
        id: 'PathAnnotationObject',
        geometry: {
          type: 'LineString',
          coordinates: [
            [1, 1],
            [9, 9],
          ],
        },
        properties: { classification: { name: 'Stroma', colorRGB: -6895466 }, isLocked: false },
      },
    ]);
    expect(result.strokes).toEqual([
      { className: 'Tumor', radiusPx: 7, points: [], rings: [[10, 10, 50, 10, 50, 40]], z: 2, t: 1 },
      { className: 'Stroma', radiusPx: 7, points: [1, 1, 9, 9], z: 0, t: 0 },
    ]);
    // −6895466 is 0xFF96C896.
    expect(result.classes).toEqual([
      { name: 'Tumor', color: 'c80000' },
      { name: 'Stroma', color: '96c896' },
    ]);
  });

  it('leave out what cannot be used, and say what and where', () => {
    const feature = (geometry: unknown, classification: unknown = { name: 'matrix' }) => ({
      type: 'Feature',
      geometry,
      properties: { classification },
    });
    const dot = { type: 'Point', coordinates: [5, 5] };
    const result = read({
      type: 'FeatureCollection',
      features: [
        feature(dot),
        feature(dot, null),
        feature(dot, { name: 'x'.repeat(1000) }),
        feature({ type: 'Point', coordinates: [1e300, 5] }),
        feature({ type: 'Point', coordinates: ['5', 5] }),
        feature({ type: 'Point', coordinates: [-500, 5] }),
        feature({ ...dot, plane: { c: -1, z: 4, t: 0 } }),
        feature({ ...dot, plane: { z: -1 } }),
        feature({ type: 'Circle', coordinates: [5, 5] }),
        feature({
          type: 'Polygon',
          coordinates: [
            [
              [1, 1],
              [2, 2],
              [1, 1],
            ],
          ],
        }),
        feature({ type: 'Polygon', coordinates: [] }),
        feature(null),
        null,
        7,
      ],
    });
    expect(result.strokes).toHaveLength(1);
    expect(Object.fromEntries(result.leftOut.map(({ why, count, first }) => [why, [count, first]]))).toEqual({
      'it has no class': [2, 1],
      'its coordinates are no pixels': [2, 3],
      'it lies outside the image': [1, 5],
      'its slice is not in the image': [1, 6],
      'its plane is none': [1, 7],
      'its geometry is none of points, lines and polygons': [1, 8],
      'a ring of it has fewer than three corners': [1, 9],
      'its coordinates are cut off': [1, 10],
      'it has no geometry': [3, 11],
    });
  });

  it('are refused where the file is something else, and change no prototype', () => {
    for (const other of [null, 7, 'x', {}, { type: 'FeatureCollection' }, { type: 'Topology', features: [] }])
      expect(() => read(other)).toThrow(/no GeoJSON with features.*x\.geojson/s);
    const evil: unknown = JSON.parse(
      '[{"type":"Feature","geometry":{"type":"Point","coordinates":[5,5]},"properties":{"classification":{"name":"__proto__"},"__proto__":{"polluted":1}}}]',
    );
    expect(read(evil).classes).toEqual([{ name: '__proto__', color: null }]);
    expect('polluted' in {}).toBe(false);
  });
});

describe('scribbles as labels', () => {
  it('hold for each pixel what is painted on it', async () => {
    const values = await painted(strokes);
    const at = (z: number, y: number, x: number) => values[(z * 200 + y) * 300 + x];
    expect([at(0, 10, 12), at(0, 10, 25), at(3, 100, 100), at(3, 35, 105), at(3, 35, 115)]).toEqual([
      1, 0, 2, 2, 0,
    ]);
    expect([at(3, 45, 125), at(1, 10, 12)]).toEqual([2, 0]);
  });

  it('come back as areas that paint the same', async () => {
    const values = await painted(strokes);
    const labels = fromMemory(Uint8Array.from(values as Uint8Array), {
      shape: grid.shape,
      dtype: 'uint8',
      axes,
      chunkShape: [1, 64, 64],
    });
    const areas = await paintedAreas(labels, 'labels');
    const repainted = await painted(areas.map((area, i) => ({ ...area, id: String(i) })));
    expect(differing(repainted, values)).toBe(0);
    // The line is cut in two by the eraser; the dot, ring, island and further piece are one each.
    expect(areas).toHaveLength(6);
  });

  it('are no instances', async () => {
    const labels = fromMemory(Uint16Array.from([0, 300]), { shape: [1, 2], dtype: 'uint16' });
    await expect(paintedAreas(labels, 'cells')).rejects.toThrow(/class 300.*cells/s);
  });
});

describe('withinMask', () => {
  it('leaves exactly what lies inside', async () => {
    const inside = (z: number, y: number, x: number) => z === 0 && (x - 35) ** 2 + (y - 15) ** 2 < 400;
    const data = new Uint8Array(4 * 200 * 300);
    for (let i = 0; i < data.length; i++) {
      data[i] = inside(Math.floor(i / 60000), Math.floor((i % 60000) / 300), i % 300) ? 9 : 0;
    }
    const mask = fromMemory(data, { shape: grid.shape, dtype: 'uint8', axes });
    const all = await painted(strokes);
    const expected = Uint8Array.from(data, (value, i) => (value === 0 ? 0 : Number(all[i])));
    expect(differing(await painted(await withinMask(strokes, mask)), expected)).toBe(0);
    expect(expected.some((value) => value > 0)).toBe(true);
  });
});
