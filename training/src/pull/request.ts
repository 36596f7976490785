import { AlibiError, isAbort } from 'alibi-zarr/checkpoint';
import { Transient } from './retry.ts';

export interface Access {
  /** Sent to `tokenOrigin` only, and only where nobody listens in. */
  readonly token: string | undefined;
  readonly tokenOrigin: string;
  readonly signal: AbortSignal;
  /** A connection that gives nothing for so long is lost. */
  readonly idleMs: number;
}

export interface Answer {
  readonly response: Response;
  /** Of every redirect on the way, first to last. */
  readonly hops: readonly Headers[];
  /** Abandons the body and what still keeps the connection. */
  readonly end: () => void;
  /** Something came: the clock of `idleMs` starts anew. */
  readonly alive: () => void;
}

const MOST_REDIRECTS = 10;
/** A connection that there was; all else (no such host, refused, no route, a port that fetch refuses) never was one. */
const LOST = /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|UND_ERR_(?!CONNECT_TIMEOUT)|HPE_|terminated)/;

/**
 * One request, redirects followed by hand: the token goes to its own origin only, whoever redirects where.
 *
 * @param follow  whether to follow this redirect; where not, it is the answer
 * @throws Transient   no connection, or a lost one; no status is an error here
 * @throws AlibiError  Network: redirects without end, a certificate that does not hold
 */
export async function request(
  url: string,
  init: { readonly method: 'GET' | 'HEAD'; readonly headers?: Readonly<Record<string, string>> },
  access: Access,
  follow: (next: URL, hop: Headers) => boolean = () => true,
): Promise<Answer> {
  const idle = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    idle.abort();
  };
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => idle.abort(), access.idleMs);
  };
  const hops: Headers[] = [];
  let at = new URL(url);
  try {
    for (;;) {
      alive();
      const response = await fetch(at, {
        method: init.method,
        headers: { ...init.headers, 'accept-encoding': 'identity', ...authorization(at, access) },
        redirect: 'manual',
        signal: AbortSignal.any([access.signal, idle.signal]),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        return { response, hops, end, alive };
      }
      const next = new URL(location, at);
      if (!follow(next, response.headers)) return { response, hops, end, alive };
      hops.push(response.headers);
      await response.body?.cancel();
      if (hops.length > MOST_REDIRECTS) {
        throw new AlibiError('Network', {
          what: `more than ${MOST_REDIRECTS} redirects`,
          where: url,
          remedy: 'Give another address.',
        });
      }
      at = next;
    }
  } catch (error) {
    end();
    throw asFailure(error, at.href, access);
  }
}

/** Whether the token may go there: its own origin, encrypted or on this machine. */
export function mayHaveToken(url: URL, access: Pick<Access, 'tokenOrigin'>): boolean {
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.origin === access.tokenOrigin && (url.protocol === 'https:' || local);
}

function authorization(url: URL, access: Access): Record<string, string> {
  return access.token !== undefined && mayHaveToken(url, access)
    ? { authorization: `Bearer ${access.token}` }
    : {};
}

/** What fetch or a body's reader threw, as a failure that may pass or one that will not; a person's abort as it is. */
export function asFailure(error: unknown, url: string, access: Pick<Access, 'signal' | 'idleMs'>): unknown {
  if (error instanceof AlibiError || error instanceof Transient) return error;
  access.signal.throwIfAborted();
  if (isAbort(error)) return new Transient(`nothing came for ${access.idleMs / 1000} s`);
  if (!(error instanceof TypeError)) return error;
  const code = codeOf(error);
  if (/CERT|SELF_SIGNED|TLS/.test(code)) {
    return new AlibiError('Network', {
      what: `its certificate does not hold: ${code}`,
      where: url,
      remedy: 'Name the authority of your network in NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
  const { host } = new URL(url);
  return LOST.test(code)
    ? new Transient(`the connection to ${host} was lost: ${code}`)
    : new Transient(`${host} cannot be reached: ${code}`, { unreached: true });
}

/** fetch hides what happened in a chain of causes, where a host of several addresses has several. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors[0] !== undefined) return codeOf(at.errors[0]);
    if (at.cause === undefined) return at.message;
  }
  return String(error);
}
