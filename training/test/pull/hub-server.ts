import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the two servers misbehave; a test changes it as it goes. */
export interface Behaviour {
  /** Statuses that the hub answers first, one a request. */
  statuses: { status: number; headers?: Record<string, string> }[];
  /** How many bytes of a body pass before the connection is cut, one a GET of the storage. */
  cuts: number[];
  /** The storage does not know ranges. */
  ignoresRange: boolean;
  /** The hub wants this token. */
  token: string | undefined;
  /** What the hub claims instead of the content's SHA-256. */
  claimedSha256: string | undefined;
  /** The storage sends more than the content. */
  excess: number;
  /** Without the hub's headers, as a plain web server. */
  plain: boolean;
  /** The storage stops in the middle and keeps the connection. */
  stalls: number;
}

export interface Hit {
  readonly server: 'hub' | 'storage';
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
  readonly status: number;
}

export interface Hub {
  readonly endpoint: string;
  readonly files: Map<string, Buffer>;
  readonly behaviour: Behaviour;
  readonly hits: Hit[];
  close(): Promise<void>;
}

export const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const decent = (): Behaviour => ({
  statuses: [],
  cuts: [],
  ignoresRange: false,
  token: undefined,
  claimedSha256: undefined,
  excess: 0,
  plain: false,
  stalls: 0,
});

/**
 * Two servers with the Hugging Face hub's layout: `/owner/repo/resolve/revision/file` answers for a large file (over 1 KB) with
 * a redirect to a storage of another origin, X-Linked-Etag and X-Linked-Size; for a small one with a redirect within its own
 * origin, an ETag that is git's id, and the content.
 */
export async function openHub(): Promise<Hub> {
  const files = new Map<string, Buffer>();
  const hits: Hit[] = [];
  const behaviour = decent();
  const storage = createServer((request, response) => serveStorage(request, response));
  const storageUrl = await listen(storage);
  const hub = createServer((request, response) => serveHub(request, response));
  const endpoint = await listen(hub);

  function note(server: Hit['server'], request: IncomingMessage, status: number): void {
    const { method = '', url = '', headers } = request;
    const text = (name: string): string | undefined => headers[name]?.toString();
    const [range, ifRange, authorization] = ['range', 'if-range', 'authorization'].map(text);
    hits.push({ server, method, url, range, ifRange, authorization, status });
  }

  function end(
    server: Hit['server'],
    request: IncomingMessage,
    response: ServerResponse,
    o: { status: number; headers?: Record<string, string | number>; body?: Buffer },
  ): void {
    note(server, request, o.status);
    response.writeHead(o.status, o.headers).end(request.method === 'HEAD' ? undefined : o.body);
  }

  function serveHub(request: IncomingMessage, response: ServerResponse): void {
    const answer = (o: Parameters<typeof end>[3]): void => end('hub', request, response, o);
    const failure = behaviour.statuses.shift();
    if (failure !== undefined) return void answer(failure);
    if (behaviour.token !== undefined && request.headers.authorization !== `Bearer ${behaviour.token}`) {
      const headers = { 'X-Error-Code': 'GatedRepo', 'X-Error-Message': 'Access is restricted.' };
      return void answer({ status: 401, headers });
    }
    const path = decodeURIComponent(new URL(request.url ?? '', endpoint).pathname);
    const [, kept] = /^\/api\/resolve-cache\/(.+)$/.exec(path) ?? [];
    const [, repository = '', file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(path) ?? [];
    const name = kept ?? `${repository}/${file}`;
    const content = files.get(name);
    if (content === undefined)
      return void answer({ status: 404, headers: { 'X-Error-Code': 'EntryNotFound' } });
    if (behaviour.plain) {
      note('hub', request, 0);
      return void serveBytes('storage', request, response, content);
    }
    const headers = { 'X-Repo-Commit': COMMIT };
    if (content.length > 1024) {
      const sha256 = behaviour.claimedSha256 ?? sha256Of(content);
      const linked = { 'X-Linked-Etag': `"${sha256}"`, 'X-Linked-Size': String(content.length) };
      return void answer({
        status: 302,
        headers: { ...headers, ...linked, Location: `${storageUrl}/${name}` },
      });
    }
    if (kept === undefined) {
      return void answer({ status: 307, headers: { ...headers, Location: `/api/resolve-cache/${name}` } });
    }
    const etag = `"${createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')}"`;
    answer({
      status: 200,
      headers: { ...headers, ETag: etag, 'Content-Length': content.length },
      body: content,
    });
  }

  /** GET alone, as a signed address allows. */
  function serveStorage(request: IncomingMessage, response: ServerResponse): void {
    const content = files.get(decodeURIComponent((request.url ?? '').slice(1)));
    if (request.method !== 'GET' || content === undefined) {
      return void end('storage', request, response, { status: 403 });
    }
    serveBytes('storage', request, response, content);
  }

  function serveBytes(
    server: Hit['server'],
    request: IncomingMessage,
    response: ServerResponse,
    content: Buffer,
  ): void {
    const etag = `"${createHash('md5').update(content).digest('hex')}"`;
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const ifRange = request.headers['if-range'];
    const ranged =
      from !== undefined && !behaviour.ignoresRange && (ifRange === undefined || ifRange === etag);
    const start = ranged ? Number(from) : 0;
    if (ranged && start >= content.length) {
      const headers = { 'Content-Range': `bytes */${content.length}` };
      return void end(server, request, response, { status: 416, headers });
    }
    const body = Buffer.concat([content.subarray(start), Buffer.alloc(behaviour.excess)]);
    note(server, request, ranged ? 206 : 200);
    response.writeHead(ranged ? 206 : 200, {
      ETag: etag,
      ...(behaviour.excess > 0 ? {} : { 'Content-Length': body.length }),
      ...(ranged ? { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    const cut = behaviour.cuts.shift();
    if (cut !== undefined) {
      return void response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
    }
    if (behaviour.stalls > 0) {
      behaviour.stalls--;
      return void response.write(body.subarray(0, body.length / 2));
    }
    response.end(body);
  }

  return {
    endpoint,
    files,
    behaviour,
    hits,
    close: async () => {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = addressOf(server.address());
  return `http://127.0.0.1:${port}`;
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}
