import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  BlobWriter,
  TextReader,
  Uint8ArrayReader,
  ZipWriter,
  type ZipWriterAddDataOptions,
} from '@zip.js/zip.js';
import { describe, expect, it } from 'vitest';
import { createTestServer } from '../../../test/server/test-server.ts';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { readRegion } from '../../src/array/region.ts';
import { createNodeStore } from '../../src/stores/node-fs.ts';
import { openStore } from '../../src/stores/open-store.ts';
import type { ReadStore } from '../../src/stores/store.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';
import { openZipStore } from '../../src/stores/zip.ts';

const base = 'data/ome-zarr/zarrita-fixtures';
const archives = [
  'v2/data.zipped_from_parent.zarr.zip',
  'v2/data.zipped_from_within.zarr.zip',
  'v3/data.uncompressed.zarr.zip',
  'v3/data.zipped_from_parent.zarr.zip',
  'v3/data.zipped_from_within.zarr.zip',
];

async function elements(store: ReadStore, path: string): Promise<number[]> {
  const { lazy } = await openZarrArray(store, path);
  const { data } = await readRegion(lazy, { start: lazy.shape.map(() => 0), stop: lazy.shape }, {});
  return [...data].map(Number);
}

describe.skipIf(!hasShared(base))('the ZIP files of zarrita (skipped: ../shared is absent)', () => {
  for (const archive of archives) {
    it(`${archive} holds what its folder holds, from a file and over HTTP`, async () => {
      const folder = createNodeStore(sharedPath(base, archive.slice(0, 2), 'data.zarr'));
      const file = new File([await readFile(sharedPath(base, archive))], basename(archive));
      const server = await createTestServer({ root: dirname(sharedPath(base, archive)) });
      const opened = [await openStore(file), await openStore(`${server.url}/${basename(archive)}`)];
      expect(opened.map(({ path, location }) => ({ path, location }))).toEqual([
        { path: '', location: basename(archive) },
        { path: '', location: `${server.url}/${basename(archive)}` },
      ]);
      const names = ['2d.chunked.ragged.i2', '3d.chunked.mixed.i2.F', '1d.contiguous.f8'];
      if (archive.startsWith('v3')) names.push('3d.chunked.compressed.sharded.i2');
      for (const { store } of opened) {
        for (const name of names) expect(await elements(store, name)).toEqual(await elements(folder, name));
        const key = archive.startsWith('v2') ? '.zgroup' : 'zarr.json';
        expect(await store.get(`/my group with spaces/${key}`)).toEqual(
          await folder.get(`/my group with spaces/${key}`),
        );
        expect(await store.get('/none')).toBeUndefined();
        expect(await store.get('/2d.chunked.i2')).toBeUndefined();
      }
      // The directory and the entries asked for, never the whole file.
      expect(
        server.requests
          .filter((request) => request.method === 'GET')
          .every((request) => request.headers.range),
      ).toBe(true);
      await server.close();
    });
  }
});

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);

async function pack(names: readonly string[], options: ZipWriterAddDataOptions = {}): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const name of names) {
    await writer.add(
      name,
      name.endsWith('.json') ? new TextReader('{}') : new Uint8ArrayReader(content),
      options,
    );
  }
  return writer.close();
}

describe('roots', () => {
  it.each([
    ['at the top', ['zarr.json', 'a/data'], '/a/data'],
    [
      'in the one folder',
      ['x.zarr/zarr.json', 'x.zarr/a/data', '__MACOSX/x.zarr/._data', '.DS_Store'],
      '/a/data',
    ],
    ['nowhere: two folders', ['x/zarr.json', 'x/data', 'y/data'], '/x/data'],
    ['nowhere: the folder holds no Zarr', ['x/y/zarr.json', 'x/y/data'], '/x/y/data'],
  ] as const)('%s', async (_, names, key) => {
    const store = await openZipStore(await pack(names));
    expect(await store.get(key)).toEqual(content);
  });
});

describe('entries', () => {
  it.each([
    ['stored', { level: 0 }],
    ['deflated', { level: 6 }],
    ['zip64', { level: 0, zip64: true }],
    ['with a data descriptor', { level: 6, dataDescriptor: true }],
    ['with a long extra field', { level: 0, extraField: new Map([[0x9999, new Uint8Array(300)]]) }],
  ])('%s: whole and in part', async (_, options) => {
    const store = await openZipStore(await pack(['zarr.json', 'data'], options));
    for (let again = 0; again < 2; again++) {
      expect(await store.getRange?.('/data', { offset: 100, length: 50 })).toEqual(content.slice(100, 150));
      expect(await store.getRange?.('/data', { suffixLength: 7 })).toEqual(content.slice(-7));
      expect(await store.get('/data')).toEqual(content);
    }
    expect(await store.getRange?.('/none', { suffixLength: 7 })).toBeUndefined();
  });

  it('damaged ones are an error that names them', async () => {
    for (const level of [0, 6]) {
      const bytes = new Uint8Array(await (await pack(['zarr.json', 'data'], { level })).arrayBuffer());
      bytes[200]! ^= 255;
      const store = await openZipStore(new Blob([bytes]), { location: 'x.zip' });
      await expect(store.get('/data')).rejects.toMatchObject({
        tag: 'Integrity',
        where: 'x.zip',
        data: { key: '/data' },
      });
    }
  });

  it('encrypted ones are refused', async () => {
    const store = await openZipStore(await pack(['zarr.json', 'data'], { password: 'x' }));
    await expect(store.get('/data')).rejects.toMatchObject({ tag: 'UnsupportedFormat' });
  });

  it('aborts pass through, before and during', async () => {
    const blob = await pack(['zarr.json', 'data']);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(openZipStore(blob, { signal })).rejects.toBe(reason);
    const store = await openZipStore(blob);
    await expect(store.get('/data', { signal })).rejects.toBe(reason);
    const controller = new AbortController();
    const [first, second] = [store.get('/data', { signal: controller.signal }), store.get('/data')];
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(await second).toEqual(content);
  });
});

describe('openStore', () => {
  it('refuses files that are no ZIP files', async () => {
    await expect(openStore(new File(['PNG'], 'a.png'))).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      where: 'a.png',
    });
    await expect(openStore(new File([], 'empty.zip'))).rejects.toMatchObject({ tag: 'UnsupportedFormat' });
    const broken = new Uint8Array(await (await pack(['zarr.json'])).arrayBuffer()).subarray(0, 60);
    await expect(openStore(new File([broken], 'cut.zip'))).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
      where: 'cut.zip',
    });
  });

  it('takes a URL, sends its headers, and trims the slash off the location', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'alibi-open-'));
    await writeFile(join(directory, 'zarr.json'), '{}');
    const server = await createTestServer({ root: directory });
    const { store, location } = await openStore(`${server.url}/`, { headers: () => ({ 'x-test': 'yes' }) });
    expect(location).toBe(server.url);
    expect(await store.get('/zarr.json')).toHaveLength(2);
    expect(server.requests[0]?.headers['x-test']).toBe('yes');
    await expect(openStore(`${server.url}/none.zip`)).rejects.toMatchObject({ tag: 'NotFound' });
    await server.close();
    await rm(directory, { recursive: true });
  });

  it('takes a store as it is, a bare Map among them, and refuses the rest', async () => {
    const store: ReadStore = { get: async () => undefined };
    expect((await openStore(store)).store).toBe(store);
    await expect(openStore('image.zarr')).rejects.toMatchObject({ tag: 'InvalidInput' });
    await expect(openStore(store, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
