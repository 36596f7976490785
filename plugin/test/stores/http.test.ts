import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestServer, type TestServer } from '../../../test/server/test-server.ts';
import { AlibiError } from '../../src/errors.ts';
import { createHttpStore, type HttpStoreOptions } from '../../src/stores/http.ts';
import { parseRetryAfter } from '../../src/stores/retry.ts';

const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
let directory = '';
let server: TestServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alibi-http-'));
  await writeFile(join(directory, 'zarr.json'), '{}');
  await writeFile(join(directory, 'data'), content);
  await writeFile(join(directory, 'a b#?%é'), content.subarray(0, 3));
  server = await createTestServer({ root: directory, writable: true });
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

function open(options: HttpStoreOptions = {}) {
  return createHttpStore(server.url, { ...options, retry: { baseDelayMs: 5, ...options.retry } });
}

async function failure(promise: Promise<unknown>): Promise<AlibiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AlibiError) return error;
  throw new Error(`expected an AlibiError, got ${error}`);
}

describe('reading', () => {
  it('gives the bytes, whole and in part', async () => {
    const store = open();
    expect(await store.get('/data')).toEqual(content);
    expect(await store.getRange?.('/data', { offset: 10, length: 5 })).toEqual(content.slice(10, 15));
    expect(await store.getRange?.('/data', { suffixLength: 7 })).toEqual(content.slice(-7));
    expect(await store.getRange?.('/data', { suffixLength: 5000 })).toEqual(content);
    expect(server.requests[1]?.headers.range).toBe('bytes=10-14');
    expect(server.requests.map((request) => request.status)).toEqual([200, 206, 206, 206]);
  });

  it('cuts the part out where the server ignores Range', async () => {
    server.faults.push({ ignoreRange: true });
    const store = open();
    expect(await store.getRange?.('/data', { offset: 10, length: 5 })).toEqual(content.slice(10, 15));
    expect(await store.getRange?.('/data', { suffixLength: 7 })).toEqual(content.slice(-7));
  });

  it('is undefined for a missing key, asked for once', async () => {
    expect(await open().get('/none')).toBeUndefined();
    expect(await open().getRange?.('/none', { suffixLength: 7 })).toBeUndefined();
    expect(server.requests).toHaveLength(2);
  });

  it('escapes keys, keeps the query, and trims slashes', async () => {
    const store = createHttpStore(`${server.url}//?token=x&y`);
    expect(await store.get('/a b#?%é')).toEqual(content.slice(0, 3));
    expect(server.requests[0]).toMatchObject({ query: '?token=x&y' });
  });

  it('refuses keys that lead out of the URL', async () => {
    for (const key of ['/../secret', '/a/./b', '/a//b', '/'] as const) {
      expect(await failure(open().get(key))).toMatchObject({ tag: 'InvalidInput' });
    }
    expect(server.requests).toHaveLength(0);
  });

  it('asks for headers before every try', async () => {
    server.faults.push({ status: 503, times: 1 });
    const urls: string[] = [];
    const headers = async (url: string) => {
      urls.push(url);
      return { 'x-test': String(urls.length) };
    };
    await open({ headers }).get('/data');
    expect(urls).toEqual([`${server.url}/data`, `${server.url}/data`]);
    expect(server.requests.map((request) => request.headers['x-test'])).toEqual(['1', '2']);
  });
});

describe('faults', () => {
  it.each([500, 502, 503, 504, 408, 429])('tries again after %i', async (status) => {
    server.faults.push({ status, times: 2 });
    expect(await open().get('/data')).toEqual(content);
    expect(server.requests).toHaveLength(3);
  });

  it.each([400, 401, 402, 405, 409, 418, 451])('does not try again after %i', async (status) => {
    server.faults.push({ status });
    const error = await failure(open().get('/data'));
    expect(error.message).toContain(`${server.url}/data`);
    expect(error.message).toContain(String(status));
    expect(error.data).toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  it('gives up after the policy’s tries, naming URL, status and remedy', async () => {
    server.faults.push({ status: 503 });
    const error = await failure(open({ retry: { attempts: 3 } }).get('/data'));
    expect(error).toMatchObject({ tag: 'Network', data: { status: 503, url: `${server.url}/data` } });
    expect(error.remedy).not.toBe('');
    expect(server.requests).toHaveLength(3);
  });

  it('tries again after a lost connection, before and in the middle of the answer', async () => {
    server.faults.push(
      { destroy: true, times: 1 },
      { cutAfterBytes: 100, times: 1, match: (r) => r.method === 'GET' },
    );
    expect(await open().get('/data')).toEqual(content);
    expect(server.requests.length).toBeGreaterThanOrEqual(2);
  });

  it('never takes a truncated answer for the whole', async () => {
    server.faults.push({ cutAfterBytes: 100 });
    expect(await failure(open({ retry: { attempts: 2 } }).get('/data'))).toMatchObject({ tag: 'Network' });
    expect(server.requests).toHaveLength(2);
  });

  it('finds an answer that is shorter than it says even where fetch does not', async () => {
    const fetch = async () => new Response(content.slice(0, 10), { headers: { 'content-length': '1000' } });
    const error = await failure(open({ fetch, retry: { attempts: 1 } }).get('/data'));
    expect(error.message).toContain('10 bytes where 1000');
  });

  it('refuses a range other than the one asked for', async () => {
    server.faults.push({ headers: { 'content-range': 'bytes 20-24/1000' } });
    const error = await failure(open().getRange!('/data', { offset: 10, length: 5 }));
    expect(error).toMatchObject({ tag: 'Integrity' });
    server.faults.length = 0;
    expect(await failure(open().getRange!('/data', { offset: 1000, length: 5 }))).toMatchObject({
      tag: 'Integrity',
      data: { status: 416 },
    });
  });

  it('says that CORS is a likely cause where there is no answer', async () => {
    const store = createHttpStore('http://127.0.0.1:1', { retry: { attempts: 1 } });
    const error = await failure(store.get('/data'));
    expect(error).toMatchObject({ tag: 'Network', where: 'http://127.0.0.1:1/data' });
    expect(error.message).toContain('CORS');
  });

  it('waits as long as Retry-After says, and no longer than the policy allows', async () => {
    server.faults.push({ status: 429, headers: { 'retry-after': '1' }, times: 1 });
    const before = Date.now();
    expect(await open().get('/data')).toEqual(content);
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    server.faults.push({ status: 503, headers: { 'retry-after': '3600' } });
    server.requests.length = 0;
    expect((await failure(open().get('/data'))).message).toContain('3600 s');
    expect(server.requests).toHaveLength(1);
  });

  it('backs off exponentially between half and the whole of the nominal pause', async () => {
    server.faults.push({ status: 500 });
    const pauses: number[] = [];
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation((handler, ms) => {
      pauses.push(Number(ms));
      queueMicrotask(() => typeof handler === 'function' && handler());
      return 0 as unknown as NodeJS.Timeout;
    });
    const fetch = async () => new Response('', { status: 500 });
    const retry = { attempts: 6, baseDelayMs: 100, maxDelayMs: 500, random: () => 0.5 };
    await failure(createHttpStore('http://localhost', { fetch, retry }).get('/data'));
    spy.mockRestore();
    // 100 · 2^n, at most 500; times 0.5 + 0.5 / 2.
    expect(pauses).toEqual([75, 150, 300, 375, 375]);
  });

  it('reads Retry-After as seconds or a date', () => {
    expect(parseRetryAfter('7', 0)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 4000)).toBe(5000);
    expect(parseRetryAfter('soon', 0)).toBeUndefined();
    expect(parseRetryAfter(null, 0)).toBeUndefined();
  });
});

describe('403', () => {
  it('means missing where other keys can be read', async () => {
    server.faults.push({ missingStatus: 403 });
    const store = open();
    expect(await store.get('/zarr.json')).toBeDefined();
    expect(await store.get('/none')).toBeUndefined();
    expect(await store.get('/none2')).toBeUndefined();
    // Checked against a key known to be there, once for both.
    expect(server.requests.map((request) => request.path)).toEqual([
      '/zarr.json',
      '/none',
      '/zarr.json',
      '/none2',
    ]);
  });

  it('means missing for the first key asked for if another metadata file is there', async () => {
    await writeFile(join(directory, '.zattrs'), '{}');
    await rm(join(directory, 'zarr.json'));
    server.faults.push({ missingStatus: 403 });
    expect(await open().get('/zarr.json')).toBeUndefined();
  });

  it('is an error where nothing can be read', async () => {
    server.faults.push({ status: 403 });
    expect(await failure(open().get('/zarr.json'))).toMatchObject({
      tag: 'PermissionDenied',
      data: { status: 403 },
    });
  });

  it('is an error once the credentials have expired', async () => {
    const store = open();
    await store.get('/zarr.json');
    server.faults.push({ status: 403 });
    expect(await failure(store.get('/data'))).toMatchObject({ tag: 'PermissionDenied' });
    server.faults.length = 0;
    expect(await store.get('/data')).toEqual(content);
  });
});

describe('abort', () => {
  it('before: nothing is asked for', async () => {
    const reason = new Error('enough');
    await expect(open().get('/data', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(open().set('/x', content, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(0);
  });

  it('during the request: ends it at once, untouched, without another try', async () => {
    server.faults.push({ delayMs: 2000 });
    const controller = new AbortController();
    const reading = open().get('/data', { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    const before = Date.now();
    const error = await reading.catch((thrown: unknown) => thrown);
    expect(error).toBe(controller.signal.reason);
    expect(Date.now() - before).toBeLessThan(1000);
    expect(server.requests).toHaveLength(1);
  });

  it('during the pause between two tries', async () => {
    server.faults.push({ status: 503 });
    const controller = new AbortController();
    const reading = open({ retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } }).get('/data', {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 100);
    const error = await reading.catch((thrown: unknown) => thrown);
    expect(error).toBe(controller.signal.reason);
    expect(server.requests).toHaveLength(1);
  });

  it('shared: one caller’s abort leaves the other’s answer alone', async () => {
    server.faults.push({ delayMs: 100 });
    const store = open();
    const controller = new AbortController();
    const [first, second] = [store.get('/data', { signal: controller.signal }), store.get('/data')];
    controller.abort();
    await expect(first).rejects.toBe(controller.signal.reason);
    expect(await second).toEqual(content);
  });
});

describe('writing', () => {
  it('puts and deletes, and tries again after passing faults', async () => {
    const store = open();
    server.faults.push({ status: 503, times: 1 }, { destroy: true, times: 1 });
    await store.set('/new/key', content.subarray(5, 10));
    expect(new Uint8Array(await readFile(join(directory, 'new/key')))).toEqual(content.slice(5, 10));
    await store.delete('/new/key');
    await store.delete('/new/key');
    expect(await store.get('/new/key')).toBeUndefined();
  });

  it('says so where the server takes no writes, or somebody was faster', async () => {
    const readOnly = await createTestServer({ root: directory });
    expect(await failure(createHttpStore(readOnly.url).set('/x', content))).toMatchObject({
      tag: 'PermissionDenied',
      remedy: expect.stringContaining('(--out)'),
    });
    await readOnly.close();
    server.faults.push({ status: 412 });
    expect(await failure(open().set('/x', content))).toMatchObject({ tag: 'Conflict' });
    server.faults.splice(0, 1, { status: 403 });
    expect(await failure(open().set('/x', content))).toMatchObject({ tag: 'PermissionDenied' });
    expect(server.requests.filter((request) => request.method === 'PUT')).toHaveLength(2);
  });
});

it('refuses what is not an http address', () => {
  for (const url of ['ftp://host/x', 'image.zarr', '', 'https://me:secret@host/x'])
    expect(() => createHttpStore(url)).toThrow(AlibiError);
});

it('keeps the query, which may hold a signature, out of its messages', async () => {
  server.faults.push({ status: 400 });
  const error = await failure(createHttpStore(`${server.url}/?signature=secret`).get('/data'));
  expect(server.requests[0]?.query).toBe('?signature=secret');
  expect(JSON.stringify(error.toPlain())).not.toContain('secret');
  expect(error.where).toBe(`${server.url}/data`);
});
