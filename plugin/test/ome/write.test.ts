import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { updateConsolidatedV2, updateConsolidatedV3 } from '../../src/ome/consolidated.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { validateAttributes, validateStore } from '../../src/ome/validate.ts';
import {
  groupEntries,
  imageAttributes,
  jsonBytes,
  type LabelSpec,
  labelAttributes,
  labelsListing,
  modeDownscaling,
  type WritableVersion,
} from '../../src/ome/write.ts';
import { memory, v3array, zarray } from './memory-image.ts';

const versions: readonly WritableVersion[] = ['0.4', '0.5'];

const spec = (version: WritableVersion): LabelSpec => ({
  version,
  name: 'phases',
  axes: [
    { name: 'z', type: 'space', unit: 'micrometer' },
    { name: 'y', type: 'space', unit: 'micrometer' },
    { name: 'x', type: 'space' },
  ],
  datasets: [
    { path: 'rev-1/0', transform: { scale: [1, 0.5, 0.5], translation: [0, 0, 0] } },
    { path: 'rev-1/1', transform: { scale: [1, 1, 1], translation: [0, 0.25, 0.25] } },
  ],
  classes: [
    { id: 1, name: 'matrix', color: '8000ff' },
    { id: 2, name: 'precipitate', color: 'FFCC0080' },
  ],
  source: '../../',
  provenance: { model: { sha256: 'abc' } },
});

describe('labelAttributes', () => {
  it.each(versions)('is strictly valid in %s, by our rules', (version) => {
    expect(validateAttributes(labelAttributes(spec(version)), { version, strict: true })).toEqual({
      valid: true,
      problems: [],
    });
    const bare = labelAttributes({ ...spec(version), classes: [] });
    expect(JSON.stringify(bare)).toContain('"colors":[{"label-value":0,"rgba":[0,0,0,0]}]');
    expect(validateAttributes(bare, { version, strict: true })).toEqual({ valid: true, problems: [] });
  });

  it.skipIf(!hasShared('data', 'ngff-suites')).each(versions)(
    'is strictly valid in %s, by the specification’s schemas',
    (version) => {
      const ajv = new Ajv2020({ strict: false });
      const folder = sharedPath('data', 'ngff-suites', `ngff-spec-${version}`, 'schemas');
      for (const file of readdirSync(folder))
        ajv.addSchema(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
      const written = [
        labelAttributes(spec(version)),
        imageAttributes({ ...spec(version), downscaling: modeDownscaling }),
      ];
      for (const kind of ['strict_label', 'strict_image']) {
        const validate = ajv.getSchema(`https://ngff.openmicroscopy.org/${version}/schemas/${kind}.schema`)!;
        expect([validate(written[0]), validate.errors]).toEqual([true, null]);
      }
      const image = ajv.getSchema(`https://ngff.openmicroscopy.org/${version}/schemas/strict_image.schema`)!;
      expect([image(written[1]), image.errors]).toEqual([true, null]);
    },
  );

  it.each(versions)('reads back in %s', async (version) => {
    const source = memory({});
    const put = (path: string, attributes: Parameters<typeof groupEntries>[2]): void => {
      for (const { key, bytes } of groupEntries(version, path, attributes)) source.store.put(key, bytes);
    };
    put('', imageAttributes({ ...spec(version), downscaling: modeDownscaling }));
    put('/labels', labelsListing(version, ['phases']));
    put('/labels/phases', labelAttributes(spec(version)));
    for (const path of [
      '/rev-1/0',
      '/rev-1/1',
      '/labels/phases/rev-1/0',
      '/labels/phases/rev-1/1',
    ] as const) {
      const [name, metadata] =
        version === '0.4'
          ? (['.zarray', zarray([2, 4, 4])] as const)
          : (['zarr.json', v3array([2, 4, 4])] as const);
      source.store.put(`${path}/${name}`, jsonBytes(metadata));
    }
    const label = await openLabel(await openImage(source), 'phases');
    expect(label.axes).toEqual(spec(version).axes);
    expect(label.levels.map(({ path, transform }) => ({ path, transform }))).toEqual(spec(version).datasets);
    // 0x80 = 128
    expect([...label.colors]).toEqual([
      [1, [128, 0, 255, 255]],
      [2, [255, 204, 0, 128]],
    ]);
    expect([...label.properties].map(([id, { class: name }]) => [id, name])).toEqual([
      [1, 'matrix'],
      [2, 'precipitate'],
    ]);
    expect(label.provenance).toEqual({ model: { sha256: 'abc' } });
    for (const path of ['', '/labels', '/labels/phases'])
      expect(await validateStore({ ...source, path })).toEqual({ valid: true, problems: [] });
  });

  it('refuses what would write a wrong file', () => {
    const classes = [{ id: 1, name: 'a', color: 'red' }];
    expect(() => labelAttributes({ ...spec('0.4'), classes })).toThrow('the colour "red" is not hexadecimal');
    const twice = [1, 1].map((id) => ({ id, name: 'a', color: '000000' }));
    expect(() => labelAttributes({ ...spec('0.4'), classes: twice })).toThrow('label 1 is given twice');
  });
});

describe('labelsListing', () => {
  it('adds a name and keeps the rest', () => {
    expect(labelsListing('0.4', ['b'], { labels: ['a'], other: 1 })).toEqual({
      labels: ['a', 'b'],
      other: 1,
    });
    expect(labelsListing('0.4', ['a'])).toEqual({ labels: ['a'] });
  });

  it('writes both places in 0.5, whichever the list stood in', () => {
    const both = { ome: { version: '0.5', labels: ['a', 'b'] }, labels: ['a', 'b'] };
    expect(labelsListing('0.5', ['b'], { ome: { version: '0.5', labels: ['a'] } })).toEqual(both);
    expect(labelsListing('0.5', ['b'], { labels: ['a', 4] })).toEqual(both);
    expect(validateAttributes(both, { version: '0.5', strict: true })).toEqual({ valid: true, problems: [] });
  });
});

describe('groupEntries', () => {
  const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

  it('gives the files of a group, what makes it visible last', () => {
    const v2 = groupEntries('0.4', '/labels/a', { x: 1 });
    expect(v2.map(({ key, bytes }) => [key, parse(bytes)])).toEqual([
      ['/labels/a/.zgroup', { zarr_format: 2 }],
      ['/labels/a/.zattrs', { x: 1 }],
    ]);
    const old = jsonBytes({
      zarr_format: 3,
      node_type: 'group',
      attributes: { old: 1 },
      consolidated_metadata: { kind: 'inline', metadata: {} },
    });
    const v3 = groupEntries('0.5', '', { x: 1 }, old);
    expect(v3.map(({ key, bytes }) => [key, parse(bytes)])).toEqual([
      [
        '/zarr.json',
        {
          zarr_format: 3,
          node_type: 'group',
          attributes: { x: 1 },
          consolidated_metadata: { kind: 'inline', metadata: {} },
        },
      ],
    ]);
  });
});

describe('consolidated metadata', () => {
  it('is rewritten in v2, everything else kept', () => {
    const old = {
      zarr_consolidated_format: 1,
      metadata: { '.zgroup': { zarr_format: 2 }, 'labels/old/.zattrs': {} },
    };
    const changes = { 'labels/.zattrs': { labels: ['a'] }, 'labels/old/.zattrs': null };
    expect(updateConsolidatedV2(old, changes)).toEqual({
      zarr_consolidated_format: 1,
      metadata: { '.zgroup': { zarr_format: 2 }, 'labels/.zattrs': { labels: ['a'] } },
    });
    expect(Object.keys(old.metadata)).toContain('labels/old/.zattrs');
  });

  it('is rewritten in v3 by node path, and not made where there is none', () => {
    const node = { zarr_format: 3, node_type: 'group', attributes: {} };
    const old = {
      ...node,
      consolidated_metadata: {
        kind: 'inline',
        must_understand: false,
        metadata: { '0': { a: 1 }, 'labels/x': {} },
      },
    };
    expect(
      updateConsolidatedV3(old, { 'labels/zarr.json': node, 'labels/x': null, __proto__: { evil: 1 } }),
    ).toEqual({
      ...node,
      consolidated_metadata: {
        kind: 'inline',
        must_understand: false,
        metadata: { '0': { a: 1 }, labels: node },
      },
    });
    expect(updateConsolidatedV3(node, { labels: node })).toBe(node);
  });
});
