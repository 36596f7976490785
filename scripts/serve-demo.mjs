// The server of the built demo: files with byte ranges, the headers WebAssembly's threads need, and, for readers on this
// very machine, writing into the samples, so that "save into this image" works out of the box.
//   node scripts/serve-demo.mjs [--port 8090] [--host 127.0.0.1]
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { isolationHeaders } from './chromium.mjs';
import { sendFile } from './static-files.mjs';
import { inRoot, StepError } from './steps.mjs';

const loopback = new Set(['127.0.0.1', '::1', 'localhost', '[::1]']);

/**
 * @typedef {object} Mount  a folder of files under a prefix of the address
 * @property {string} prefix      begins and ends with a slash
 * @property {string} folder      absolute path
 * @property {boolean} [writable] PUT and DELETE too, as long as the server listens on this machine only
 */

/** The demo as it is built: its pages, its checkpoints, the samples. */
export const demoMounts = [
  { prefix: '/samples/', folder: inRoot('viewer-demo/public/samples'), writable: true },
  { prefix: '/', folder: inRoot('viewer-demo/dist') },
];

/**
 * Start the server.
 *
 * @param {{mounts?: readonly Mount[], host?: string, port?: number, tries?: number, headers?: Record<string, string>}} [options]
 *   port: the first to try, 0 for any; tries: how many ports from there on; headers: sent with every answer
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serveDemo({
  mounts = demoMounts,
  host = '127.0.0.1',
  port = 8090,
  tries = 20,
  headers = {},
} = {}) {
  const local = loopback.has(host);
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer(request, response, mounts, local).catch((error) => {
      if (!response.headersSent) reply(response, 500, error.code ?? 'failed');
      else response.destroy();
    });
  });
  for (let n = 0; ; n++) {
    try {
      await listen(server, port === 0 ? 0 : port + n, host);
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
      if (n + 1 >= tries)
        throw new StepError(`Ports ${port} to ${port + n} are taken: name a free one with --port.`);
    }
  }
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${server.address().port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listen(server, port, host) {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      done();
    });
  });
}

async function answer(request, response, mounts, local) {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://local').pathname);
  const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
  const file = mount && resolve(mount.folder, path.slice(mount.prefix.length) || 'index.html');
  if (!mount || !file.startsWith(mount.folder + sep)) return reply(response, 404, 'not found');
  const there = await stat(file).catch(() => undefined);
  const current = there?.isFile() ? tagOf(there) : undefined;
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (!current) return reply(response, 404, 'not found');
    // The samples may change under the reader, the demo with the next build: ask again, it is the same machine.
    const headers = { ETag: current, 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*' };
    if (request.headers['if-none-match'] === current) {
      response.writeHead(304, { ...isolationHeaders, ...headers }).end();
      return undefined;
    }
    return sendFile(request, response, file, there.size, headers);
  }
  if (!mount.writable || !local || !isOwnPage(request))
    return reply(response, 405, 'this address is read-only');
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
  if ((match && match !== current) || (noneMatch === '*' && current))
    return reply(response, 412, 'it has changed');
  if (request.method === 'PUT') return put(request, response, file, current);
  if (request.method === 'DELETE') {
    await rm(file, { force: true });
    return reply(response, 204, '');
  }
  return reply(response, 405, 'GET, HEAD, PUT and DELETE only');
}

/** A page of ours on this machine, and not one of another site that found our port (or has its name point here). */
function isOwnPage({ headers }) {
  const hostname = (headers.host ?? '').replace(/:\d+$/, '');
  return (
    loopback.has(hostname) && (headers.origin === undefined || headers.origin === `http://${headers.host}`)
  );
}

/** Whole or not at all: written beside it and then renamed. */
async function put(request, response, file, current) {
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.partial`;
  try {
    await pipeline(request, createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  response.setHeader('ETag', tagOf(await stat(file)));
  return reply(response, current ? 204 : 201, '');
}

const tagOf = ({ size, mtimeMs }) =>
  `"${createHash('sha1').update(`${size} ${mtimeMs}`).digest('hex').slice(0, 16)}"`;

function reply(response, status, text) {
  response.writeHead(status, {
    ...isolationHeaders,
    'Content-Type': 'text/plain',
    'Access-Control-Allow-Origin': '*',
  });
  response.end(text);
}

/** `--name value` of a command line. */
export function option(args, name, fallback) {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : (args[at + 1] ?? fallback);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = process.argv.slice(2);
  const { url } = await serveDemo({
    host: option(args, 'host', '127.0.0.1'),
    port: Number(option(args, 'port', 8090)),
  });
  console.log(url);
}
