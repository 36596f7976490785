import { describe, expect, it } from 'vitest';
import { AlibiError } from '../../src/errors.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { openLabel } from '../../src/ome/open-label.ts';
import { openNode } from '../../src/ome/open-node.ts';
import { openWell, openWells } from '../../src/ome/plate.ts';
import { type Files, image04, memory, v3array, zarray } from './memory-image.ts';

const multiscales = (entry: Record<string, unknown>, more: Record<string, unknown> = {}): Files => ({
  '/.zgroup': { zarr_format: 2 },
  '/.zattrs': { multiscales: [entry], ...more },
  '/0/.zarray': zarray([4, 6]),
});

const v3image = (ome: Record<string, unknown>, shape: readonly number[]): Files => ({
  '/zarr.json': { zarr_format: 3, node_type: 'group', attributes: { ome } },
  '/0/zarr.json': v3array(shape),
});

const yx = [
  { name: 'y', type: 'space' },
  { name: 'x', type: 'space' },
];
const scaled = (scale: readonly number[]): unknown => [{ type: 'scale', scale }];
const entry = {
  version: '0.4',
  axes: yx,
  datasets: [{ path: '0', coordinateTransformations: scaled([1, 1]) }],
};

async function refusal(files: Files): Promise<AlibiError> {
  const error: unknown = await openImage(memory(files)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AlibiError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.where).toContain('memory');
  return error;
}

describe('openImage', () => {
  it.each(['0.4', '0.4-dev-spatialdata'])('reads version %s', async (version) => {
    const image = await openImage(memory(multiscales({ ...entry, version })));
    expect(image).toMatchObject({ version: '0.4', zarrFormat: 2, name: 'memory', rgb: false });
  });

  it.each([
    ['0.1', undefined],
    ['0.2', undefined],
    ['0.3', ['t', 'c', 'z', 'y', 'x']],
  ])('reads %s: axes t, c, z, y, x and scales from the shapes', async (version, axes) => {
    const image = await openImage(
      memory({
        '/.zgroup': { zarr_format: 2 },
        '/.zattrs': {
          multiscales: [{ version, ...(axes && { axes }), datasets: [{ path: 'b' }, { path: 'a' }] }],
        },
        '/a/.zarray': zarray([1, 2, 1, 9, 12]),
        '/b/.zarray': zarray([1, 2, 1, 3, 4]),
      }),
    );
    expect(image.axes.map(({ name, type }) => [name, type])).toEqual([
      ['t', 'time'],
      ['c', 'channel'],
      ['z', 'space'],
      ['y', 'space'],
      ['x', 'space'],
    ]);
    // Finest first, whatever the order in the file; 9/3 and 12/4 elements of the finest a coarse one.
    expect(image.levels.map((level) => level.path)).toEqual(['a', 'b']);
    expect(image.levels.map((level) => level.transform.scale)).toEqual([
      [1, 1, 1, 1, 1],
      [1, 1, 1, 3, 3],
    ]);
    expect(image.pixels.map((level) => level.shape)).toEqual(image.levels.map((level) => level.shape));
  });

  it.each(['yx', 'xy', 'cyx', 'yxc', 'tyx', 'zyx', 'xyz', 'tczyx', 'cxyt', 'xyzct', 'tzcyx'])(
    'reads axes in the order %s',
    async (axes) => {
      const shape = [...axes].map((name) => ({ t: 2, c: 3, z: 4, y: 5, x: 6 })[name] ?? 0);
      const image = await openImage(memory(image04(axes, [shape])));
      expect(image.axes.map(({ name }) => name).join('')).toBe(axes);
      expect(image.pixels[0]?.axes).toEqual(image.axes);
      expect(image.levels[0]?.shape).toEqual(shape);
      expect(image.channels).toHaveLength(axes.includes('c') ? 3 : 1);
    },
  );

  it('composes the transformations of the dataset, then those of the image', async () => {
    const image = await openImage(
      memory(
        multiscales({
          ...entry,
          datasets: [
            {
              path: '0',
              coordinateTransformations: [
                { type: 'scale', scale: [2, 3] },
                { type: 'translation', translation: [10, 20] },
              ],
            },
          ],
          coordinateTransformations: [
            { type: 'scale', scale: [5, 7] },
            { type: 'translation', translation: [1, 2] },
          ],
        }),
      ),
    );
    // y: 5 (2 i + 10) + 1 = 10 i + 51;  x: 7 (3 i + 20) + 2 = 21 i + 142
    expect(image.levels[0]?.transform).toEqual({ scale: [10, 21], translation: [51, 142] });
    expect(image.pixels[0]?.transform).toEqual(image.levels[0]?.transform);
  });

  it('takes the scale a level lacks from the shapes, and what else is said', async () => {
    const files = image04('yx', [
      [8, 9],
      [4, 3],
    ]);
    const datasets = [
      { path: '0' },
      { path: '1', coordinateTransformations: [{ type: 'translation', translation: [1, 2] }] },
    ];
    const multi = { version: '0.4', axes: yx, datasets, coordinateTransformations: scaled([10, 10]) };
    const image = await openImage(memory({ ...files, '/.zattrs': { multiscales: [multi] } }));
    // y: 10 (8/4 i + 1), x: 10 (9/3 i + 2)
    expect(image.levels.map((level) => level.transform)).toEqual([
      { scale: [10, 10], translation: [0, 0] },
      { scale: [20, 30], translation: [10, 20] },
    ]);
  });

  it('keeps units, custom names of typed axes and any scale factor', async () => {
    const files = image04('tyx', [
      [2, 90, 70],
      [2, 31, 24],
      [2, 10, 8],
    ]);
    const attributes = structuredClone(files['/.zattrs']) as { multiscales: { axes: object[] }[] }; // Built above.
    attributes.multiscales[0]!.axes = [
      { name: 'time', type: 'time', unit: 'second' },
      { name: 'y', type: 'space', unit: 'micrometer' },
      { name: 'x', type: 'space', unit: 7 },
    ];
    const image = await openImage(memory({ ...files, '/.zattrs': attributes }));
    expect(image.axes).toEqual([
      { name: 't', type: 'time', unit: 'second' },
      { name: 'y', type: 'space', unit: 'micrometer' },
      { name: 'x', type: 'space' },
    ]);
    expect(image.levels[2]?.transform.scale).toEqual([1, 9, 8.75]);
  });

  it('skips a byte order mark, reads NaN as null and takes HTML for a missing file', async () => {
    const files = multiscales(entry);
    const text = `\uFEFF${JSON.stringify(files['/.zattrs']).replace('{', '{"note": "NaN", "x": NaN,"y":-Infinity,')}`;
    const image = await openImage(
      memory({ ...files, '/.zattrs': text, '/zarr.json': '<!doctype html>', '/labels/.zattrs': '\n<html>' }),
    );
    expect(image.attributes).toMatchObject({ note: 'NaN', x: null, y: null });
    expect(image.labels).toEqual([]);
  });

  it('asks for each metadata file once, and for none of the other Zarr format once it is known', async () => {
    const source = memory(
      image04('yx', [[4, 6]], { more: { omero: { channels: [{ window: { start: 0, end: 9 } }] } } }),
    );
    const asked: string[] = [];
    const get: typeof source.store.get = (key, options) => {
      asked.push(key);
      return source.store.get(key, options);
    };
    await openImage({ ...source, store: { get } });
    expect(asked.sort()).toEqual(
      [
        '/zarr.json',
        '/.zattrs',
        '/.zgroup',
        '/0/.zarray',
        '/labels/.zattrs',
        '/labels/.zgroup',
        '/labels/.zarray',
      ].sort(),
    );
  });

  it('hashes the bytes of the metadata file', async () => {
    const text = JSON.stringify(multiscales(entry)['/.zattrs']);
    const image = await openImage(memory({ ...multiscales(entry), '/.zattrs': text }));
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    expect(image.metadataHash).toBe(Buffer.from(digest).toString('hex'));
  });

  it.each([
    ['no JSON', { '/.zattrs': '{"multiscales": [' }, 'InvalidInput', /not valid JSON/],
    ['a list', { '/.zattrs': '[]' }, 'InvalidInput', /a list of 0, not a JSON object/],
    [
      'deep nesting',
      { '/.zattrs': `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}` },
      'InvalidInput',
      /nested more than 200/,
    ],
    ['nothing', {}, 'NotFound', /no Zarr group here/],
    ['an array', { '/.zarray': zarray([2, 2]) }, 'UnsupportedFormat', /^a Zarr array without OME metadata$/],
    [
      '__proto__',
      { '/.zattrs': '{"__proto__": {"multiscales": [1]}}' },
      'UnsupportedFormat',
      /without OME metadata/,
    ],
    [
      'an unknown version',
      multiscales({ ...entry, version: '0.9' }),
      'UnsupportedFormat',
      /multiscales\[0\].version is the text "0.9"/,
    ],
    [
      'a version of another Zarr',
      multiscales({ ...entry, version: '0.5' }),
      'UnsupportedFormat',
      /not stored in Zarr v2/,
    ],
    [
      'a version of another type',
      multiscales({ ...entry, version: 4 }),
      'UnsupportedFormat',
      /version is the number 4/,
    ],
    [
      'multiscales of text',
      { '/.zattrs': { multiscales: 'x' } },
      'InvalidInput',
      /multiscales is the text "x"/,
    ],
    ['no datasets', multiscales({ ...entry, datasets: [] }), 'InvalidInput', /datasets is a list of 0/],
    [
      'a scale of text',
      multiscales({
        ...entry,
        datasets: [{ path: '0', coordinateTransformations: scaled(['1', '1'] as never) }],
      }),
      'InvalidInput',
      /scale is a list of 2, not 2 numbers/,
    ],
    [
      'a short scale',
      multiscales({ ...entry, datasets: [{ path: '0', coordinateTransformations: scaled([1]) }] }),
      'InvalidInput',
      /not 2 numbers/,
    ],
    [
      'a scale of zero',
      multiscales({ ...entry, datasets: [{ path: '0', coordinateTransformations: scaled([0, 1]) }] }),
      'UnsupportedFormat',
      /flattens/,
    ],
    [
      'a negative scale',
      multiscales({ ...entry, datasets: [{ path: '0', coordinateTransformations: scaled([1, -1]) }] }),
      'UnsupportedFormat',
      /mirrors axis 1/,
    ],
    [
      'a scale in a file',
      multiscales({
        ...entry,
        datasets: [{ path: '0', coordinateTransformations: [{ type: 'scale', path: 's' }] }],
      }),
      'InvalidInput',
      /scale is nothing/,
    ],
    [
      'too many axes',
      multiscales({ ...entry, axes: [...'abcdxy'].map((name) => ({ name })) }),
      'InvalidInput',
      /has 6 entries/,
    ],
    ['an axis twice', multiscales({ ...entry, axes: [yx[0], yx[0]] }), 'InvalidInput', /names "y" twice/],
    [
      'no x',
      multiscales({ ...entry, axes: [{ name: 'y' }, { name: 'z' }] }),
      'UnsupportedFormat',
      /has no x and y/,
    ],
    [
      'an axis that is null',
      multiscales({ ...entry, axes: [null, yx[1]] }),
      'InvalidInput',
      /axes\[0\] is null/,
    ],
    ['a missing array', { '/.zattrs': { multiscales: [entry] } }, 'NotFound', /no Zarr array/],
    [
      'another rank',
      { ...multiscales(entry), '/0/.zarray': zarray([1, 4, 6]) },
      'InvalidInput',
      /has 3 dimensions/,
    ],
    [
      'a negative size',
      { ...multiscales(entry), '/0/.zarray': zarray([-4, 6], '|u1', [4, 6]) },
      undefined,
      /shape|-4/,
    ],
    [
      'a size of zero',
      { ...multiscales(entry), '/0/.zarray': zarray([0, 6], '|u1', [4, 6]) },
      undefined,
      /empty|shape/,
    ],
    ['a plate', { '/.zattrs': { plate: {} } }, 'UnsupportedFormat', /a group with "plate"/],
    [
      'labels of numbers in texts',
      { ...multiscales(entry), '/labels/.zattrs': { labels: [{}] } },
      'InvalidInput',
      /labels\[0\] is an object/,
    ],
  ] satisfies [string, Files, string | undefined, RegExp][])('refuses %s', async (_, files, tag, what) => {
    const error = await refusal(files);
    if (tag !== undefined) expect(error.tag).toBe(tag);
    expect(error.what).toMatch(what);
  });

  it.each([
    '../x',
    '/etc/passwd',
    'a/../../b',
    '',
    '.',
    'https://elsewhere/0',
    'a\\..\\b',
    'a//b',
    null,
    -1,
    1.5,
    {},
  ])('refuses the dataset path %j', async (path) => {
    const error = await refusal(
      multiscales({ ...entry, datasets: [{ path, coordinateTransformations: scaled([1, 1]) }] }),
    );
    expect(error).toMatchObject({
      tag: 'InvalidInput',
      what: expect.stringContaining('datasets[0].path is'),
    });
  });

  it.each(['0', './0', '0/', 0])('takes the dataset path %j', async (path) => {
    const image = await openImage(
      memory(multiscales({ ...entry, datasets: [{ path, coordinateTransformations: scaled([1, 1]) }] })),
    );
    expect(image.levels[0]?.path).toBe('0');
  });

  it('refuses an unfamiliar axis with several positions, and takes it with one', async () => {
    const axes = [{ name: 'angle', type: 'angle' }, ...yx];
    const files = (size: number): Files => ({
      ...multiscales({
        ...entry,
        axes,
        datasets: [{ path: '0', coordinateTransformations: scaled([1, 1, 1]) }],
      }),
      '/0/.zarray': zarray([size, 4, 6]),
    });
    expect((await refusal(files(2))).what).toBe('axis "angle" has 2 positions');
    expect((await openImage(memory(files(1)))).levels[0]?.shape).toEqual([1, 4, 6]);
  });

  it('ends with the reason of the abort, before and during', async () => {
    const controller = new AbortController();
    const source = memory(multiscales(entry));
    const reading = openImage(
      {
        ...source,
        store: {
          get: (key, options) => {
            controller.abort(new DOMException('enough', 'AbortError'));
            options?.signal?.throwIfAborted();
            return Promise.resolve(source.store.get(key));
          },
        },
      },
      { signal: controller.signal },
    );
    await expect(reading).rejects.toBe(controller.signal.reason);
    await expect(openImage(source, { signal: controller.signal })).rejects.toBe(controller.signal.reason);
  });
});

describe('openImage of 0.6', () => {
  const system = {
    name: 'world',
    axes: [...'zyx'].map((name) => ({ name, type: 'space', unit: 'micrometer' })),
  };
  const open = (transformation: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    openImage(
      memory(
        v3image(
          {
            version: '0.6.dev2',
            multiscales: [
              {
                coordinateSystems: [system],
                datasets: [
                  {
                    path: '0',
                    coordinateTransformations: [{ input: '0', output: 'world', ...transformation }],
                  },
                ],
                ...more,
              },
            ],
          },
          [3, 4, 5],
        ),
      ),
    );

  it('renames axes in the order of the array where a transformation exchanges them', async () => {
    // World axis i is array axis map[i]: z = array 1, y = array 2, x = array 0.
    const map = await open({ type: 'mapAxis', mapAxis: [1, 2, 0] });
    expect(map.axes.map(({ name }) => name).join('')).toBe('xzy');
    const rotation = await open({
      type: 'rotation',
      rotation: [
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ],
    });
    expect(rotation.axes).toEqual(map.axes);
    const sequence = await open({
      type: 'sequence',
      transformations: [
        { type: 'scale', scale: [2, 3, 4] },
        { type: 'mapAxis', mapAxis: [1, 2, 0] },
        { type: 'translation', translation: [10, 20, 30] },
      ],
    });
    // Scales belong to array axes, the translation to z, y, x: array axis 0 is x.
    expect(sequence.levels[0]?.transform).toEqual({ scale: [2, 3, 4], translation: [30, 10, 20] });
  });

  it('opens an affine that only scales and shifts, and refuses one that does more', async () => {
    const image = await open({
      type: 'affine',
      affine: [
        [4, 0, 0, 32],
        [0, 3, 0, 21],
        [0, 0, 2, 10],
      ],
    });
    expect(image.levels[0]?.transform).toEqual({ scale: [4, 3, 2], translation: [32, 21, 10] });
    await expect(
      open({
        type: 'affine',
        affine: [
          [1, 0.1, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
        ],
      }),
    ).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      what: expect.stringContaining('mixes axes'),
    });
    await expect(
      open({
        type: 'rotation',
        rotation: [
          [0.6, 0.8, 0],
          [-0.8, 0.6, 0],
          [0, 0, 1],
        ],
      }),
    ).rejects.toMatchObject({
      what: expect.stringContaining('rotates'),
    });
    await expect(open({ type: 'displacements', path: 'd' })).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      what: expect.stringContaining('type is the text "displacements"'),
    });
    await expect(open({ type: 'scale', scale: [1, 1, 1], output: 'elsewhere' })).rejects.toMatchObject({
      what: expect.stringContaining('"elsewhere"'),
    });
  });

  it('leaves transformations into further systems alone', async () => {
    const image = await open(
      { type: 'scale', scale: [2, 1, 1] },
      {
        coordinateTransformations: [
          {
            type: 'rotation',
            input: 'world',
            output: 'atlas',
            rotation: [
              [0.6, 0.8],
              [-0.8, 0.6],
            ],
          },
        ],
      },
    );
    expect(image).toMatchObject({ version: '0.6', levels: [{ transform: { scale: [2, 1, 1] } }] });
  });
});

describe('omero', () => {
  const open = (omero: unknown, axes = 'cyx', shape = [3, 2, 2]) =>
    openImage(memory(image04(axes, [shape], { more: { omero } })));

  it.each([
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { channels: null },
    { channels: {} },
    { channels: [null, 1, 'x'] },
    { channels: [{ window: null, color: 255, label: {}, active: 'yes' }] },
    { channels: [{ window: { start: Number.NaN, end: 1 }, color: '#12' }, { window: { start: 5, end: 5 } }] },
    { channels: new Array(20).fill({ color: 'zzz', window: [] }) },
  ])('makes sense of %j', async (omero) => {
    const { channels } = await open(omero);
    expect(channels.map(({ label, color, active }) => [label, color, active])).toEqual([
      ['Channel 1', 'ff00ff', true],
      ['Channel 2', '00ff00', true],
      ['Channel 3', '0080ff', true],
    ]);
    // The array holds only zeros.
    expect(channels.map(({ window, estimated }) => [window, estimated])).toEqual(
      channels.map(() => [{ start: 0, end: 1, min: 0, max: 255 }, true]),
    );
  });

  it('takes what is there, short lists and numbers in texts included', async () => {
    const { channels } = await open({
      channels: [
        { label: 'DAPI', color: '#00F', active: false, window: { start: '3', end: '9', min: 0, max: 4095 } },
        { label: 2, color: 'FF0000CC', window: { start: 1, end: 4 } },
      ],
    });
    expect(channels).toEqual([
      {
        label: 'DAPI',
        color: '0000ff',
        active: false,
        window: { start: 3, end: 9, min: 0, max: 4095 },
        estimated: false,
      },
      {
        label: '2',
        color: 'ff0000',
        active: true,
        window: { start: 1, end: 4, min: 0, max: 255 },
        estimated: false,
      },
      {
        label: 'Channel 3',
        color: '0080ff',
        active: true,
        window: { start: 0, end: 1, min: 0, max: 255 },
        estimated: true,
      },
    ]);
  });

  it('knows the three channels of one picture', async () => {
    const colors = (...list: string[]): unknown => ({ channels: list.map((color) => ({ color })) });
    expect((await open(colors('FF0000', '00FF00', '0000FF'))).rgb).toBe(true);
    expect((await open(colors('0000FF', '00FF00', 'FF0000'))).rgb).toBe(false);
    expect((await open({ channels: ['Red', 'Green', 'Blue'].map((label) => ({ label })) })).rgb).toBe(true);
    expect((await open(undefined)).rgb).toBe(false);
    const interleaved = await open(undefined, 'yxc', [2, 2, 3]);
    expect(interleaved.rgb).toBe(true);
    expect(interleaved.channels.map(({ color }) => color)).toEqual(['ff0000', '00ff00', '0000ff']);
    expect((await open(undefined, 'yxc', [2, 3, 2])).rgb).toBe(false);
    const wide = await openImage(
      memory(
        image04('cyx', [[3, 2, 2]], { dtype: '<u2', more: { omero: colors('FF0000', '00FF00', '0000FF') } }),
      ),
    );
    expect(wide.rgb).toBe(false);
  });

  it('shows a single channel grey', async () => {
    expect((await open(undefined, 'yx', [2, 2])).channels).toMatchObject([
      { label: 'Intensity', color: 'ffffff' },
    ]);
  });
});

describe('openNode', () => {
  const well = (fields: unknown): unknown => ({ well: { version: '0.4', images: fields } });

  it('lists a plate and reads its wells', async () => {
    const node = await openNode(
      memory({
        '/.zattrs': {
          plate: {
            version: '0.4',
            name: 'screen',
            rows: [{ name: 'A' }, { name: 'B' }],
            columns: [{ name: '01' }, { name: '02' }],
            acquisitions: [{ id: 3, name: 'first' }, 'x'],
            wells: [{ path: 'B/02', rowIndex: 1, columnIndex: 1 }, { path: 'A/01' }],
          },
        },
        '/B/02/.zattrs': well([{ path: '0', acquisition: 3 }, { path: 'f1' }]),
        '/A/01/.zgroup': { zarr_format: 2 },
        '/A/01/0/.zgroup': { zarr_format: 2 },
      }),
    );
    if (node.kind !== 'plate') throw new Error(node.kind);
    expect(node.plate).toMatchObject({
      name: 'screen',
      rows: ['A', 'B'],
      columns: ['01', '02'],
      acquisitions: [{ id: 3, name: 'first' }],
      wells: [
        { path: 'B/02', row: 'B', column: '02', rowIndex: 1, columnIndex: 1 },
        { path: 'A/01', row: 'A', column: '01', rowIndex: 0, columnIndex: 0 },
      ],
    });
    const wells = await openWells(node.plate);
    expect(wells.map(({ path, fields }) => [path, fields])).toEqual([
      ['/B/02', [{ path: '0', acquisition: 3 }, { path: 'f1' }]],
      // Nothing in the well's own group: the numbered images below it.
      ['/A/01', [{ path: '0' }]],
    ]);
    await expect(openWell(node.plate, 'C/03')).rejects.toMatchObject({ tag: 'NotFound' });
  });

  it.each([
    [{ plate: 1 }, /plate is the number 1/],
    [{ plate: { rows: [], columns: [], wells: [{ path: '../A' }] } }, /wells\[0\].path is the text "..\/A"/],
    [
      { plate: { rows: [{ name: 'A' }], columns: [{ name: '1' }], wells: [{ path: 'B/1' }] } },
      /"B" is not listed/,
    ],
    [{ plate: { rows: [{}], columns: [], wells: [] } }, /rows\[0\].name is nothing/],
    [{ well: { images: [{ path: '/0' }] } }, /images\[0\].path is the text "\/0"/],
    [{ well: [] }, /well is a list of 0/],
  ])('refuses %j', async (attributes, what) => {
    await expect(openNode(memory({ '/.zattrs': attributes }))).rejects.toMatchObject({
      tag: 'InvalidInput',
      what: expect.stringMatching(what),
    });
  });

  it('lists a bioformats2raw series as OME says, else by number', async () => {
    const files: Files = {
      '/.zattrs': { 'bioformats2raw.layout': 3 },
      '/0/.zgroup': { zarr_format: 2 },
      '/1/.zgroup': { zarr_format: 2 },
      '/3/.zgroup': { zarr_format: 2 },
    };
    const paths = async (more: Files): Promise<unknown> => {
      const node = await openNode(memory({ ...files, ...more }));
      return node.kind === 'series' ? node.series.images.map(({ path }) => path) : node.kind;
    };
    expect(await paths({})).toEqual(['0', '1']);
    expect(await paths({ '/OME/.zattrs': { series: ['a', '1'] } })).toEqual(['a', '1']);
    await expect(paths({ '/OME/.zattrs': { series: ['../a'] } })).rejects.toMatchObject({
      what: 'series[0] is the text "../a"',
    });
    await expect(openNode(memory({ '/.zattrs': { 'bioformats2raw.layout': 3 } }))).rejects.toMatchObject({
      tag: 'NotFound',
    });
  });
});

describe('openLabel', () => {
  const files: Files = {
    ...image04('yx', [[4, 6]]),
    '/labels/.zattrs': { labels: ['cells', 'cells', 'deep/er'] },
    '/labels/cells/.zattrs': {
      ...(image04('yx', [[4, 6]])['/.zattrs'] as object), // Built above.
      'image-label': {
        colors: [
          { 'label-value': 1, rgba: [255, 0, 0, 128] },
          { 'label-value': 2, rgba: [1, 2, 3] },
          { 'label-value': 'x', rgba: [0, 0, 0, 0] },
          null,
        ],
        properties: [{ 'label-value': 1, class: 'nucleus' }, 3],
      },
      'alibi-zarr': { model: 'm' },
    },
    '/labels/cells/0/.zarray': zarray([4, 6], '<u8'),
  };

  it('reads ids as the array holds them, colours, properties and provenance', async () => {
    const image = await openImage(memory(files));
    expect(image.labels).toEqual([
      { name: 'cells', path: 'labels/cells' },
      { name: 'deep/er', path: 'labels/deep/er' },
    ]);
    const label = await openLabel(image, 'cells');
    expect([...label.colors]).toEqual([[1n, [255, 0, 0, 128]]]);
    expect([...label.properties]).toEqual([[1n, { class: 'nucleus' }]]);
    expect(label).toMatchObject({ name: 'cells', provenance: { model: 'm' }, levels: [{ dtype: 'uint64' }] });
  });

  it('refuses labels that are not integers, not there, or outside', async () => {
    const image = await openImage(memory({ ...files, '/labels/cells/0/.zarray': zarray([4, 6], '<f4') }));
    await expect(openLabel(image, 'cells')).rejects.toMatchObject({
      tag: 'InvalidInput',
      what: 'the label array "0" holds float32',
    });
    await expect(openLabel(image, 'none')).rejects.toMatchObject({ tag: 'NotFound' });
    await expect(openLabel(image, '../0')).rejects.toMatchObject({ tag: 'InvalidInput' });
  });

  it('finds the listing of 0.5 under ome, and beside it', async () => {
    const ome = {
      version: '0.5',
      multiscales: [{ axes: yx, datasets: [{ path: '0', coordinateTransformations: scaled([1, 1]) }] }],
    };
    const names = async (attributes: unknown): Promise<unknown> => {
      const group = { zarr_format: 3, node_type: 'group', attributes };
      return (await openImage(memory({ ...v3image(ome, [4, 6]), '/labels/zarr.json': group }))).labels.map(
        ({ name }) => name,
      );
    };
    expect(await names({ ome: { version: '0.5', labels: ['a'] } })).toEqual(['a']);
    expect(await names({ labels: ['b'] })).toEqual(['b']);
    expect(await names({})).toEqual([]);
  });
});
