import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AlibiError, asAlibiError } from '../errors.ts';
import type { ByteRange, ReadStore } from '../stores/store.ts';

export interface ServeOptions {
  /** Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Folder of the address the store's root lies at, without slashes: `image.zarr`. Default: the root. */
  readonly mount?: string;
  /** Size in bytes of a stored value, where it is known without reading it. */
  readonly sizeOf?: (key: `/${string}`) => Promise<number | undefined>;
  /** Told of every failed request. */
  readonly onError?: (error: AlibiError) => void;
}

export interface StoreServer {
  /** Of the store's root, without a slash at its end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends all connections; what is being computed for them is aborted. */
  close(): Promise<void>;
}

const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'range, if-match, if-none-match, cache-control',
  'access-control-expose-headers': 'content-range, content-length, accept-ranges',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'no-cache',
} as const;

/**
 * Serve a store read-only over HTTP: GET and HEAD with byte ranges, CORS for every origin. Paths that are
 * no store keys (with `..`, empty parts, backslashes) are refused.
 *
 * @throws AlibiError Environment  the address cannot be listened on
 */
export async function serveStore(store: ReadStore, options: ServeOptions = {}): Promise<StoreServer> {
  const { host = '127.0.0.1', mount = '' } = options;
  const server = createServer((request, response) => {
    answer(store, options, request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      const failure = asAlibiError(error, request.url ?? '');
      options.onError?.(failure);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { ...headers, 'content-type': 'text/plain' }).end(`${failure.message}\n`);
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(options.port ?? 0, host, listening);
  }).catch((cause: unknown) => {
    throw new AlibiError('Environment', {
      what: cause instanceof Error ? cause.message : String(cause),
      where: `${host}:${options.port ?? 0}`,
      remedy: 'Choose another --host or --port.',
      cause,
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    url: `http://${authority}${mount === '' ? '' : `/${encodeURIComponent(mount)}`}`,
    host,
    port,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  store: ReadStore,
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return void response.writeHead(405, { ...headers, allow: 'GET, HEAD, OPTIONS' }).end();
  }
  const key = parseKey(request.url ?? '', options.mount ?? '');
  if (key === 'refused') return void response.writeHead(400, headers).end('not a store key\n');
  if (key === undefined) return void response.writeHead(404, headers).end();
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  const range = parseRange(request.headers.range);
  const part = range && (await readPart(store, key, range, options, controller.signal));
  if (part !== undefined && part !== 'whole') return sendPart(request, response, part);
  const bytes = await store.get(key, { signal: controller.signal });
  if (bytes === undefined) return void response.writeHead(404, headers).end();
  if (range !== undefined) return sendPart(request, response, cut(bytes, range));
  response.writeHead(200, {
    ...headers,
    'accept-ranges': 'bytes',
    'content-length': bytes.length,
    'content-type': contentType(key),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

interface Part {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly size: number;
}

/** A range without reading the whole value, where the store and the size allow it; else `whole`. */
async function readPart(
  store: ReadStore,
  key: `/${string}`,
  range: ByteRange,
  { sizeOf }: ServeOptions,
  signal: AbortSignal,
): Promise<Part | 'whole'> {
  const size = await sizeOf?.(key);
  if (size === undefined || store.getRange === undefined) return 'whole';
  const start = 'suffixLength' in range ? Math.max(0, size - range.suffixLength) : range.offset;
  const stop = 'suffixLength' in range ? size : Math.min(size, range.offset + range.length);
  if (start >= stop) return { bytes: new Uint8Array(), start, size };
  const bytes = await store.getRange(key, { offset: start, length: stop - start }, { signal });
  return bytes === undefined ? 'whole' : { bytes, start, size };
}

function cut(bytes: Uint8Array, range: ByteRange): Part {
  const start = 'suffixLength' in range ? Math.max(0, bytes.length - range.suffixLength) : range.offset;
  const stop = 'suffixLength' in range ? bytes.length : range.offset + range.length;
  return { bytes: bytes.subarray(start, stop), start, size: bytes.length };
}

function sendPart(request: IncomingMessage, response: ServerResponse, { bytes, start, size }: Part): void {
  if (bytes.length === 0) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
    return;
  }
  response.writeHead(206, {
    ...headers,
    'accept-ranges': 'bytes',
    'content-length': bytes.length,
    'content-range': `bytes ${start}-${start + bytes.length - 1}/${size}`,
    'content-type': 'application/octet-stream',
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** One range; several, or what is no range, is answered with the whole value, as HTTP allows. */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffixLength: Number(last) };
  const length = last === '' ? Number.MAX_SAFE_INTEGER - Number(first) : Number(last) - Number(first) + 1;
  return length < 1 ? undefined : { offset: Number(first), length };
}

/** The store key an address names; undefined outside the mount. */
export function parseKey(url: string, mount: string): `/${string}` | undefined | 'refused' {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  let parts: string[];
  try {
    parts = path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return 'refused';
  }
  const unsound = parts.some((part) => part === '.' || part === '..' || /[/\\\0]/.test(part));
  if (unsound || !path.startsWith('/')) return 'refused';
  if (mount !== '' && parts.shift() !== mount) return undefined;
  if (parts.length === 0 || parts.some((part) => part === '')) return undefined;
  return `/${parts.join('/')}`;
}

function contentType(key: string): string {
  return /\/(zarr\.json|\.z[a-z]+)$/.test(key) ? 'application/json' : 'application/octet-stream';
}
