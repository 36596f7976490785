import { AlibiError } from '../errors.ts';
import {
  defaultRetryPolicy,
  parseRetryAfter,
  type RetryPolicy,
  TransientFailure,
  withRetry,
} from './retry.ts';
import type { ByteRange } from './store.ts';

export interface HttpClientOptions {
  /** Asked before every try for headers to send with it: signatures, tokens. They are never stored. */
  readonly headers?: (url: string) => HeadersInit | Promise<HeadersInit>;
  readonly retry?: Partial<RetryPolicy>;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface ReadRequest {
  readonly range?: ByteRange | undefined;
  /** Ask the server even where the browser has a copy that it thinks good. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type ReadAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  /** 403: whether that means missing is for the store to find out. */
  | { readonly kind: 'forbidden'; readonly error: AlibiError };

/** GET, PUT and DELETE with retries (5xx, 408, 429, lost connections; no other 4xx) and typed errors. */
export class HttpClient {
  readonly #headers: HttpClientOptions['headers'];
  readonly #policy: RetryPolicy;
  readonly #fetch: typeof fetch;

  constructor(options: HttpClientOptions) {
    this.#headers = options.headers;
    this.#policy = { ...defaultRetryPolicy, ...options.retry };
    // Bound: browsers refuse to call `fetch` as a method of anything but the global object.
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** @throws AlibiError, or the signal's abort reason */
  async read(url: string, request: ReadRequest): Promise<ReadAnswer> {
    const { range, signal } = request;
    if (range !== undefined && 'length' in range && range.length === 0) {
      return { kind: 'bytes', bytes: new Uint8Array(0) };
    }
    return withRetry(() => this.#readOnce(url, request), this.#policy, signal);
  }

  /** Length of a file in bytes; nothing where it is missing. @throws AlibiError, or the signal's abort reason */
  async size(url: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    const attempt = async (): Promise<number | undefined> => {
      const response = await this.#send(url, {
        method: 'HEAD',
        headers: await this.#headersFor(url),
        signal,
      });
      if (response.status === 404 || response.status === 410) return undefined;
      if (!response.ok) throw failureOf(response, url, 'HEAD');
      const length = response.headers.get('content-length');
      if (length !== null) return Number(length);
      throw new AlibiError('UnsupportedFormat', {
        what: 'the server does not say how long the file is',
        where: withoutQuery(url),
        remedy: 'Serve it with a Content-Length, unpack it, or download it and open it from disk.',
        data: { url: withoutQuery(url) },
      });
    };
    return withRetry(attempt, this.#policy, signal);
  }

  /** A DELETE of what is not there succeeds. @throws AlibiError, or the signal's abort reason */
  async write(
    method: 'PUT' | 'DELETE',
    url: string,
    body: Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const attempt = async (): Promise<void> => {
      const headers = await this.#headersFor(url);
      if (body !== undefined) headers.set('content-type', 'application/octet-stream');
      const response = await this.#send(url, {
        method,
        headers,
        body: body === undefined ? null : ownBytes(body),
        signal,
      });
      // Drained, so that the connection is free for the next request.
      await response.arrayBuffer().catch(() => undefined);
      if (response.ok || (method === 'DELETE' && (response.status === 404 || response.status === 410)))
        return;
      throw failureOf(response, url, method);
    };
    return withRetry(attempt, this.#policy, signal);
  }

  async #readOnce(url: string, { range, fresh, signal }: ReadRequest): Promise<ReadAnswer> {
    const headers = await this.#headersFor(url);
    if (range !== undefined) headers.set('range', rangeHeader(range));
    const cache = fresh ? 'no-cache' : 'default';
    const response = await this.#send(url, { headers, signal, cache });
    if (response.status === 200 || (response.status === 206 && range !== undefined)) {
      const bytes = await this.#body(response, url, signal);
      return {
        kind: 'bytes',
        bytes: range === undefined ? bytes : checkedRange(response, bytes, range, url),
      };
    }
    await response.body?.cancel().catch(() => undefined);
    if (response.status === 404 || response.status === 410) return { kind: 'missing' };
    const failure = failureOf(response, url, 'GET');
    if (response.status === 403 && failure instanceof AlibiError)
      return { kind: 'forbidden', error: failure };
    throw failure;
  }

  async #headersFor(url: string): Promise<Headers> {
    return new Headers((await this.#headers?.(url)) ?? {});
  }

  async #send(
    url: string,
    init: {
      method?: string;
      headers: Headers;
      body?: BodyInit | null;
      cache?: RequestCache;
      signal: AbortSignal | undefined;
    },
  ): Promise<Response> {
    try {
      const { signal, ...rest } = init;
      return await this.#fetch(url, { ...rest, signal: signal ?? null });
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new TransientFailure(
        new AlibiError('Network', {
          what: 'no answer from the server',
          where: withoutQuery(url),
          remedy:
            'Check the address and the connection. In a browser the likely cause is CORS: the server must send Access-Control-Allow-Origin for this page (and allow PUT and DELETE where labels are saved).',
          cause,
          data: { url: withoutQuery(url) },
        }),
      );
    }
  }

  async #body(response: Response, url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const truncated = (what: string, cause?: unknown): TransientFailure =>
      new TransientFailure(
        new AlibiError('Network', {
          what,
          where: withoutQuery(url),
          remedy: 'Try again; if it stays so, the file on the server or a proxy before it is damaged.',
          cause,
          data: { url: withoutQuery(url), status: response.status },
        }),
      );
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      signal?.throwIfAborted();
      throw truncated('the connection was lost in the middle of the answer', cause);
    }
    const announced = announcedLength(response);
    if (announced !== undefined && announced !== bytes.length) {
      throw truncated(`the answer has ${bytes.length} bytes where ${announced} were announced`);
    }
    return bytes;
  }
}

/** The address without its query, which may hold a signature: fit for messages, logs and provenance. */
export function withoutQuery(url: string | URL): string {
  const shown = new URL(url);
  shown.search = '';
  shown.hash = '';
  return shown.href;
}

/**
 * `content-length` where it must equal the body's: not of an answer that was compressed on its way, and not across
 * origins, where the header that would tell is hidden (browsers compare the lengths themselves).
 */
function announcedLength(response: Response): number | undefined {
  const header = response.headers.get('content-length');
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  if (header === null || encoding !== 'identity' || response.type === 'cors') return undefined;
  return Number(header);
}

function rangeHeader(range: ByteRange): string {
  if ('suffixLength' in range) return `bytes=-${range.suffixLength}`;
  return `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** The bytes asked for, out of a 206 or of the whole file from a server that ignores Range. */
function checkedRange(response: Response, bytes: Uint8Array, range: ByteRange, url: string): Uint8Array {
  if (response.status === 200) {
    if ('suffixLength' in range) return bytes.subarray(Math.max(0, bytes.length - range.suffixLength));
    return bytes.subarray(range.offset, range.offset + range.length);
  }
  const limit = 'suffixLength' in range ? range.suffixLength : range.length;
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  const misplaced = 'offset' in range && start !== undefined && Number(start) !== range.offset;
  if (bytes.length <= limit && !misplaced) return bytes;
  throw new AlibiError('Integrity', {
    what: `asked for ${rangeHeader(range)}, got ${response.headers.get('content-range') ?? `${bytes.length} bytes`}`,
    where: withoutQuery(url),
    remedy:
      'The server or a proxy before it does not honour range requests; serve the files from one that does.',
    data: { url: withoutQuery(url), status: response.status },
  });
}

/** What an answer that is no success throws: a passing fault to try again, or a final one. */
function failureOf(response: Response, url: string, method: string): AlibiError | TransientFailure {
  const { status } = response;
  const details = {
    what: `the server answered ${status} to ${method}`,
    where: withoutQuery(url),
    data: { url: withoutQuery(url), status },
  };
  if (status >= 500 || status === 408 || status === 429) {
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now());
    const remedy =
      retryAfterMs === undefined
        ? 'The server is overloaded or faulty; try again later.'
        : `The server asks for a pause of ${Math.ceil(retryAfterMs / 1000)} s; try again after it.`;
    return new TransientFailure(new AlibiError('Network', { ...details, remedy }), retryAfterMs);
  }
  if (status === 401 || status === 403) {
    return new AlibiError('PermissionDenied', {
      ...details,
      remedy: 'Sign in, or renew the credentials; the address may also be wrong.',
    });
  }
  if (status === 409 || status === 412) {
    return new AlibiError('Conflict', {
      ...details,
      remedy: 'Somebody else changed the file meanwhile; reload the image and save again.',
    });
  }
  if (method !== 'GET' && (status === 404 || status === 405 || status === 501)) {
    return new AlibiError('PermissionDenied', {
      ...details,
      remedy: 'This server does not accept writes here; save to a folder, or to a server that allows PUT.',
    });
  }
  if (status === 416) {
    return new AlibiError('Integrity', {
      ...details,
      remedy: 'The file is shorter than its index says; it is damaged or was replaced while it was open.',
    });
  }
  return new AlibiError('Network', { ...details, remedy: 'Check the address and what the server logged.' });
}

/** `fetch` takes no view of shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes);
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
