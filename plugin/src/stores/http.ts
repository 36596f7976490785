import { AlibiError } from '../errors.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { keySegments } from './key.ts';
import type { ByteRange, ConditionalAccess, StoreOptions, WriteStore } from './store.ts';

export type HttpStoreOptions = HttpClientOptions;

/** Files that say what a Zarr node is; where one of them can be read the caller may read the node. */
const metadataNames = ['zarr.json', '.zattrs', '.zgroup', '.zarray'] as const;

/** Rewritten when labels are saved, so the browser must not answer from its cache; chunks are written once. */
function isMetadata(key: string): boolean {
  return /\/(zarr\.json|\.z\w+|[\w-]+\.jsonl)$/.test(key);
}

/** How long a proof that 403 means "missing" holds: it bounds how often the proof is asked for again. */
const proofLifetimeMs = 10_000;

/**
 * A store over plain HTTP: GET (with ranges), PUT and DELETE below `url`, whose query, if any, is sent with
 * every request (pre-signed URLs).
 *
 * 404 and 410 mean "missing". So does 403, which is what S3 answers for a missing key to a caller who may not list,
 * but only while some other key can be read: each 403 is checked, at most every ten seconds, against a
 * key that was read before (or, at first, against the node's other metadata files). If that one is refused too
 * the 403 is a PermissionDenied error, so expired credentials never look like an empty image.
 *
 * @throws InvalidInputError  the URL is not an http(s) URL
 */
export function createHttpStore(url: string | URL, options: HttpStoreOptions = {}): WriteStore {
  return new HttpStore(parseHttpUrl(url), new HttpClient(options));
}

function parseHttpUrl(url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (parsed !== undefined && (parsed.username !== '' || parsed.password !== '')) {
    throw new AlibiError('InvalidInput', {
      what: 'the address holds a user name or a password, which browsers do not send',
      where: parsed.host,
      remedy: 'Leave them out and pass an Authorization header.',
    });
  }
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed;
  throw new AlibiError('InvalidInput', {
    what: `"${url}" is not an http or https URL`,
    where: 'image address',
    remedy: 'Pass a full address such as https://host/image.zarr.',
  });
}

class HttpStore implements WriteStore {
  readonly #base: URL;
  readonly #client: HttpClient;
  #witness: string | undefined;
  #proof: { readonly untilMs: number; readonly readable: Promise<boolean> } | undefined;

  constructor(base: URL, client: HttpClient) {
    this.#base = base;
    this.#client = client;
  }

  async get(key: `/${string}`, options: StoreOptions = {}): Promise<Uint8Array | undefined> {
    return this.#read(key, undefined, options);
  }

  async getRange(
    key: `/${string}`,
    range: ByteRange,
    options: StoreOptions = {},
  ): Promise<Uint8Array | undefined> {
    return this.#read(key, range, options);
  }

  async set(key: `/${string}`, value: Uint8Array, options: StoreOptions = {}): Promise<void> {
    await this.#client.write({ method: 'PUT', url: this.#urlOf(key), body: value }, options.signal);
  }

  async delete(key: `/${string}`, options: StoreOptions = {}): Promise<void> {
    await this.#client.write({ method: 'DELETE', url: this.#urlOf(key) }, options.signal);
  }

  get conditional(): ConditionalAccess {
    return {
      get: async (key, options = {}) => {
        const answer = await this.#answer(key, undefined, options);
        return answer && { bytes: answer.bytes, tag: answer.tag };
      },
      set: (key, value, tag, options = {}) =>
        this.#client.write(
          {
            method: 'PUT',
            url: this.#urlOf(key),
            body: value,
            condition: tag === null ? { 'if-none-match': '*' } : { 'if-match': tag },
          },
          options.signal,
        ),
    };
  }

  #urlOf(key: string): string {
    const url = new URL(this.#base);
    const path = keySegments(key).map(encodeURIComponent).join('/');
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
    return url.href;
  }

  async #read(
    key: string,
    range: ByteRange | undefined,
    options: StoreOptions,
  ): Promise<Uint8Array | undefined> {
    return (await this.#answer(key, range, options))?.bytes;
  }

  async #answer(
    key: string,
    range: ByteRange | undefined,
    options: StoreOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly tag?: string | undefined } | undefined> {
    const url = this.#urlOf(key);
    const answer = await this.#client.read(url, {
      range,
      fresh: isMetadata(key),
      signal: options.signal,
      byteLimit: range === undefined ? options.byteLimit : undefined,
    });
    if (answer.kind === 'missing') return undefined;
    if (answer.kind === 'bytes') {
      this.#witness ??= key;
      return answer;
    }
    if (await this.#canReadOthers(key, options.signal)) return undefined;
    throw answer.error;
  }

  /** True if another key of the store can be read now, so that a 403 for `key` means that it is missing. */
  async #canReadOthers(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    const nowMs = Date.now();
    if (this.#witness === undefined) return this.#findWitness(key, signal);
    if (this.#proof === undefined || this.#proof.untilMs < nowMs) {
      // Shared by all who ask meanwhile, hence not bound to one caller's signal.
      const readable = this.#isReadable(this.#witness, undefined);
      this.#proof = { untilMs: nowMs + proofLifetimeMs, readable };
      readable.then(
        (answer) => {
          if (!answer) this.#proof = undefined;
        },
        () => {
          this.#proof = undefined;
        },
      );
    }
    const answer = await this.#proof.readable;
    signal?.throwIfAborted();
    return answer;
  }

  async #findWitness(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    for (const name of metadataNames) {
      const candidate = folder + name;
      if (candidate !== key && (await this.#isReadable(candidate, signal))) {
        this.#witness ??= candidate;
        return true;
      }
    }
    return false;
  }

  async #isReadable(key: string, signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await this.#client.read(this.#urlOf(key), {
      range: { offset: 0, length: 1 },
      fresh: true,
      signal,
    });
    return answer.kind === 'bytes';
  }
}
