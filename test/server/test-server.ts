/** A small HTTP file server for tests: range requests, PUT and DELETE, CORS and isolation headers, faults on demand. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, extname, join, resolve, sep } from 'node:path';

/** What goes wrong with requests that match. Several may apply to one request; statuses win over the rest. */
export interface Fault {
  /** Part of the decoded path, a pattern for it, or any predicate; absent matches every request. */
  readonly match?: string | RegExp | ((request: LoggedRequest) => boolean);
  readonly method?: string;
  /** How many matching requests it spoils; absent: all. Counted down in place. */
  times?: number;
  /** Answer with this status (and `headers`, `body`) in place of the file. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Status for files that do not exist, such as S3's 403; absent: 404. */
  readonly missingStatus?: number;
  /** Send this many bytes of the body, then cut the connection. */
  readonly cutAfterBytes?: number;
  /** Cut the connection before a single byte is sent. */
  readonly destroy?: boolean;
  readonly delayMs?: number;
  /** Answer range requests with the whole file and status 200. */
  readonly ignoreRange?: boolean;
  /** Carry out a PUT, then cut the connection in place of answering. */
  readonly loseAnswer?: boolean;
  /** Answer range requests with the bytes beside those asked for. */
  readonly shiftRange?: boolean;
  /** Replace the bytes of the file; `content-length` follows the new length. */
  readonly replaceBytes?: (bytes: Uint8Array) => Uint8Array;
}

export interface LoggedRequest {
  readonly method: string;
  /** Decoded path, without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  /** Status sent; 0 until the answer has begun, or where the connection was cut before. */
  status: number;
  /** True once the client went away before the answer was complete. */
  aborted: boolean;
}

export interface TestServer {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  /** Every request so far but CORS preflights; a test may empty it. */
  readonly requests: LoggedRequest[];
  /** Faults in force; a test pushes and removes them. */
  readonly faults: Fault[];
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** Folder served at `/`, or folders by URL prefix: `{'/': 'dist', '/data': '../shared'}`. */
  readonly root: string | Readonly<Record<string, string>>;
  /** Accept PUT and DELETE. */
  readonly writable?: boolean;
  /** False: pay no attention to If-Match and If-None-Match, as nginx does. */
  readonly conditions?: boolean;
  readonly port?: number;
  /** False leaves the CORS headers out. */
  readonly cors?: boolean;
  /** False leaves COOP and COEP out. */
  readonly isolated?: boolean;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export async function createTestServer(options: TestServerOptions): Promise<TestServer> {
  const mounts = sortedMounts(options.root);
  const requests: LoggedRequest[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    answer(request, response, { options, mounts, requests, faults }).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port ?? 0, '127.0.0.1', done);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    faults,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

interface Context {
  readonly options: TestServerOptions;
  readonly mounts: readonly (readonly [string, string])[];
  readonly requests: LoggedRequest[];
  readonly faults: Fault[];
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  for (const [name, value] of commonHeaders(context.options)) response.setHeader(name, value);
  const method = request.method ?? 'GET';
  if (method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const logged: LoggedRequest = {
    method,
    path: decodeURIComponent(url.pathname),
    query: url.search,
    headers: request.headers,
    status: 0,
    aborted: false,
  };
  context.requests.push(logged);
  response.once('close', () => {
    logged.aborted = !response.writableFinished;
  });
  const fault = drawFault(context.faults, logged);
  if (fault.delayMs !== undefined) await new Promise((done) => setTimeout(done, fault.delayMs));
  if (fault.destroy) {
    response.destroy();
    return;
  }
  if (fault.status !== undefined) {
    logged.status = fault.status;
    request.resume();
    response.writeHead(fault.status, { ...fault.headers }).end(fault.body ?? '');
    return;
  }
  const path = locate(context.mounts, logged.path);
  if (method === 'PUT' || method === 'DELETE')
    await change(request, response, { path, fault, context, logged });
  else await send(request, response, { path, fault, logged });
}

function commonHeaders(options: TestServerOptions): [string, string][] {
  const headers: [string, string][] = [
    ['cross-origin-resource-policy', 'cross-origin'],
    ['cache-control', 'no-store'],
  ];
  if (options.isolated !== false) {
    headers.push(
      ['cross-origin-opener-policy', 'same-origin'],
      ['cross-origin-embedder-policy', 'require-corp'],
    );
  }
  if (options.cors !== false) {
    headers.push(
      ['access-control-allow-origin', '*'],
      ['access-control-allow-methods', 'GET, HEAD, PUT, DELETE, OPTIONS'],
      ['access-control-allow-headers', 'range, content-type, authorization, if-match, if-none-match, x-test'],
      ['access-control-expose-headers', 'content-range, content-length, accept-ranges, etag, retry-after'],
    );
  }
  return headers;
}

/** One fault out of all that match, each counted down. */
function drawFault(faults: readonly Fault[], request: LoggedRequest): Fault {
  let drawn: Fault = {};
  for (const fault of faults) {
    if (fault.times === 0 || !matches(fault, request)) continue;
    if (fault.times !== undefined) fault.times--;
    drawn = { ...drawn, ...fault };
  }
  return drawn;
}

function matches(fault: Fault, request: LoggedRequest): boolean {
  if (fault.method !== undefined && fault.method !== request.method) return false;
  if (fault.match === undefined) return true;
  if (typeof fault.match === 'string') return request.path.includes(fault.match);
  return fault.match instanceof RegExp ? fault.match.test(request.path) : fault.match(request);
}

function sortedMounts(root: TestServerOptions['root']): [string, string][] {
  const entries = typeof root === 'string' ? [['/', root] as const] : Object.entries(root);
  return entries
    .map(([prefix, folder]): [string, string] => [
      prefix.endsWith('/') ? prefix : `${prefix}/`,
      resolve(folder),
    ])
    .sort(([a], [b]) => b.length - a.length);
}

/** The file behind a URL path, or nothing where no folder is served there or the path leads out of it. */
function locate(mounts: Context['mounts'], path: string): string | undefined {
  for (const [prefix, folder] of mounts) {
    if (!`${path}/`.startsWith(prefix)) continue;
    const file = resolve(folder, `.${sep}${path.slice(prefix.length)}`);
    return file === folder || file.startsWith(folder + sep) ? file : undefined;
  }
  return undefined;
}

async function readServed(
  path: string | undefined,
): Promise<{ bytes: Uint8Array; path: string } | undefined> {
  if (path === undefined) return undefined;
  const info = await stat(path).catch(() => undefined);
  const file = info?.isDirectory() ? join(path, 'index.html') : path;
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? undefined : { bytes, path: file };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { path, fault, logged }: { path: string | undefined; fault: Fault; logged: LoggedRequest },
): Promise<void> {
  const served = await readServed(path);
  if (served === undefined) {
    logged.status = fault.missingStatus ?? 404;
    response.writeHead(logged.status).end();
    return;
  }
  const bytes = fault.replaceBytes?.(served.bytes) ?? served.bytes;
  const asked = fault.ignoreRange ? undefined : parseRange(request.headers.range, bytes.length);
  const range =
    fault.shiftRange && typeof asked === 'object' && asked.end + 1 < bytes.length
      ? { start: asked.start + 1, end: asked.end + 1 }
      : asked;
  if (range === 'unsatisfiable') {
    logged.status = 416;
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const body = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1);
  logged.status = range === undefined ? 200 : 206;
  response.writeHead(logged.status, {
    'content-type': contentTypes[extname(served.path)] ?? 'application/octet-stream',
    'content-length': body.length,
    'accept-ranges': 'bytes',
    etag: etagOf(served.bytes),
    ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${bytes.length}` }),
    ...fault.headers,
  });
  if (request.method === 'HEAD') response.end();
  else if (fault.cutAfterBytes === undefined) response.end(body);
  else response.write(body.subarray(0, fault.cutAfterBytes), () => response.destroy());
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start >= size || end < start ? 'unsatisfiable' : { start, end };
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
}

async function change(
  request: IncomingMessage,
  response: ServerResponse,
  {
    path,
    fault,
    context,
    logged,
  }: { path: string | undefined; fault: Fault; context: Context; logged: LoggedRequest },
): Promise<void> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  const reply = (status: number): void => {
    logged.status = status;
    response.writeHead(status).end();
  };
  if (!context.options.writable || path === undefined) return reply(405);
  const current = await readFile(path).catch(() => undefined);
  const heeded = context.options.conditions !== false;
  const expected = request.headers['if-match'];
  if (
    heeded &&
    expected !== undefined &&
    (current === undefined || (expected !== '*' && expected !== etagOf(current)))
  ) {
    return reply(412);
  }
  if (heeded && request.headers['if-none-match'] === '*' && current !== undefined) return reply(412);
  if (request.method === 'DELETE') {
    await rm(path, { force: true });
    return reply(current === undefined ? 404 : 204);
  }
  await mkdir(dirname(path), { recursive: true });
  // As a real server: a reader sees the old file or the new one, a body that was cut off changes nothing.
  const body = Buffer.concat(parts);
  const announced = Number(request.headers['content-length'] ?? body.length);
  if (announced !== body.length) return reply(400);
  const temporary = `${path}.${randomUUID()}.part`;
  await writeFile(temporary, body);
  await rename(temporary, path);
  // The answer may be lost, after everything has been done.
  if (fault.loseAnswer) response.destroy();
  else reply(current === undefined ? 201 : 204);
}
