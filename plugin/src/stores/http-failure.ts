import { AlibiError } from '../errors.ts';
import { parseRetryAfter, TransientFailure } from './retry.ts';

/** The address without its query, which may hold a signature: fit for messages, logs and provenance. */
export function withoutQuery(url: string | URL): string {
  const shown = new URL(url);
  shown.search = '';
  shown.hash = '';
  return shown.href;
}

/** What an answer that is no success throws: a passing fault to try again, or a final one. */
export function failureOf(response: Response, url: string, method: string): AlibiError | TransientFailure {
  const { status } = response;
  const details = {
    what: `the server answered ${status} to ${method}`,
    where: withoutQuery(url),
    data: { url: withoutQuery(url), status },
  };
  if (status === 413 || status === 507) {
    return new AlibiError('Environment', {
      ...details,
      remedy:
        status === 507
          ? 'The disk or the quota of the server is full; free some space there.'
          : 'The server takes no file of this size; raise its limit (nginx: client_max_body_size), or save without shards.',
    });
  }
  if (method !== 'GET' && (status === 404 || status === 405 || status === 501)) {
    return new AlibiError('PermissionDenied', {
      ...details,
      remedy: 'This server does not accept writes here; save to another place (--out).',
    });
  }
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
      remedy:
        method === 'GET' || method === 'HEAD'
          ? 'Sign in, or renew the credentials; the address may also be wrong.'
          : 'Sign in or renew the credentials, and see that they allow to write here.',
    });
  }
  if (status === 412) {
    return new AlibiError('Conflict', {
      ...details,
      remedy: 'Somebody else changed the file meanwhile; reload the image and save again.',
    });
  }
  if (status === 409) {
    return new AlibiError('Conflict', {
      ...details,
      remedy:
        'Somebody else may be writing there, or (WebDAV) the folder above is missing and the server does not create it: create it, or switch that on (nginx: create_full_put_path on).',
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
