import { AlibiError, isAbort } from '../errors.ts';
import { assertByteLimit } from '../stores/byte-limit.ts';
import { concatenated } from '../stores/concatenated.ts';
import type { ReadOptions } from './manifest.ts';

/**
 * Download a file, telling how far it is.
 *
 * @throws AlibiError NotFound  404, 410; PermissionDenied  401, 403; Network  anything else; or the abort
 */
export async function fetchBytes(
  url: URL,
  { signal, onProgress, byteLimit }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    if (!response.ok) throw refused(url, response.status);
    return await readAll(response, { onProgress, byteLimit, where: url.href });
  } catch (error) {
    if (isAbort(error) || error instanceof AlibiError || signal?.aborted) throw error;
    throw new AlibiError('Network', {
      what: 'the download failed',
      where: url.href,
      remedy: 'Check the connection and whether the server allows requests from this page, then try again.',
      cause: error,
    });
  }
}

async function readAll(
  response: Response,
  {
    onProgress,
    byteLimit,
    where,
  }: {
    readonly onProgress: ReadOptions['onProgress'];
    readonly byteLimit: number | undefined;
    readonly where: string;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      bytes += next.value.length;
      assertByteLimit(bytes, byteLimit, where);
      onProgress?.({ bytes });
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
  return concatenated(parts, bytes);
}

function refused(url: URL, status: number): AlibiError {
  const tag =
    status === 404 || status === 410
      ? 'NotFound'
      : status === 401 || status === 403
        ? 'PermissionDenied'
        : 'Network';
  return new AlibiError(tag, {
    what: `the server answered ${status}`,
    where: url.href,
    remedy:
      tag === 'NotFound'
        ? 'Check the address of the checkpoint.'
        : 'Check the access rights, then try again.',
    data: { status },
  });
}
