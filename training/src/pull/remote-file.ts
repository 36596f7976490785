import { type Access, request } from './request.ts';
import { type Asked, statusError } from './status-error.ts';

/** What a server says of a file before it is fetched; undefined: it does not say. */
export interface RemoteFile {
  readonly bytes: number | undefined;
  /** Lower-case hex: the hub's `x-linked-etag` of a large file. */
  readonly sha256: string | undefined;
  /** The hub's ETag of a small file: git's id of its content. */
  readonly gitSha1: string | undefined;
  /** A strong ETag, else Last-Modified: what `If-Range` takes. */
  readonly validator: string | undefined;
  /** The commit that the revision stands for. */
  readonly commit: string | undefined;
}

/**
 * Ask for a file's size and hash.
 *
 * The hub answers for a large file with a redirect to where it is stored and says hash and size itself; that redirect is not
 * followed, since its signed address may hold for GET alone.
 *
 * @throws Transient | AlibiError  see {@link statusError}
 */
export async function statRemote(asked: Asked, access: Access): Promise<RemoteFile> {
  const isHere = (next: URL): boolean => next.origin === new URL(asked.url).origin;
  const { response, hops, end } = await request(
    asked.url,
    { method: 'HEAD' },
    access,
    (next, hop) => isHere(next) || !hop.has('x-linked-etag'),
  );
  end();
  const all = [...hops, response.headers];
  const first = (name: string): string | undefined => {
    for (const headers of all) if (headers.get(name) !== null) return headers.get(name) ?? undefined;
    return undefined;
  };
  const linked = first('x-linked-etag');
  const isRedirect = response.status >= 300 && response.status < 400;
  // Some servers do not know HEAD, or sign addresses for GET: what can be known comes with the file.
  const isSigned = asked.page === undefined || !isHere(new URL(response.url || asked.url));
  const unanswered = [405, 501].includes(response.status) || (response.status === 403 && isSigned);
  if (!response.ok && !isRedirect && !unanswered) throw statusError(response, asked, access);
  const commit = first('x-repo-commit');
  const etag = first('etag');
  const own = response.ok ? describe(response.headers) : { bytes: undefined, validator: undefined };
  return {
    bytes: wholeNumber(first('x-linked-size')) ?? own.bytes,
    sha256: hexOf(linked, 64) ?? (commit === undefined ? undefined : hexOf(etag, 64)),
    gitSha1: commit === undefined ? undefined : hexOf(linked ?? etag, 40),
    validator: own.validator,
    commit,
  };
}

/** Size and validator of the answer that holds the file itself. */
export function describe(headers: Headers): Pick<RemoteFile, 'bytes' | 'validator'> {
  const etag = headers.get('etag');
  const encoded = (headers.get('content-encoding') ?? 'identity') !== 'identity';
  return {
    bytes: encoded ? undefined : wholeNumber(headers.get('content-length') ?? undefined),
    validator: etag?.startsWith('"') ? etag : (headers.get('last-modified') ?? undefined),
  };
}

function hexOf(etag: string | undefined, digits: number): string | undefined {
  const [, hex] = /^(?:W\/)?"?([0-9a-f]+)"?$/i.exec(etag ?? '') ?? [];
  return hex?.length === digits ? hex.toLowerCase() : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
