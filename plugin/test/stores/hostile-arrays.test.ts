import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createTestServer } from '../../../test/server/test-server.ts';
import { claimedSize } from '../../src/stores/decoded-size.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import { jsonText } from '../../src/stores/json-text.ts';
import { keySegments } from '../../src/stores/key.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { createUnion } from '../../src/stores/union.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A v2 array in memory of one chunk. */
function array(metadata: Record<string, unknown>, chunk?: Uint8Array) {
  const zarray = {
    zarr_format: 2,
    shape: [10, 10],
    chunks: [10, 10],
    dtype: '|u1',
    fill_value: 0,
    order: 'C',
    compressor: null,
    filters: null,
    ...metadata,
  };
  const files = new Map([['/.zarray', json(zarray)]]);
  if (chunk !== undefined) files.set('/0.0', chunk);
  return { get: async (key: string) => files.get(key) };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it should have been refused'),
    (error: unknown) => error,
  );

async function firstChunk(metadata: Record<string, unknown>, chunk?: Uint8Array) {
  const { lazy } = await openZarrArray(array(metadata, chunk), '');
  return lazy.getChunk([0, 0], {});
}

describe('compressed chunks that claim, or are, more than the array holds', () => {
  const claims = (name: string): Uint8Array => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    if (name === 'blosc') {
      bytes.set([2, 1, 0x20, 1]);
      view.setUint32(4, 0x7fffffff, true);
      view.setUint32(12, 64, true);
    } else if (name === 'lz4') view.setUint32(0, 0x7fffffff, true);
    else {
      view.setUint32(0, 0xfd2fb528, true);
      view.setUint8(4, 0xe0);
      view.setBigUint64(5, 2n ** 50n, true);
    }
    return bytes;
  };

  it.each(['blosc', 'lz4', 'zstd'])('%s: refused from the header', async (id) => {
    expect(await refusal(firstChunk({ compressor: { id } }, claims(id)))).toMatchObject({
      tag: 'Integrity',
      what: expect.stringMatching(/claims to become \d+ bytes where 100 are due/),
    });
  });

  it('gzip: given up as soon as it is too much', async () => {
    // 64 MiB out of 64 KiB; the array holds 100 bytes.
    const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 2 ** 20)));
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal(firstChunk({ compressor: { id: 'gzip' } }, bomb))).toMatchObject({
      tag: 'Integrity',
      what: expect.stringContaining('more than the 100 bytes that are due'),
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });

  it('knows the size of a zstd frame without one from its blocks', () => {
    // Two run-length blocks of 1,000 bytes: header (last, kind 1, size), one byte.
    const blocks = [0, 1].flatMap((last) => {
      const header = last | (1 << 1) | (1000 << 3);
      return [header & 255, (header >> 8) & 255, header >> 16, 9];
    });
    const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3, ...blocks]);
    expect(claimedSize('zstd', frame)).toBe(2000);
  });
});

describe('metadata of an array that cannot be meant', () => {
  it.each<[string, Record<string, unknown>]>([
    ['chunks of a terabyte', { shape: [2 ** 20, 2 ** 20], chunks: [2 ** 20, 2 ** 20] }],
    ['chunks of no elements', { chunks: [0, 10] }],
    ['negative chunks', { chunks: [-1, 10] }],
    ['a type nested out of sight', { dtype: JSON.parse(`${'['.repeat(150)}${']'.repeat(150)}`) }],
    ['a filter on elements of 10^308 bytes', { filters: [{ id: 'shuffle', elementsize: 1e308 }] }],
    ['a filter on elements of no bytes', { filters: [{ id: 'shuffle', elementsize: 0 }] }],
  ])('%s: refused', async (_, metadata) => {
    expect(await refusal(firstChunk(metadata))).toMatchObject({ tag: 'UnsupportedFormat' });
  });

  it('nested 100,000 deep: refused', async () => {
    const text = `{"zarr_format":2,"dtype":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const store = {
      get: async (key: string) => (key === '/.zarray' ? new TextEncoder().encode(text) : undefined),
    };
    expect(await refusal(openZarrArray(store, ''))).toMatchObject({
      tag: 'InvalidInput',
      what: 'nested more than 200 deep',
    });
  });

  it('of a grid of 2^50 chunks: opens, and its last chunk is the fill value', async () => {
    const size = 2 ** 50;
    const store = array({ shape: [size, 10], chunks: [1, 10], fill_value: 3 });
    const { lazy } = await openZarrArray(store, '');
    expect((await lazy.getChunk([size - 1, 0], {})).data).toEqual(new Uint8Array(10).fill(3));
  });

  const shards = (chunk: number, inner: number) => ({
    zarr_format: 3,
    node_type: 'array',
    shape: [2 ** 40],
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [chunk] } },
    chunk_key_encoding: { name: 'default' },
    fill_value: 0,
    codecs: [
      {
        name: 'sharding_indexed',
        configuration: { chunk_shape: [inner], codecs: ['bytes'], index_codecs: ['bytes', 'crc32c'] },
      },
    ],
  });
  it.each([
    ['shards of 2^40 chunks', shards(2 ** 40, 1)],
    ['inner chunks of a terabyte', shards(2 ** 40, 2 ** 40)],
  ])('%s: refused', async (_, metadata) => {
    const store = { get: async (key: string) => (key === '/zarr.json' ? json(metadata) : undefined) };
    expect(await refusal(openZarrArray(store, ''))).toMatchObject({ tag: 'UnsupportedFormat' });
  });

  it('a shard index that claims a chunk of gigabytes: refused before it is read', async () => {
    const index = new Uint8Array(16);
    new DataView(index.buffer).setBigUint64(8, 2n ** 40n, true);
    const metadata = shards(8, 8);
    metadata.codecs[0]!.configuration.index_codecs = ['bytes'];
    const ranges: unknown[] = [];
    const store = {
      get: async (key: string) => (key === '/zarr.json' ? json(metadata) : undefined),
      getRange: async (_: string, range: object) => {
        ranges.push(range);
        return index;
      },
    };
    const { lazy } = await openZarrArray(store, '');
    expect(await refusal(lazy.getChunk([0], {}))).toMatchObject({
      tag: 'InvalidInput',
      data: { bytes: 2 ** 40 },
    });
    expect(ranges).toEqual([{ suffixLength: 16 }]);
  });
});

describe('metadata as text', () => {
  it('of more lists than memory has room for: refused before it is parsed', () => {
    expect(() => jsonText(`[${'[],'.repeat(2_000_001)}0]`, 'x')).toThrow(/2000002 lists and objects/);
  });

  it('longer than any: refused', () => {
    expect(() => jsonText(new Uint8Array(65 * 2 ** 20), 'x')).toThrow(/longer than 64 MiB/);
  });

  it('of labels beside the image that is no JSON: refused with a typed error', async () => {
    const broken = { get: async () => new TextEncoder().encode('{"labels": [') };
    const union = createUnion(broken, '');
    union.add({ store: broken, path: '' });
    expect(await refusal(union.store.get('/labels/.zattrs'))).toMatchObject({ tag: 'InvalidInput' });
  });
});

it('a key with half a character, which no address can hold, is refused with a typed error', () => {
  expect(() => keySegments('/labels/\ud800')).toThrow(/is not a store key/);
  expect(keySegments('/labels/🔬')).toEqual(['labels', '🔬']);
});

it('an answer longer than its reader can use is not fetched to its end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alibi-zarr-'));
  await writeFile(join(folder, 'big'), new Uint8Array(3_000_000));
  const server = await createTestServer({ root: folder });
  try {
    const store = createHttpStore(server.url);
    expect(await store.get('/big')).toHaveLength(3_000_000);
    const limits = { byteLimit: 1000 };
    expect(await refusal(store.get('/big', limits))).toMatchObject({ tag: 'InvalidInput' });
    expect(await refusal(createNodeStore(folder).get('/big', limits))).toMatchObject({ tag: 'InvalidInput' });
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
