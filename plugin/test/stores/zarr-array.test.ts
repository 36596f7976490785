import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registry } from 'zarrita';
import { createTestServer, type TestServer } from '../../../test/server/test-server.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import type { ReadStore, StoreOptions } from '../../src/stores/store.ts';
import { openZarrArray, withGeometry } from '../../src/stores/zarr-array.ts';

const v3 = {
  zarr_format: 3,
  node_type: 'array',
  shape: [3, 5],
  data_type: 'int16',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 3] } },
  chunk_key_encoding: { name: 'default' },
  fill_value: -1,
  codecs: [{ name: 'bytes', configuration: { endian: 'big' } }],
};
const v2 = {
  zarr_format: 2,
  shape: [3, 5],
  chunks: [2, 3],
  dtype: '>i2',
  compressor: null,
  fill_value: null,
  order: 'F',
  filters: null,
};

/** A bare Map is a store; keys with JSON values are encoded. */
function storeOf(values: Readonly<Record<string, unknown>>): ReadStore {
  const map = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(values)) {
    map.set(key, value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value)));
  }
  return { get: async (key) => map.get(key) };
}

/** Big-endian 16-bit numbers. */
function bigEndian(...numbers: number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap((number) => [(number >> 8) & 255, number & 255]));
}

describe('what is read', () => {
  it('is clipped to the edge, in C order, with the fill value for missing chunks', async () => {
    const store = storeOf({
      '/a/zarr.json': { ...v3, dimension_names: ['y', null] },
      '/a/c/1/1': bigEndian(1, 2, 3, 4, 5, 6),
      '/a/c/0/0': bigEndian(-7, 2, 3, 4, 5, 258),
    });
    const { lazy, chunks, codec, zarrFormat } = await openZarrArray(store, '/a/');
    expect({ chunks, codec, zarrFormat }).toEqual({ chunks: [2, 3], codec: 'bytes', zarrFormat: 3 });
    expect(lazy.axes).toEqual([{ name: 'y' }, { name: 'dim_1' }]);
    expect(lazy.transform).toEqual({ scale: [1, 1], translation: [0, 0] });
    // Of [[1, 2, 3], [4, 5, 6]] one row and two columns lie in the array.
    expect(await lazy.getChunk([1, 1], {})).toEqual({ data: new Int16Array([1, 2]), shape: [1, 2] });
    expect(await lazy.getChunk([0, 0], {})).toEqual({
      data: new Int16Array([-7, 2, 3, 4, 5, 258]),
      shape: [2, 3],
    });
    expect(await lazy.getChunk([0, 1], {})).toEqual({
      data: new Int16Array([-1, -1, -1, -1]),
      shape: [2, 2],
    });
  });

  it('of column-major order is turned over; a null fill value is zero', async () => {
    const store = storeOf({ '/.zarray': v2, '/0.0': bigEndian(1, 4, 2, 5, 3, 6) });
    const { lazy, codec } = await openZarrArray(store, '');
    expect([...(await lazy.getChunk([0, 0], {})).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await lazy.getChunk([1, 1], {})).data]).toEqual([0, 0]);
    expect(codec).toBe('transpose>bytes');
  });

  it('may be a scalar, or hold nothing', async () => {
    const grid = { name: 'regular', configuration: { chunk_shape: [] } };
    const store = storeOf({
      '/s/zarr.json': { ...v3, shape: [], chunk_grid: grid },
      '/s/c': bigEndian(77),
      '/e/zarr.json': { ...v3, shape: [0, 5] },
    });
    expect([...(await (await openZarrArray(store, 's')).lazy.getChunk([], {})).data]).toEqual([77]);
    const { lazy } = await openZarrArray(store, 'e');
    await expect(lazy.getChunk([0, 0], {})).rejects.toMatchObject({ tag: 'InvalidInput' });
  });

  it('has the fill value’s every digit', async () => {
    const text = JSON.stringify({ ...v3, data_type: 'uint64', attributes: { fill_value: 3 } });
    const bytes = new TextEncoder().encode(
      text.replace('"fill_value":-1', '"fill_value": 18446744073709551613'),
    );
    const { lazy } = await openZarrArray(storeOf({ '/zarr.json': bytes }), '');
    expect(lazy.fillValue).toBe(18446744073709551613n);
  });

  it('takes the geometry it is given', async () => {
    const { lazy } = await openZarrArray(storeOf({ '/zarr.json': v3 }), '');
    const axes = [{ name: 'y', type: 'space' }, { name: 'x' }];
    const placed = withGeometry(lazy, { axes, transform: { scale: [2, 3], translation: [1, 1] } });
    expect(placed).toMatchObject({
      axes,
      transform: { scale: [2, 3] },
      shape: [3, 5],
      dtype: 'int16',
      revision: 0,
    });
    expect((await placed.getChunk([1, 1], {})).shape).toEqual([1, 2]);
    expect(() => withGeometry(lazy, { axes, transform: { scale: [1], translation: [0, 0] } })).toThrow(
      'scale',
    );
  });
});

describe('what is refused', () => {
  const sharding = (configuration: object) => [
    {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [1, 3],
        codecs: ['bytes'],
        index_codecs: ['bytes', 'crc32c'],
        ...configuration,
      },
    },
  ];
  it.each([
    ['data_type', { data_type: 'complex64' }],
    ['data_type', { data_type: { name: 'numpy.datetime64' } }],
    ['chunk_grid', { chunk_grid: { name: 'rectilinear' } }],
    ['chunk_grid', { chunk_grid: { name: 'regular', configuration: { chunk_shape: [0, 1] } } }],
    ['chunk_grid', { chunk_grid: { name: 'regular', configuration: { chunk_shape: [2 ** 20, 2 ** 20] } } }],
    ['chunk_key_encoding', { chunk_key_encoding: { name: 'own' } }],
    ['fill_value', { fill_value: 1.5 }],
    ['codecs', { codecs: [{ name: 'vlen-utf8' }] }],
    ['codecs', { codecs: ['bytes', 'packbits'] }],
    ['codecs', { codecs: [{ name: 'transpose', configuration: { order: [0, 0] } }, 'bytes'] }],
    ['codecs', { codecs: sharding({ chunk_shape: [3, 3] }) }],
    ['codecs', { codecs: sharding({ index_location: 'middle' }) }],
    ['codecs', { codecs: sharding({ index_codecs: ['bytes', 'gzip'] }) }],
    ['codecs', { codecs: [...sharding({}), 'gzip'] }],
    ['dimension_names', { dimension_names: ['y'] }],
    ['node_type', { node_type: 'group' }],
    ['storage_transformers', { storage_transformers: [{ name: 'x' }] }],
    ['future', { future: { name: 'x' } }],
    ['zarr_format', { zarr_format: 4 }],
  ])('%s: %j', async (field, change) => {
    const opened = openZarrArray(storeOf({ '/a/zarr.json': { ...v3, ...change } }), 'a', {
      location: 'image.zarr',
    });
    await expect(opened).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      where: 'image.zarr/a/zarr.json',
      data: { field },
    });
  });

  it.each([
    ['dtype', { dtype: '<U7' }],
    ['dtype', { dtype: '<M8[ns]' }],
    ['dtype', { dtype: [['a', '<i2']] }],
    ['order', { order: 'A' }],
    ['codecs', { compressor: { id: 'lzma' } }],
    ['filters', { filters: [{}] }],
    ['chunks', { chunks: [2] }],
    ['fill_value', { fill_value: 'AAA=' }],
  ])('v2 %s: %j', async (field, change) => {
    const opened = openZarrArray(storeOf({ '/.zarray': { ...v2, ...change } }), '');
    await expect(opened).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      where: '/.zarray',
      data: { field },
    });
  });

  it('no array, and no JSON', async () => {
    await expect(openZarrArray(storeOf({}), 'a')).rejects.toMatchObject({ tag: 'NotFound' });
    const html = new TextEncoder().encode('<html>');
    await expect(openZarrArray(storeOf({ '/zarr.json': html }), '')).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
    });
  });

  it('an extension that need not be understood is not', async () => {
    const future = { name: 'x', must_understand: false };
    await expect(openZarrArray(storeOf({ '/zarr.json': { ...v3, future } }), '')).resolves.toBeDefined();
  });
});

describe('damaged chunks', () => {
  const garbage = Uint8Array.from({ length: 40 }, (_, i) => i * 37);
  it.each(['blosc', 'zstd', 'lz4', 'gzip', 'zlib', 'crc32c', 'none'])(
    '%s: an error that names the key',
    async (name) => {
      const codecs = ['bytes', ...(name === 'none' ? [] : [{ name, configuration: {} }])];
      for (const bytes of [garbage, new Uint8Array(0), garbage.subarray(0, 3)]) {
        const { lazy } = await openZarrArray(
          storeOf({ '/a/zarr.json': { ...v3, codecs }, '/a/c/1/0': bytes }),
          'a',
          {
            location: 'image.zarr',
          },
        );
        await expect(lazy.getChunk([1, 0], {})).rejects.toMatchObject({
          tag: 'Integrity',
          where: 'image.zarr/a/c/1/0',
          data: { key: '/a/c/1/0', index: [1, 0] },
        });
      }
    },
  );
});

describe('a codec that cannot run', () => {
  const original = registry.get('lz4');
  afterEach(() => {
    if (original !== undefined) registry.set('lz4', original);
  });

  it.each([
    ['not loaded', () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'))],
    [
      'forbidden by the page',
      async () => ({
        fromConfig: () => ({
          kind: 'bytes_to_bytes' as const,
          encode: (bytes: Uint8Array) => bytes,
          decode: () => {
            throw new EvalError('Code generation from strings disallowed for this context');
          },
        }),
      }),
    ],
  ])('%s: an error of the environment, not of the chunk', async (_, load) => {
    registry.set('lz4', load);
    const codecs = ['bytes', 'lz4'];
    const { lazy } = await openZarrArray(
      storeOf({ '/zarr.json': { ...v3, codecs }, '/c/0/0': bigEndian(1) }),
      '',
    );
    await expect(lazy.getChunk([0, 0], {})).rejects.toMatchObject({
      tag: 'Environment',
      data: { codec: 'lz4' },
    });
  });
});

describe('a sharded array over HTTP', () => {
  let directory = '';
  let server: TestServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alibi-sharded-'));
    const writer = createArrayWriter(createNodeStore(directory), '', {
      zarrFormat: 3,
      shape: [8, 8],
      chunkShape: [2, 2],
      shardShape: [4, 8],
      dtype: 'uint8',
      compression: 'zstd',
    });
    // The second shard is never written; in the first one chunk (0, 3) is missing.
    for (const index of [
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
    ]) {
      await writer.writeChunk(index, {
        data: new Uint8Array(4).fill(10 * index[0]! + index[1]! + 1),
        shape: [2, 2],
      });
    }
    await writer.finish();
  });
  afterAll(() => rm(directory, { recursive: true }));
  beforeEach(async () => {
    server = await createTestServer({ root: directory });
  });
  afterEach(() => server.close());

  const open = async () => {
    const { lazy } = await openZarrArray(
      createHttpStore(server.url, { retry: { attempts: 2, baseDelayMs: 5 } }),
      '',
      {
        zarrFormat: 3,
        location: server.url,
      },
    );
    server.requests.length = 0;
    return lazy;
  };

  it('fetches a shard’s index once for all who ask, missing shards included', async () => {
    const lazy = await open();
    const indices = [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => [y, x]));
    const chunks = await Promise.all(indices.map((index) => lazy.getChunk(index, {})));
    expect(chunks.map((chunk) => chunk.data[0])).toEqual([
      1, 2, 3, 0, 11, 12, 13, 14, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    // 8 entries of 16 bytes and a checksum.
    const ofIndex = server.requests.filter((request) => request.headers.range === 'bytes=-132');
    expect(ofIndex.map((request) => request.path).sort()).toEqual(['/c/0/0', '/c/1/0']);
    expect(server.requests).toHaveLength(2 + 7);
  });

  it('abort of one of two who wait for the index leaves the other alone; of both ends the request', async () => {
    server.faults.push({ delayMs: 150 });
    const lazy = await open();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = lazy.getChunk([0, 0], { signal: one.signal });
    const second = lazy.getChunk([0, 1], { signal: two.signal });
    one.abort();
    await expect(first).rejects.toBe(one.signal.reason);
    expect((await second).data[0]).toBe(2);
    const again = await open();
    const [third, fourth] = [
      again.getChunk([0, 0], { signal: two.signal }),
      again.getChunk([0, 1], { signal: two.signal }),
    ];
    await new Promise((done) => setTimeout(done, 50));
    two.abort();
    await expect(third).rejects.toBe(two.signal.reason);
    await expect(fourth).rejects.toBe(two.signal.reason);
    await new Promise((done) => setTimeout(done, 200));
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.aborted).toBe(true);
    server.faults.length = 0;
    expect((await again.getChunk([0, 0], {})).data[0]).toBe(1);
  });

  it('abort before and during pass through', async () => {
    const lazy = await open();
    const reason = new Error('enough');
    await expect(lazy.getChunk([0, 0], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await lazy.getChunk([0, 0], {});
    server.faults.push({ delayMs: 1000 });
    const controller = new AbortController();
    const reading = lazy.getChunk([0, 1], { signal: controller.signal }).catch((error: unknown) => error);
    setTimeout(() => controller.abort(reason), 30);
    expect(await reading).toBe(reason);
  });

  it('a failed index is not kept, and never taken for a missing shard', async () => {
    const lazy = await open();
    server.faults.push({ status: 500 });
    await expect(lazy.getChunk([0, 0], {})).rejects.toMatchObject({ tag: 'Network', data: { status: 500 } });
    server.faults.length = 0;
    expect((await lazy.getChunk([0, 0], {})).data[0]).toBe(1);
  });

  it('a damaged index is an error that names the shard', async () => {
    server.faults.push({
      match: '/c/',
      replaceBytes: (bytes) => bytes.map((byte, i) => (i === bytes.length - 20 ? byte ^ 1 : byte)),
    });
    const lazy = await open();
    await expect(lazy.getChunk([0, 0], {})).rejects.toMatchObject({
      tag: 'Integrity',
      where: `${server.url}/c/0/0`,
      data: { key: '/c/0/0' },
    });
  });

  it('also works where the store has no ranges', async () => {
    const store = createNodeStore(directory);
    const whole: ReadStore = { get: (key: `/${string}`, options?: StoreOptions) => store.get(key, options) };
    const { lazy } = await openZarrArray(whole, '');
    expect((await lazy.getChunk([1, 3], {})).data[0]).toBe(14);
  });
});
