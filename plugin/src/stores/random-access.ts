import { AlibiError } from '../errors.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { withoutQuery } from './http-failure.ts';
import type { StoreOptions } from './store.ts';

/** A file of which any part can be read. */
export interface RandomAccess {
  readonly size: number;
  /** Bytes `[offset, offset + length)`, which lie in the file. */
  read(offset: number, length: number, options: StoreOptions): Promise<Uint8Array>;
}

export function blobAccess(blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (offset, length, { signal }) => {
      signal?.throwIfAborted();
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      signal?.throwIfAborted();
      return bytes;
    },
  };
}

/**
 * A file behind a URL, read through range requests.
 *
 * @throws NotFoundError  there is no such file
 */
export async function openHttpAccess(
  url: string,
  options: HttpClientOptions,
  { signal }: StoreOptions = {},
): Promise<RandomAccess> {
  const client = new HttpClient(options);
  const missing = (): AlibiError =>
    new AlibiError('NotFound', {
      what: 'there is no such file',
      where: withoutQuery(url),
      remedy: 'Check the address.',
    });
  const size = await client.size(url, signal);
  if (size === undefined) throw missing();
  return {
    size,
    read: async (offset, length, readOptions) => {
      const answer = await client.read(url, { range: { offset, length }, signal: readOptions.signal });
      if (answer.kind === 'bytes') return answer.bytes;
      throw answer.kind === 'forbidden' ? answer.error : missing();
    },
  };
}
