import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get, open } from 'zarrita';
import type { LabelType, LazyArray } from '../../plugin/src/array/lazy-array.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { transposed } from '../../plugin/src/array/transposed.ts';
import { materialize } from '../../plugin/src/labels/materialize.ts';
import type { SaveEncoding } from '../../plugin/src/labels/pyramid-plan.ts';
import type { OmeImage } from '../../plugin/src/ome/ome-image.ts';
import { openImage } from '../../plugin/src/ome/open-image.ts';
import { openLabel } from '../../plugin/src/ome/open-label.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { blobs, type ImageSpec, labelsOf, writeImage } from '../../plugin/test/labels/image-fixture.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { hasPython, runPython } from './python.ts';

interface Spec extends ImageSpec {
  readonly dtype: LabelType;
  readonly consolidated?: boolean;
  readonly encoding?: Pick<SaveEncoding, 'compression' | 'sharded'>;
}

/** Every type in both versions, sharded or not, each codec with each of these. */
const matrix = (['uint8', 'uint16', 'uint32', 'uint64'] as const).flatMap((dtype, i) =>
  (
    [
      [2, false],
      [3, false],
      [3, true],
    ] as const
  ).map(([zarrFormat, sharded], j): Spec => {
    const compression = (['zstd', 'blosc', 'none'] as const)[(i + j) % 3]!;
    const levels = [
      [45, 70],
      [22, 35],
    ];
    return { zarrFormat, axes: 'yx', levels, dtype, encoding: { compression, sharded } };
  }),
);

const specs: readonly Spec[] = [
  ...matrix,
  {
    zarrFormat: 2,
    axes: 'yx',
    levels: [
      [37, 51],
      [18, 25],
      [9, 13],
    ],
    dtype: 'uint8',
  },
  {
    zarrFormat: 2,
    axes: 'tczyx',
    levels: [
      [2, 2, 3, 40, 33],
      [2, 2, 3, 20, 16],
    ],
    dtype: 'uint16',
    consolidated: true,
  },
  {
    zarrFormat: 2,
    axes: 'zyx',
    levels: [
      [5, 24, 30],
      [2, 12, 15],
    ],
    dtype: 'uint32',
  },
  {
    zarrFormat: 3,
    axes: 'yx',
    levels: [
      [37, 51],
      [18, 25],
    ],
    dtype: 'uint64',
    consolidated: true,
  },
  {
    zarrFormat: 3,
    axes: 'tczyx',
    shards: true,
    levels: [
      [2, 3, 3, 40, 133],
      [2, 3, 3, 20, 66],
    ],
    dtype: 'uint8',
  },
  {
    zarrFormat: 3,
    axes: 'cyx',
    shards: true,
    levels: [
      [1, 50, 35],
      [1, 20, 14],
    ],
    dtype: 'uint16',
    consolidated: true,
  },
];

interface Level {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly 'zarr-python': string;
  readonly tensorstore: string;
}
interface Item {
  readonly listing: readonly string[];
  readonly consolidated: boolean;
  readonly levels: readonly Level[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly model: string;
}

describe.skipIf(!hasPython())('labels we write (skipped without .venv, see requirements.txt)', () => {
  let folder = '';
  let items: readonly Item[] = [];
  const images: OmeImage[] = [];
  const given: LazyArray<LabelType>[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alibi-labels-'));
    for (const [i, spec] of specs.entries()) {
      const store = createNodeStore(join(folder, String(i)));
      await writeImage(store, '', spec);
      if (spec.consolidated) await consolidate(store, spec.zarrFormat);
      const image = await openImage({ store, path: '', location: `image ${i}` });
      const labels = labelsOf(image, spec.dtype, 16, blobs);
      // Twice: the second replaces the first, in consolidated metadata too.
      for (const overwrite of [false, true]) {
        const { validation } = await materialize({
          labels,
          image,
          target: store,
          targetPath: '',
          name: 'phases',
          overwrite,
          ...spec.encoding,
          classes: [{ id: 1, name: 'matrix', color: '3366cc' }],
          provenance: {
            model: null,
            executionProvider: null,
            normalisation: null,
            fit: null,
            strokes: [],
            imageMetadataSha256: image.metadataHash,
          },
        });
        expect(validation).toEqual({ valid: true });
      }
      images.push(image);
      given.push(labels);
    }
    const request = specs.map(({ zarrFormat }, i) => ({
      image: join(folder, String(i)),
      name: 'phases',
      zarr_format: zarrFormat,
    }));
    items = answerOf(runPython('read_labels.py', { items: request, urls: [] })).items;
  }, 180_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const [i, spec] of specs.entries()) {
    const sharded = spec.shards || spec.encoding?.sharded ? ' sharded' : '';
    const codec = spec.encoding?.compression ?? 'zstd';
    const title = `v${spec.zarrFormat} ${spec.axes} ${spec.dtype}${sharded} ${codec}`;
    it(`${title}: zarr-python, tensorstore and we read the same, and what was given`, async () => {
      const item = items[i]!;
      expect(item.listing).toEqual(['phases']);
      expect(item.consolidated).toBe(spec.consolidated ?? false);
      const image = await openImage({ store: images[i]!.store, path: '', location: 'again' });
      const label = await openLabel(image, 'phases');
      expect(item.levels).toHaveLength(spec.levels.length);
      for (const [n, level] of item.levels.entries()) {
        const ours = await hashOf(label.pyramid[n]!);
        expect(level).toEqual({
          shape: label.pyramid[n]!.shape,
          dtype: spec.dtype,
          'zarr-python': ours,
          tensorstore: ours,
        });
      }
      const order = label.axes.map((axis) => axis.name);
      expect(item.levels[0]!['zarr-python']).toBe(await hashOf(transposed(given[i]!, order)));
    });

    it(`${title}: zarrita reads the same`, async () => {
      const root = createNodeStore(join(folder, String(i), 'labels/phases'));
      const group = await open(root, { kind: 'group' });
      const ome = group.attrs.ome ?? group.attrs;
      const [{ datasets }] = (ome as { multiscales: [{ datasets: { path: string }[] }] }).multiscales;
      for (const [n, { path }] of datasets.entries()) {
        const { data } = await get(await open(group.resolve(path), { kind: 'array' }));
        const bytes = new Uint8Array((data as Uint8Array).buffer);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(items[i]!.levels[n]!['zarr-python']);
      }
    });

    it(`${title}: ome-zarr-models takes it for a label image`, () => {
      const version = spec.zarrFormat === 2 ? 'v04' : 'v05';
      expect(items[i]!.model).toBe(`ome_zarr_models.${version}.image_label.ImageLabel`);
    });

    it.skipIf(!hasShared('data', 'ngff-suites'))(`${title}: valid by the specification's own schemas`, () => {
      const version = spec.zarrFormat === 2 ? '0.4' : '0.5';
      const ajv = schemas(version);
      for (const name of ['image', 'label']) {
        const id = `https://ngff.openmicroscopy.org/${version}/schemas/${name}.schema`;
        const validate = ajv.getSchema(id);
        if (validate === undefined) throw new Error(`no schema ${id}`);
        expect(validate(items[i]!.attributes), JSON.stringify(validate.errors)).toBe(true);
      }
    });
  }
});

function schemas(version: '0.4' | '0.5'): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  const folder = sharedPath('data', 'ngff-suites', `ngff-spec-${version}`, 'schemas');
  for (const file of readdirSync(folder)) {
    const schema: { $id?: string } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    // Two schemas of 0.4 have no id.
    ajv.addSchema({ $id: `https://ngff.openmicroscopy.org/${version}/schemas/${file}`, ...schema });
  }
  return ajv;
}

/** Give an image consolidated metadata as zarr-python writes it. */
async function consolidate(store: ReturnType<typeof createNodeStore>, zarrFormat: 2 | 3): Promise<void> {
  const text = async (key: `/${string}`): Promise<object> =>
    JSON.parse(new TextDecoder().decode((await store.get(key)) ?? new TextEncoder().encode('{}')));
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  if (zarrFormat === 3) {
    const metadata = { '0': await text('/0/zarr.json'), '1': await text('/1/zarr.json') };
    const consolidated_metadata = { kind: 'inline', must_understand: false, metadata };
    await store.set('/zarr.json', bytes({ ...(await text('/zarr.json')), consolidated_metadata }));
    return;
  }
  const files = ['.zgroup', '.zattrs', '0/.zarray', '1/.zarray'] as const;
  const entries = await Promise.all(files.map(async (file) => [file, await text(`/${file}`)]));
  await store.set(
    '/.zmetadata',
    bytes({ zarr_consolidated_format: 1, metadata: Object.fromEntries(entries) }),
  );
}

async function hashOf(array: LazyArray): Promise<string> {
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

/** The answer of our own script beside this file. */
function answerOf(value: unknown): { readonly items: readonly Item[]; readonly urls: readonly string[] } {
  return value as { items: Item[]; urls: string[] };
}
