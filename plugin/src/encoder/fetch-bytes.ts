import { AlibiError, isAbort } from '../errors.ts';
import type { ReadOptions } from './manifest.ts';

/**
 * Download a file, telling how far it is.
 *
 * @throws AlibiError NotFound  404, 410; PermissionDenied  401, 403; Network  anything else; or the abort
 */
export async function fetchBytes(
  url: URL,
  { signal, onProgress }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    if (!response.ok) throw refused(url, response.status);
    return await readAll(response, onProgress);
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
  onProgress: ReadOptions['onProgress'],
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    bytes += next.value.length;
    onProgress?.({ bytes });
  }
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
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
