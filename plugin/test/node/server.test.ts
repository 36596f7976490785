import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseKey, parseRange, type StoreServer, serveStore } from '../../src/node/server.ts';
import type { ReadStore } from '../../src/stores/store.ts';

const value = Uint8Array.from({ length: 10 }, (_, i) => i);
let server: StoreServer | undefined;

async function serve(
  store: ReadStore,
  sizeOf?: (key: string) => Promise<number | undefined>,
): Promise<StoreServer> {
  server = await serveStore(store, { mount: 'image.zarr', ...(sizeOf ? { sizeOf } : {}) });
  return server;
}

afterEach(() => server?.close());

/** Raw, since fetch tidies paths up before it sends them. */
function rawStatus(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('serveStore', () => {
  const store: ReadStore = { get: async (key) => (key === '/0/c/0' ? value : undefined) };

  it('serves values, ranges and their absence, to every origin', async () => {
    const { url } = await serve(store);
    const whole = await fetch(`${url}/0/c/0`);
    expect(whole.headers.get('access-control-allow-origin')).toBe('*');
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(value);
    for (const [range, bytes, header] of [
      ['bytes=2-4', [2, 3, 4], 'bytes 2-4/10'],
      ['bytes=7-', [7, 8, 9], 'bytes 7-9/10'],
      ['bytes=8-99', [8, 9], 'bytes 8-9/10'],
      ['bytes=-3', [7, 8, 9], 'bytes 7-9/10'],
      ['bytes=-99', [...value], 'bytes 0-9/10'],
    ] as const) {
      const part = await fetch(`${url}/0/c/0`, { headers: { range } });
      expect(part.status, range).toBe(206);
      expect(part.headers.get('content-range')).toBe(header);
      expect([...new Uint8Array(await part.arrayBuffer())]).toEqual(bytes);
    }
    expect((await fetch(`${url}/0/c/0`, { headers: { range: 'bytes=10-' } })).status).toBe(416);
    const head = await fetch(`${url}/0/c/0`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    expect((await fetch(`${url}/0/c/1`)).status).toBe(404);
    expect((await fetch(`${url}/0/c/0`, { method: 'PUT', body: 'x' })).status).toBe(405);
    const preflight = await fetch(`${url}/0/c/0`, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('range');
  });

  it('reads only the range where the size is known', async () => {
    const reads: unknown[] = [];
    const ranged: ReadStore = {
      get: async () => expect.fail('the whole value was read'),
      async getRange(_key, range) {
        reads.push(range);
        return 'offset' in range ? value.slice(range.offset, range.offset + range.length) : undefined;
      },
    };
    const { url } = await serve(ranged, async () => 10);
    const part = await fetch(`${url}/x`, { headers: { range: 'bytes=-2' } });
    expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([8, 9]);
    expect(part.headers.get('content-range')).toBe('bytes 8-9/10');
    expect(reads).toEqual([{ offset: 8, length: 2 }]);
  });

  it.each([
    '/image.zarr/../secret',
    '/image.zarr/%2e%2e/secret',
    '/image.zarr/a/..%2fsecret',
    '/image.zarr/a%5c..%5csecret',
    '/image.zarr/%00',
    '/image.zarr/%zz',
    '/image.zarr/./x',
  ])('refuses %s', async (path) => {
    const asked: string[] = [];
    const { port } = await serve({ get: async (key) => (asked.push(key) > 0 ? value : undefined) });
    expect(await rawStatus(port, path)).toBe(400);
    expect(asked).toEqual([]);
  });

  it('aborts what is computed for a client that has left', async () => {
    let left: (reason: unknown) => void = () => {};
    const gone = new Promise<unknown>((resolve) => {
      left = resolve;
    });
    const slow: ReadStore = {
      get: (_key, o) =>
        new Promise((_, reject) => {
          o?.signal?.addEventListener('abort', () => {
            left('aborted');
            reject(o.signal?.reason);
          });
        }),
    };
    const { url } = await serve(slow);
    const controller = new AbortController();
    const answer = fetch(`${url}/x`, { signal: controller.signal }).catch(() => 'client aborted');
    setTimeout(() => controller.abort(), 50);
    expect(await answer).toBe('client aborted');
    expect(await gone).toBe('aborted');
  });

  it('says what failed', async () => {
    const { url } = await serve({ get: () => Promise.reject(new Error('disk on fire')) });
    const answer = await fetch(`${url}/x`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('disk on fire');
  });

  it('refuses a port that is taken with what, where and remedy', async () => {
    const { port } = await serve(store);
    await expect(serveStore(store, { port })).rejects.toMatchObject({
      tag: 'Environment',
      where: `127.0.0.1:${port}`,
    });
  });
});

it('knows keys and ranges', () => {
  expect(parseKey('/image.zarr/0/c/0?x=1', 'image.zarr')).toBe('/0/c/0');
  expect(parseKey('/other/0', 'image.zarr')).toBeUndefined();
  expect(parseKey('/image.zarr/', 'image.zarr')).toBeUndefined();
  expect(parseRange('bytes=0-0')).toEqual({ offset: 0, length: 1 });
  expect(parseRange('bytes=5-2')).toBeUndefined();
  expect(parseRange('bytes=0-1,4-5')).toBeUndefined();
});
