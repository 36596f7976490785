import { AlibiError, isAbort } from '../errors.ts';
import { assertByteLimit } from './byte-limit.ts';
import { concatenated } from './concatenated.ts';
import { failureOf, withoutQuery } from './http-failure.ts';
import { defaultRetryPolicy, type RetryPolicy, TransientFailure, withRetry, writeRetries } from './retry.ts';
import type { SignedRequest, Signer, UnsignedRequest } from './signer.ts';
import type { ByteRange } from './store.ts';

export interface HttpClientOptions {
  /** Asked before every try for headers to send with it: signatures, tokens. They are never stored. */
  readonly headers?: (url: string) => HeadersInit | Promise<HeadersInit>;
  /** Asked before every try for what else it needs, or for another address (a presigned one). */
  readonly sign?: Signer;
  readonly retry?: Partial<RetryPolicy>;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface ReadRequest {
  readonly range?: ByteRange | undefined;
  /** Ask the server even where the browser has a copy that it thinks good. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** A longer answer is refused, from its Content-Length or as soon as more has come. */
  readonly byteLimit?: number | undefined;
}

export type ReadAnswer =
  /** `tag`: of this version, where the server gives one that can be named in a condition. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly tag?: string | undefined }
  | { readonly kind: 'missing' }
  /** 403: whether that means missing is for the store to find out. */
  | { readonly kind: 'forbidden'; readonly error: AlibiError };

/** GET, PUT and DELETE with retries (5xx, 408, 429, lost connections; no other 4xx) and typed errors. */
export class HttpClient {
  readonly #headers: HttpClientOptions['headers'];
  readonly #sign: Signer | undefined;
  readonly #policy: RetryPolicy;
  readonly #writePolicy: RetryPolicy;
  readonly #fetch: typeof fetch;

  constructor(options: HttpClientOptions) {
    this.#headers = options.headers;
    this.#sign = options.sign;
    this.#policy = { ...defaultRetryPolicy, ...options.retry };
    this.#writePolicy = { ...defaultRetryPolicy, attempts: writeRetries, ...options.retry };
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
      const response = await this.#send({ method: 'HEAD', url, headers: {} }, signal);
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

  /**
   * A DELETE of what is not there succeeds.
   *
   * @param condition  `if-match` or `if-none-match`, which a server may ignore
   * @returns  `refused`: the condition does not hold; `unsupported`: the server says it knows no conditions
   * @throws AlibiError, or the signal's abort reason
   */
  async write(
    request: {
      readonly method: 'PUT' | 'DELETE';
      readonly url: string;
      readonly body?: Uint8Array;
      readonly condition?: Readonly<Record<string, string>>;
    },
    signal: AbortSignal | undefined,
  ): Promise<'written' | 'refused' | 'unsupported'> {
    const { method, url, body, condition } = request;
    const attempt = async () => {
      const type = body === undefined ? {} : { 'content-type': 'application/octet-stream' };
      const sent = {
        method,
        url,
        headers: { ...type, ...condition },
        ...(body === undefined ? {} : { body }),
      };
      const response = await this.#send(sent, signal);
      // Drained, so that the connection is free for the next request.
      await response.arrayBuffer().catch(() => undefined);
      const { status } = response;
      if (response.ok || (method === 'DELETE' && (status === 404 || status === 410))) return 'written';
      if (condition !== undefined && status === 412) return 'refused';
      if (condition !== undefined && (status === 400 || status === 501)) return 'unsupported';
      throw failureOf(response, url, method);
    };
    return withRetry(attempt, this.#writePolicy, signal);
  }

  async #readOnce(url: string, { range, fresh, signal, byteLimit }: ReadRequest): Promise<ReadAnswer> {
    const headers: Record<string, string> = range === undefined ? {} : { range: rangeHeader(range) };
    const response = await this.#send(
      { method: 'GET', url, headers },
      signal,
      fresh ? 'no-cache' : 'default',
    );
    if (response.status === 200 || (response.status === 206 && range !== undefined)) {
      const bytes = await this.#body(response, url, { signal, byteLimit });
      return {
        kind: 'bytes',
        bytes: range === undefined ? bytes : checkedRange(response, bytes, range, url),
        tag: strongTag(response),
      };
    }
    await response.body?.cancel().catch(() => undefined);
    if (response.status === 404 || response.status === 410) return { kind: 'missing' };
    const failure = failureOf(response, url, 'GET');
    if (response.status === 403 && failure instanceof AlibiError)
      return { kind: 'forbidden', error: failure };
    throw failure;
  }

  async #send(
    request: UnsignedRequest,
    signal: AbortSignal | undefined,
    cache: RequestCache = 'default',
  ): Promise<Response> {
    const { method, body } = request;
    const headers = new Headers((await this.#headers?.(request.url)) ?? {});
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, value);
    const signed = await this.#signed({ ...request, headers: Object.fromEntries(headers) });
    for (const [name, value] of Object.entries(signed?.headers ?? {})) headers.set(name, value);
    signal?.throwIfAborted();
    const { url } = request;
    try {
      return await this.#fetch(signed?.url ?? url, {
        method,
        headers,
        cache,
        body: body === undefined ? null : ownBytes(body),
        signal: signal ?? null,
      });
    } catch (cause) {
      signal?.throwIfAborted();
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

  /** A signer is somebody else's code: what it throws says which request it was. */
  async #signed(request: UnsignedRequest): Promise<SignedRequest | undefined> {
    try {
      return await this.#sign?.(request);
    } catch (cause) {
      if (cause instanceof AlibiError || isAbort(cause)) throw cause;
      throw new AlibiError('PermissionDenied', {
        what: `the signer failed: ${cause instanceof Error ? cause.message : cause}`,
        where: withoutQuery(request.url),
        remedy: 'Sign in, or renew the credentials; see what the signer needs.',
        cause,
      });
    }
  }

  async #body(
    response: Response,
    url: string,
    { signal, byteLimit }: Pick<ReadRequest, 'signal' | 'byteLimit'>,
  ): Promise<Uint8Array> {
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
      bytes =
        byteLimit === undefined
          ? new Uint8Array(await response.arrayBuffer())
          : await limitedBody(response, byteLimit, withoutQuery(url));
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof AlibiError) throw cause;
      throw truncated('the connection was lost in the middle of the answer', cause);
    }
    const announced = announcedLength(response);
    if (announced !== undefined && announced !== bytes.length) {
      throw truncated(`the answer has ${bytes.length} bytes where ${announced} were announced`);
    }
    return bytes;
  }
}

/** A body that may not be longer than this. @throws InvalidInputError  it is; the rest is not fetched */
async function limitedBody(response: Response, byteLimit: number, where: string): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    assertByteLimit(announced, byteLimit, where);
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      length += next.value.length;
      assertByteLimit(length, byteLimit, where);
      parts.push(next.value);
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
  return concatenated(parts, length);
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
  // A proxy may have mixed up two answers: worth another try.
  throw new TransientFailure(
    new AlibiError('Integrity', {
      what: `asked for ${rangeHeader(range)}, got ${response.headers.get('content-range') ?? `${bytes.length} bytes`}`,
      where: withoutQuery(url),
      remedy:
        'The server or a proxy before it does not honour range requests; serve the files from one that does.',
      data: { url: withoutQuery(url), status: response.status },
    }),
  );
}

/** The version's tag; a weak one (of a compressed answer) names no exact bytes. */
function strongTag(response: Response): string | undefined {
  const tag = response.headers.get('etag');
  return tag === null || tag.startsWith('W/') ? undefined : tag;
}

/** `fetch` takes no view of shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : new Uint8Array(bytes);
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
