import { expect } from 'chai';
import type { Chunk, DataType } from '../../src/array/lazy-array.ts';
import { readRegion } from '../../src/array/region.ts';
import { AlibiError } from '../../src/errors.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import { setCodecWorkers } from '../../src/stores/codec-workers.ts';
import { createHttpStore } from '../../src/stores/http.ts';
import type { ReadStore, WriteStore } from '../../src/stores/store.ts';
import { openZarrArray } from '../../src/stores/zarr-array.ts';
import { arrayCases } from './array-cases.ts';
import type { CspAnswer, CspRequest } from './csp-page.ts';

const base = new URL('/shared/data/ome-zarr/zarrita-fixtures/', location.origin);
/** One of each codec; zarr-python wrote 1, 2, 3, 4 into those of one dimension without filters. */
const fixtures = [
  ['v2/data.zarr', '1d.contiguous.blosc.i2'],
  ['v2/data.zarr', '1d.contiguous.zstd.i2'],
  ['v2/data.zarr', '1d.contiguous.lz4.i2'],
  ['v2/data.zarr', '1d.contiguous.zlib.i2'],
  ['v2/data.zarr', '1d.contiguous.raw.i2'],
  ['v2/data.zarr', '1d.contiguous.delta.shuffle.i2'],
  ['v3/data.zarr', '1d.contiguous.gzip.i2'],
  ['v3/data.zarr', '1d.contiguous.blosc.i2'],
  ['v3/data.zarr', '3d.chunked.mixed.compressed.sharded.i2'],
  ['v3/data.zarr', '2d.chunked.ragged.compressed.sharded.i2'],
] as const;

const createWorker = (): Worker =>
  new Worker(new URL('../../src/stores/codec-worker.js', import.meta.url), { type: 'module' });

const memoryStore = (): WriteStore & { readonly objects: Map<string, Uint8Array> } => {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    get: async (key) => objects.get(key),
    set: async (key, value) => void objects.set(key, value),
    delete: async (key) => void objects.delete(key),
  };
};

async function wholeOf(store: ReadStore, path: string): Promise<Chunk<DataType>['data']> {
  const { lazy } = await openZarrArray(store, path);
  return (await readRegion(lazy, { start: lazy.shape.map(() => 0), stop: lazy.shape }, {})).data;
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

async function sharedIsThere(): Promise<boolean> {
  return (await fetch(new URL('v2/data.zarr/.zgroup', base))).ok;
}

/** A zstd array of one chunk, 64 × 64 uint16, whose bytes the test may spoil. */
async function zstdArray(): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  const shape = [64, 64];
  const writer = createArrayWriter(store, 'a', {
    zarrFormat: 3,
    shape,
    chunkShape: shape,
    dtype: 'uint16',
    compression: 'zstd',
  });
  await writer.writeChunk([0, 0], { data: Uint16Array.from({ length: 64 * 64 }, (_, i) => i), shape });
  await writer.finish();
  return store;
}

describe('codecs in workers', () => {
  afterEach(() => setCodecWorkers(createWorker));

  for (const [store, path] of fixtures) {
    it(`${store} ${path} reads the same in a worker and in place`, async function () {
      if (!(await sharedIsThere())) return this.skip();
      const source = createHttpStore(new URL(store, base).href);
      let created = 0;
      setCodecWorkers(() => {
        created++;
        return createWorker();
      });
      const inWorker = await wholeOf(source, path);
      // Where nothing is compressed no worker is started.
      expect(created > 0).to.equal(
        /blosc|zstd|lz4|gzip|zlib/.test((await openZarrArray(source, path)).codec),
      );
      setCodecWorkers(null);
      const inPlace = await wholeOf(source, path);
      expect(inWorker.constructor).to.equal(inPlace.constructor);
      expect([...inWorker]).to.deep.equal([...inPlace]);
      expect(inWorker.length).to.be.greaterThan(0);
      if (!path.includes('delta') && path.startsWith('1d')) expect([...inWorker]).to.deep.equal([1, 2, 3, 4]);
    });
  }

  it('writes the same bytes in a worker as in place', async () => {
    for (const { name, spec, data } of arrayCases(5, 12)) {
      const write = async (): Promise<Map<string, Uint8Array>> => {
        const store = memoryStore();
        // One chunk, as large as the array.
        const whole = { ...spec, chunkShape: spec.shape };
        const { shardShape: _, ...unsharded } = whole;
        const writer = createArrayWriter(store, 'a', unsharded);
        await writer.writeChunk(
          spec.shape.map(() => 0),
          { data, shape: spec.shape },
        );
        await writer.finish();
        return store.objects;
      };
      setCodecWorkers(createWorker);
      const inWorker = await write();
      setCodecWorkers(null);
      const inPlace = await write();
      expect([...inWorker.keys()], name).to.deep.equal([...inPlace.keys()]);
      for (const [key, bytes] of inPlace) expect([...inWorker.get(key)!], name).to.deep.equal([...bytes]);
    }
  });

  it('a damaged chunk is an Integrity error with its key', async () => {
    const store = await zstdArray();
    const [key] = [...store.objects.keys()].filter((name) => name.includes('/c/'));
    store.objects.set(key!, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
    const error = await thrown(wholeOf(store, 'a'));
    expect(error).to.be.instanceOf(AlibiError);
    expect(error).to.include({ tag: 'Integrity' });
    expect((error as AlibiError).data.key).to.equal(key);
  });

  it('an abort before or during passes through untouched, and the next chunk comes', async () => {
    const store = await zstdArray();
    const { lazy } = await openZarrArray(store, 'a');
    const before = AbortSignal.abort();
    expect(await thrown(lazy.getChunk([0, 0], { signal: before }))).to.equal(before.reason);
    const during = new AbortController();
    const many = Array.from({ length: 20 }, () => thrown(lazy.getChunk([0, 0], { signal: during.signal })));
    setTimeout(() => during.abort(), 0);
    for (const error of await Promise.all(many)) expect(error).to.equal(during.signal.reason);
    expect((await lazy.getChunk([0, 0], {})).data[4095]).to.equal(4095);
  });

  it('leaves the bytes of the store as they are, and the caller its chunk', async () => {
    const store = await zstdArray();
    const sizes = [...store.objects.values()].map(({ byteLength }) => byteLength);
    await Promise.all([wholeOf(store, 'a'), wholeOf(store, 'a')]);
    expect([...store.objects.values()].map(({ byteLength }) => byteLength)).to.deep.equal(sizes);
  });

  it('a worker whose script is missing is an Environment error that says so', async () => {
    const store = await zstdArray();
    setCodecWorkers(() => new Worker(new URL('/no-such-worker.js', location.origin), { type: 'module' }));
    for (let i = 0; i < 3; i++) {
      const error = await thrown(wholeOf(store, 'a'));
      expect(error).to.include({ tag: 'Environment' });
      expect((error as AlibiError).remedy).to.match(/^Reload the page\. .*codec-worker\.js/);
    }
  });
});

/** Open an array in a page with a strict policy, whose modules nobody has told where codecs run. */
async function inFrame(request: CspRequest): Promise<CspAnswer> {
  const frame = document.createElement('iframe');
  frame.src = new URL('./csp-page.html', import.meta.url).href;
  const answer = new Promise<CspAnswer>((resolve) => {
    const listen = ({ source, data }: MessageEvent<CspAnswer | 'ready'>): void => {
      if (source !== frame.contentWindow) return;
      if (data === 'ready') frame.contentWindow?.postMessage(request, '*');
      else {
        removeEventListener('message', listen);
        resolve(data);
      }
    };
    addEventListener('message', listen);
  });
  document.body.append(frame);
  try {
    return await answer;
  } finally {
    frame.remove();
  }
}

describe('a page whose Content-Security-Policy forbids unsafe-eval', () => {
  const url = new URL('v2/data.zarr', base).href;
  for (const codec of ['zstd', 'blosc', 'lz4']) {
    const path = `1d.contiguous.${codec}.i2`;
    it(`reads ${codec}`, async function () {
      if (!(await sharedIsThere())) return this.skip();
      const { evalIsForbidden, values } = await inFrame({ url, path });
      expect(evalIsForbidden).to.equal(true);
      expect(values).to.deep.equal([1, 2, 3, 4]);
    });
  }

  for (const codec of ['zstd', 'blosc', 'lz4']) {
    it(`reads ${codec} in a worker that has its policy too`, async function () {
      if (!(await sharedIsThere())) return this.skip();
      const path = `1d.contiguous.${codec}.i2`;
      const { evalIsForbidden, values, error } = await inFrame({ url, path, codecs: 'blob' });
      expect(error).to.equal(undefined);
      expect(evalIsForbidden).to.equal(true);
      expect(values).to.deep.equal([1, 2, 3, 4]);
    });
  }

  it('cannot in place, and says what helps', async function () {
    if (!(await sharedIsThere())) return this.skip();
    const { evalIsForbidden, error } = await inFrame({
      url,
      path: '1d.contiguous.zstd.i2',
      codecs: 'page',
    });
    expect(evalIsForbidden).to.equal(true);
    expect(error?.tag).to.equal('Environment');
    expect(error?.remedy).to.contain("'unsafe-eval'");
  });
});
