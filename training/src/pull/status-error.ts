import { AlibiError } from 'alibi-zarr/checkpoint';
import { type Access, mayHaveToken } from './request.ts';
import { Transient } from './retry.ts';

/** What a person has to know beside the answer to make something of it. */
export interface Asked {
  readonly url: string;
  /** Where its terms are accepted; undefined for a plain URL. */
  readonly page: string | undefined;
  /** What to do by hand instead. */
  readonly byHand: string;
}

/** An answer that is none of the file: what it means, and whether it may pass. */
export function statusError(response: Response, asked: Asked, access: Access): AlibiError | Transient {
  const { status } = response;
  const host = new URL(response.url || asked.url).host;
  const said = `${host} answers ${status}${detail(response)}`;
  if (status >= 500 || status === 408 || status === 429) {
    return new Transient(said, { retryAfterMs: retryAfterMs(response) });
  }
  if (status === 401 || status === 403) {
    // A signed address on another host has run out: the next attempt gets a fresh one.
    if (host !== new URL(asked.url).host) return new Transient(said);
    return new AlibiError('PermissionDenied', {
      what: said,
      where: asked.url,
      remedy: accessRemedy(asked, access),
    });
  }
  if (status === 404 || status === 410) {
    return new AlibiError('NotFound', {
      what: said,
      where: asked.url,
      remedy: 'Look for a slip in the name, --revision and --endpoint.',
    });
  }
  return new AlibiError('Network', { what: said, where: asked.url, remedy: asked.byHand });
}

function accessRemedy({ url, page, byHand }: Asked, access: Access): string {
  if (page === undefined) return byHand;
  if (access.token === undefined) {
    return `If the repository is gated, accept its terms at ${page} and set HF_TOKEN to a token of yours; else look for a slip in its name.`;
  }
  if (!mayHaveToken(new URL(url), access)) {
    return 'HF_TOKEN is sent over https only: give an --endpoint with https.';
  }
  return `HF_TOKEN gives no access: accept the terms at ${page}, and look whether the token may read it.`;
}

/** The hub says in a header what it means. */
function detail(response: Response): string {
  const text = response.headers.get('x-error-message') ?? response.headers.get('x-error-code');
  // A header of a stranger: one line, not endless.
  return text === null ? '' : ` (${text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 120)})`;
}

/** Seconds, or a date. */
function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
