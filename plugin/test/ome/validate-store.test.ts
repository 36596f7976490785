import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { validateStore } from '../../src/ome/validate.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { type Files, image04, memory, zarray } from './memory-image.ts';

const good = image04('cyx', [
  [2, 8, 8],
  [2, 4, 4],
]);
const attributes = good['/.zattrs'] as { multiscales: [Record<string, unknown>] }; // Built above.

/** Messages of the problems of a store. */
async function problems(files: Files, strict = false): Promise<string[]> {
  const result = await validateStore(memory(files), { strict });
  expect(result.valid).toBe(result.problems.length === 0);
  return result.problems.map(({ file, field, what }) => `${file}: ${field} ${what}`.replace(/ +/g, ' '));
}

function changed(change: Record<string, unknown>): Files {
  return { ...good, '/.zattrs': { multiscales: [{ ...attributes.multiscales[0], ...change }] } };
}

const label = (dtype: string, source = '../../'): Files => ({
  ...good,
  '/labels/.zattrs': { labels: ['a'] },
  '/labels/a/.zattrs': {
    ...(image04('yx', [[8, 8]])['/.zattrs'] as object), // Built above.
    'image-label': { version: '0.4', source: { image: source } },
  },
  '/labels/a/0/.zarray': zarray([8, 8], dtype),
});

describe('validateStore', () => {
  it('finds nothing wrong with a sound image and its labels', async () => {
    expect(await problems(good)).toEqual([]);
    expect(await problems(label('<u4'))).toEqual([]);
    expect(await problems(label('<u4', 'https://example.org/image.zarr'))).toEqual([]);
  });

  it.each<[string, Files, string[]]>([
    [
      'an array is missing',
      { '/.zattrs': attributes, '/0/.zarray': zarray([2, 8, 8]) },
      ['/1/: there is no Zarr array'],
    ],
    [
      'an array has another rank',
      { ...good, '/1/.zarray': zarray([4, 4]) },
      ['/.zattrs: multiscales[0].datasets[1] ("1") has 2 dimensions, but there are 3 axes'],
    ],
    [
      'levels get finer',
      { ...good, '/1/.zarray': zarray([2, 16, 16]) },
      ['/.zattrs: multiscales[0].datasets[1] has shape 2 × 16 × 16, larger than 2 × 8 × 8 before it'],
    ],
    [
      'space comes before channel',
      changed({ axes: [...(attributes.multiscales[0].axes as object[])].reverse() }),
      ['/.zattrs: multiscales[0].axes[2] ("c") stands after "y"'],
    ],
    [
      'a scale is short',
      changed({ datasets: [{ path: '0', coordinateTransformations: [{ type: 'scale', scale: [1, 1] }] }] }),
      [
        '/.zattrs: multiscales[0].datasets[0].coordinateTransformations[0].scale is a list of 2, not 3 numbers',
      ],
    ],
    [
      'the attributes are wrong',
      { ...good, '/.zattrs': { multiscales: [] } },
      ['/.zattrs: multiscales has 0 entries'],
    ],
    [
      'a label is not of integers',
      label('<f4'),
      ['/labels/a/.zattrs: multiscales[0].datasets[0] holds float32'],
    ],
    [
      'a label has no source',
      label('<u4', '../../elsewhere'),
      ['/labels/a/.zattrs: image-label.source.image leads to /elsewhere, where no image is'],
    ],
    [
      'a listed label is missing',
      { ...good, '/labels/.zattrs': { labels: ['b'] } },
      ['/labels/b/: is not there'],
    ],
    ['it is an array', { '/.zarray': zarray([2, 2]) }, ['/: is a Zarr array, not an OME-Zarr group']],
    [
      'a file is not JSON',
      { ...good, '/labels/.zattrs': '{' },
      [expect.stringMatching(/^\/labels\/.zattrs: not valid JSON/)],
    ],
  ])('says so where %s', async (_, files, expected) => {
    expect(await problems(files)).toEqual(expected);
  });

  it('follows a plate to its wells and fields', async () => {
    const plate = (wells: readonly unknown[]): unknown => ({
      plate: {
        version: '0.4',
        name: 'p',
        rows: [{ name: 'A' }],
        columns: [{ name: '1' }, { name: '2' }],
        wells,
        acquisitions: [{ id: 1, name: 'a', maximumfieldcount: 1 }],
      },
    });
    const field = Object.fromEntries(Object.entries(good).map(([key, value]) => [`/A/1/0${key}`, value]));
    const files: Files = {
      '/.zattrs': plate([{ path: 'A/1', rowIndex: 0, columnIndex: 0 }]),
      '/A/1/.zattrs': { well: { version: '0.4', images: [{ path: '0', acquisition: 1 }] } },
      ...field,
    };
    expect(await problems(files)).toEqual([]);
    expect(
      await problems({ ...files, '/.zattrs': plate([{ path: 'A/2', rowIndex: 0, columnIndex: 1 }]) }),
    ).toEqual(['/A/2/: is not there']);
    expect(
      await problems({ ...files, '/.zattrs': plate([{ path: 'A/3', rowIndex: 0, columnIndex: 1 }]) }),
    ).toEqual([
      '/.zattrs: plate.wells[0].path is "A/3", which is not a listed row and column',
      '/A/3/: is not there',
    ]);
    expect(
      await problems({
        ...files,
        '/A/1/.zattrs': { well: { version: '0.4', images: [{ path: '0', acquisition: 2 }, { path: '7' }] } },
      }),
    ).toEqual([
      '/A/1/7/: is not there',
      '/A/1/.zattrs: well.images names acquisition 2, which the plate does not list',
    ]);
    expect(await problems({ ...files, '/A/1/.zattrs': {} })).toEqual(['/A/1/.zattrs: well is missing']);
  });

  it('asks for more when strict', async () => {
    expect(await problems(good, true)).toEqual(
      ['metadata', 'type', 'name'].map((name) => `/.zattrs: multiscales[0].${name} is missing`),
    );
  });

  it('throws where nothing is there, and what the store throws', async () => {
    await expect(validateStore(memory({}))).rejects.toMatchObject({ tag: 'NotFound' });
    const broken = { store: { get: () => Promise.reject(new TypeError('lost')) }, path: '', location: 'x' };
    await expect(validateStore(broken)).rejects.toThrow('lost');
    await expect(validateStore(memory(good), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it.skipIf(!hasShared('data', 'ome-zarr'))('agrees with the folders of ome-zarr-examples', async () => {
    const verdict = async (path: string): Promise<boolean> => {
      const folder = sharedPath('data', 'ome-zarr', 'ome-zarr-examples', path);
      return (await validateStore({ store: createNodeStore(folder), path: '', location: path })).valid;
    };
    for (const name of ['image-01', 'image-02', 'image-03', 'image-04', 'plate-01']) {
      expect(await verdict(`valid/${name}.zarr`), name).toBe(true);
    }
    expect(await verdict('warning/image-01.zarr')).toBe(true);
    for (const name of ['image-01', 'image-02', 'image-03', 'image-04']) {
      expect(await verdict(`invalid/${name}.zarr`), name).toBe(false);
    }
  });
});
