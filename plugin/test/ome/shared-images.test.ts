import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { elementCount } from '../../src/array/lazy-array.ts';
import { readRegion } from '../../src/array/region.ts';
import { AlibiError } from '../../src/errors.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { openNode } from '../../src/ome/open-node.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';

/**
 * What every OME-Zarr group of the shared data gives. Images: version, axes in stored order, dtype, shapes from the
 * finest level on, smallest and largest value of the coarsest. `IntegrityError`: the chunk is the text of a
 * symbolic link that the checkout did not follow. Refused ones: tag and what is wrong.
 */
const table: readonly (readonly [path: string, gives: string])[] = [
  ['ez_zarr/example_data/plate_ones.zarr', 'plate 0.4 B/03'],
  [
    'ez_zarr/example_data/plate_ones.zarr/B/03/0',
    'image 0.4 czyx uint16 2x3x1080x1280 2x3x540x640 2x3x270x320 1..1',
  ],
  ['ez_zarr/example_data/plate_ones_mip.zarr', 'plate 0.4 B/03'],
  [
    'ez_zarr/example_data/plate_ones_mip.zarr/B/03/0',
    'image 0.4 czyx uint16 2x1x1080x1280 2x1x540x640 2x1x270x320 1..1',
  ],
  ['ez_zarr/example_data/plate_ones_mip.zarr/B/03/0/labels', 'labels 0.4 organoids'],
  [
    'ez_zarr/example_data/plate_ones_mip.zarr/B/03/0/labels/organoids',
    'image 0.4 zyx uint16 1x1080x1280 1x540x640 1x270x320 0..3',
  ],
  ['ez_zarr/example_data_zarr3/6001240_labels_v0.5.zarr', 'image 0.5 czyx uint16 2x236x68x67 5..4095'],
  ['ez_zarr/example_data_zarr3/6001240_labels_v0.5.zarr/labels', 'labels 0.5 0'],
  [
    'ez_zarr/example_data_zarr3/6001240_labels_v0.5.zarr/labels/0',
    'image 0.5 czyx int8 1x236x275x271 1x236x137x135 1x236x68x67 1x236x34x33 0..61',
  ],
  [
    'neuroglancer/ome_zarr/all_0.6/axis_dependent/mapAxis.zarr',
    'image 0.6 xzy uint8 27x226x186 IntegrityError',
  ],
  ['neuroglancer/ome_zarr/all_0.6/basic/identity.zarr', 'image 0.6 zyx uint8 27x226x186 IntegrityError'],
  ['neuroglancer/ome_zarr/all_0.6/basic/scale.zarr', 'image 0.6 zyx uint8 27x226x186 IntegrityError'],
  [
    'neuroglancer/ome_zarr/all_0.6/basic/sequenceScaleTranslation.zarr',
    'image 0.6 zyx uint8 27x226x186 IntegrityError',
  ],
  ['neuroglancer/ome_zarr/all_0.6/basic/translation.zarr', 'image 0.6 zyx uint8 27x226x186 IntegrityError'],
  ['neuroglancer/ome_zarr/all_0.6/simple/affine.zarr', 'image 0.6 zyx uint8 27x226x186 IntegrityError'],
  ['neuroglancer/ome_zarr/all_0.6/simple/anisotropic_rotation.zarr', 'image 0.6 zyx uint8 27x226x186 0..255'],
  ['neuroglancer/ome_zarr/all_0.6/simple/rotation.zarr', 'image 0.6 yxz uint8 27x226x186 IntegrityError'],
  ['neuroglancer/ome_zarr/simple_0.4', 'image 0.4 yx uint16 10x10 5x5 2x2 5..42'],
  ['ome-zarr-examples/invalid/image-02.zarr', 'InvalidInput: multiscales is a list of 0'],
  ['ome-zarr-examples/invalid/image-02.zarr/labels', 'labels 0.4'],
  ['ome-zarr-examples/invalid/image-03.zarr', 'NotFound: there is no Zarr array'],
  ['ome-zarr-examples/invalid/image-03.zarr/labels', 'labels 0.4'],
  [
    'ome-zarr-examples/invalid/image-04.zarr',
    'InvalidInput: multiscales[0] has 3 axes (z, y, x), but the array "1" has 2 dimensions',
  ],
  ['ome-zarr-examples/invalid/image-04.zarr/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/image-01.zarr', 'image 0.4 yx float64 1000x1000 0..0'],
  ['ome-zarr-examples/valid/image-01.zarr/labels', 'labels 0.4'],
  [
    'ome-zarr-examples/valid/image-02.zarr',
    'image 0.4 yx float64 200x200 0.007235850131626087..999.9870034196359',
  ],
  ['ome-zarr-examples/valid/image-02.zarr/labels', 'labels 0.4'],
  [
    'ome-zarr-examples/valid/image-03.zarr',
    'image 0.4 zyx float64 2x100x100 0.11458563869848337..999.9831550665613',
  ],
  ['ome-zarr-examples/valid/image-03.zarr/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/image-04.zarr', 'image 0.4 zyx float64 2x64x64 2x32x32 0..0'],
  ['ome-zarr-examples/valid/image-04.zarr/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/plate-01.zarr', 'plate 0.4 A/1 A/2 B/1 B/2'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/1', 'well 0.4 0'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/1/0', 'image 0.4 yx float64 1000x1000 0..0'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/1/0/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/2', 'well 0.4 0'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/2/0', 'image 0.4 yx float64 1000x1000 0..0'],
  ['ome-zarr-examples/valid/plate-01.zarr/A/2/0/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/1', 'well 0.4 0'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/1/0', 'image 0.4 yx float64 1000x1000 0..0'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/1/0/labels', 'labels 0.4'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/2', 'well 0.4 0'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/2/0', 'image 0.4 yx float64 1000x1000 0..0'],
  ['ome-zarr-examples/valid/plate-01.zarr/B/2/0/labels', 'labels 0.4'],
  ['ome-zarr-examples/warning/image-01.zarr', 'image 0.4 yx int64 64x64 32x32 0..0'],
  ['ome-zarr-examples/warning/image-01.zarr/labels', 'labels 0.4'],
  ['ome-zarr-fiji-java/testdata/2d_testing/2d_dataset_v4.ome.zarr', 'image 0.4 yx uint8 64x64 32x32 0..249'],
  ['ome-zarr-fiji-java/testdata/2d_testing/2d_dataset_v5.ome.zarr', 'image 0.5 yx uint8 64x64 32x32 0..249'],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyc/3d_dataset_v4.ome.zarr',
    'image 0.4 cyx uint8 3x64x64 3x32x32 50..248',
  ],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyc/3d_dataset_v5.ome.zarr',
    'image 0.5 cyx uint8 3x64x64 3x32x32 50..248',
  ],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyt/3d_dataset_v4.ome.zarr',
    'image 0.4 tyx uint8 4x64x64 4x32x32 0..248',
  ],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyt/3d_dataset_v5.ome.zarr',
    'image 0.5 tyx uint8 4x64x64 4x32x32 0..248',
  ],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyz/3d_dataset_v4.ome.zarr',
    'image 0.4 zyx uint8 16x64x64 8x32x32 0..238',
  ],
  [
    'ome-zarr-fiji-java/testdata/3d_testing/xyz/3d_dataset_v5.ome.zarr',
    'image 0.5 zyx uint8 16x64x64 8x32x32 0..238',
  ],
  [
    'ome-zarr-fiji-java/testdata/4d_testing/xyct/4d_dataset_v4.ome.zarr',
    'image 0.4 tcyx uint8 4x3x64x64 4x3x32x32 0..255',
  ],
  [
    'ome-zarr-fiji-java/testdata/4d_testing/xyct/4d_dataset_v5.ome.zarr',
    'image 0.5 tcyx uint8 4x3x64x64 4x3x32x32 0..255',
  ],
  [
    'ome-zarr-fiji-java/testdata/4d_testing/xyzc/4d_dataset_v4.ome.zarr',
    'image 0.4 czyx uint8 3x16x64x64 3x8x32x32 0..255',
  ],
  [
    'ome-zarr-fiji-java/testdata/4d_testing/xyzc/4d_dataset_v5.ome.zarr',
    'image 0.5 czyx uint8 3x16x64x64 3x8x32x32 0..255',
  ],
  [
    'ome-zarr-fiji-java/testdata/bioformats2raw_testing/bf2raw_dataset_v5.ome.zarr',
    'series 0.5 bioformats2raw: 0 1',
  ],
  [
    'ome-zarr-fiji-java/testdata/bioformats2raw_testing/bf2raw_dataset_v5.ome.zarr/0',
    'image 0.5 yx uint8 64x64 32x32 0..250',
  ],
  [
    'ome-zarr-fiji-java/testdata/bioformats2raw_testing/bf2raw_dataset_v5.ome.zarr/1',
    'image 0.5 yx uint8 64x64 32x32 2..252',
  ],
  [
    'ome-zarr-fiji-java/testdata/pyramid_testing/pyramid_v4.zarr',
    'image 0.4 zyx uint8 500x1000x1000 250x500x500 250x250x250 20..60',
  ],
  [
    'ome-zarr-fiji-java/testdata/pyramid_testing/pyramid_v5.zarr',
    'image 0.5 zyx uint8 500x1000x1000 250x500x500 250x250x250 20..60',
  ],
  [
    'ome-zarr-fiji-java/testdata/single_resolution_testing/single_resolution_dataset_v5.ome.zarr',
    'image 0.5 yx uint8 16x16 0..255',
  ],
  ['viv-fixtures/bioformats-zarr/data.zarr', 'series 0.1 bioformats2raw: 0'],
  ['viv-fixtures/bioformats-zarr/data.zarr/0', 'image 0.1 tczyx int8 1x3x1x167x439 1x3x1x83x219 -1..95'],
  ['viv-fixtures/ome-zarr/blobs_image_v04.ome.zarr', 'image 0.4 cyx float64 3x12x12 0..1'],
  ['viv-fixtures/ome-zarr/blobs_image_v05.ome.zarr', 'image 0.5 cyx float64 3x12x12 0..1'],
  [
    'zarr-java/testdata/ome/v0.4',
    'image 0.4 tczyx float32 1x2x8x16x16 1x2x4x8x8 0.001350104808807373..0.9991216063499451',
  ],
  ['zarr-java/testdata/ome/v0.4/labels', 'labels 0.4 nuclei'],
  ['zarr-java/testdata/ome/v0.4/labels/nuclei', 'image 0.4 zyx uint32 8x16x16 0..2'],
  ['zarr-java/testdata/ome/v0.4_hcs', 'plate 0.4 A/1'],
  ['zarr-java/testdata/ome/v0.4_hcs/A/1', 'well 0.4 0'],
  [
    'zarr-java/testdata/ome/v0.4_hcs/A/1/0',
    'image 0.4 tczyx float32 1x2x4x8x8 0.002411365509033203..0.999518096446991',
  ],
  [
    'zarr-java/testdata/ome/v0.5',
    'image 0.5 tczyx float32 1x2x8x16x16 1x2x4x8x8 0.003245711326599121..0.9992194771766663',
  ],
  ['zarr-java/testdata/ome/v0.5/labels', 'labels 0.5 nuclei'],
  ['zarr-java/testdata/ome/v0.5/labels/nuclei', 'image 0.5 zyx uint32 8x16x16 0..2'],
  [
    'zarr-java/testdata/ome/v0.6_scene/example1_instrument_registration.zarr',
    'series 0.6 scene: sampleA_instrument2 sampleA_instrument1',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example1_instrument_registration.zarr/sampleA_instrument1',
    'image 0.6 zyx uint16 4x4x4 0..0',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example1_instrument_registration.zarr/sampleA_instrument2',
    'image 0.6 zyx uint16 4x4x4 0..0',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example2_multi_instrument_chain.zarr',
    'series 0.6 scene: instrument1 instrument2 instrument3',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example2_multi_instrument_chain.zarr/instrument1',
    'image 0.6 zyx uint16 6x6x6 0..0',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example2_multi_instrument_chain.zarr/instrument2',
    'image 0.6 zyx uint16 6x6x6 0..0',
  ],
  [
    'zarr-java/testdata/ome/v0.6_scene/example2_multi_instrument_chain.zarr/instrument3',
    'image 0.6 zyx uint16 6x6x6 0..0',
  ],
];

const root = sharedPath('data', 'ome-zarr');

async function summarise(path: string): Promise<string> {
  try {
    const node = await openNode({ store: createNodeStore(`${root}/${path}`), path: '', location: path });
    switch (node.kind) {
      case 'image':
        return await summariseImage(node.image);
      case 'plate':
        return `plate ${node.plate.version} ${node.plate.wells.map((well) => well.path).join(' ')}`;
      case 'well':
        return `well ${node.well.version} ${node.well.fields.map((field) => field.path).join(' ')}`;
      case 'series':
        return `series ${node.series.version} ${node.series.layout}: ${node.series.images.map((image) => image.path).join(' ')}`;
      case 'labels':
        return `labels ${node.labels.version} ${node.labels.labels.map((label) => label.name).join(' ')}`.trim();
    }
  } catch (error) {
    if (!(error instanceof AlibiError)) throw error;
    // Each refusal names the place and a remedy.
    expect(error.where).toContain(path);
    expect(error.remedy).toMatch(/^[A-Z].*\.$/);
    return `${error.tag}: ${error.what}`;
  }
}

async function summariseImage(image: OmeImage): Promise<string> {
  const axes = image.axes.map((axis) => axis.name).join('');
  const shapes = image.levels.map((level) => level.shape.join('x')).join(' ');
  expect(image.metadataHash).toMatch(/^[0-9a-f]{64}$/);
  for (const channel of image.channels) {
    expect(channel.window.end).toBeGreaterThan(channel.window.start);
    expect(channel.color).toMatch(/^[0-9a-f]{6}$/);
  }
  for (const level of image.levels) expect(level.transform.scale.every((v) => v > 0)).toBe(true);
  return `image ${image.version} ${axes} ${image.levels[0]?.dtype} ${shapes} ${await rangeOf(image)}`;
}

async function rangeOf(image: OmeImage): Promise<string> {
  const level = image.pixels.at(-1)!;
  try {
    const { data } = await readRegion(level, { start: level.shape.map(() => 0), stop: level.shape }, {});
    expect(data.length).toBe(elementCount(level.shape));
    let [min, max] = [Number(data[0]), Number(data[0])];
    for (let i = 1; i < data.length; i++) {
      min = Math.min(min, Number(data[i]));
      max = Math.max(max, Number(data[i]));
    }
    return `${min}..${max}`;
  } catch (error) {
    if (error instanceof AlibiError) return error.name;
    throw error;
  }
}

/** Every folder that is a Zarr node, but for chunk folders. */
function* nodes(path = ''): Generator<string> {
  const names = readdirSync(`${root}/${path}`);
  if (names.some((name) => ['zarr.json', '.zattrs', '.zgroup', '.zarray'].includes(name))) yield path;
  for (const name of names) {
    const child = path === '' ? name : `${path}/${name}`;
    if (name !== 'c' && statSync(`${root}/${child}`).isDirectory()) yield* nodes(child);
  }
}

describe.skipIf(!hasShared('data', 'ome-zarr'))(
  'OME-Zarr of other tools (skipped: shared data absent)',
  () => {
    it.each(table)('%s', async (path, gives) => {
      expect(await summarise(path)).toBe(gives);
    });

    it('refuses every other array and group in words', async () => {
      const known = new Set(table.map(([path]) => path));
      const counts = { array: 0, group: 0 };
      for (const path of nodes()) {
        if (known.has(path)) continue;
        const gives = await summarise(path);
        expect(gives, path).toMatch(/^UnsupportedFormat: a Zarr (array|group) without OME metadata$/);
        counts[gives.includes('array') ? 'array' : 'group']++;
      }
      // zarrita-fixtures, zarr_implementations, neuroglancer/zarr_v* and the levels of the images above.
      expect(counts.array).toBeGreaterThan(200);
      expect(counts.group).toBeGreaterThan(20);
    });

    it('agrees with the manifest wherever it has a value', () => {
      const rows = readFileSync(`${root}/MANIFEST.csv`, 'utf8').trim().split('\n').map(parseCsvLine);
      const header = rows[0]!;
      const gives = new Map(table);
      let compared = 0;
      for (const cells of rows.slice(1)) {
        const row = Object.fromEntries(header.map((name, i) => [name, cells[i] ?? '']));
        const text = gives.get(row.path ?? '');
        const [kind, version = '', axes = '', dtype, ...rest] = (text ?? '').split(' ');
        if (kind !== 'image') continue;
        if (row.ome_version !== '') expect(row.ome_version?.startsWith(version), row.path).toBe(true);
        // "cs": axes stand in coordinate systems; "-": there are none (0.1).
        if (!['', '-', 'cs'].includes(row.axes!)) expect(axes, row.path).toBe(row.axes);
        expect(rest.length - 1, row.path).toBe(Number(row.levels));
        expect(rest.at(-2), row.path).toBe(row.lowest_shape);
        // The one image whose levels differ in dtype: the manifest has that of its coarsest.
        if (!row.path?.includes('warning/')) expect(dtype, row.path).toBe(row.dtype);
        if (!text?.endsWith('IntegrityError')) {
          const range = (cell: string): number[] => cell.split('..').map(Number);
          const [expected, actual] = [range(row.decoded_range_lowest_level!), range(rest.at(-1)!)];
          expect(actual, row.path).toHaveLength(2);
          actual.forEach((value, i) => {
            expect(Math.abs(value - expected[i]!), row.path).toBeLessThan(1e-12);
          });
        }
        compared++;
      }
      expect(compared).toBeGreaterThan(45);
    });
  },
);

function parseCsvLine(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '');
}
