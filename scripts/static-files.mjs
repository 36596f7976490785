// Files over HTTP with byte ranges, shared by the demo's server and the browser tests.
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { isolationHeaders } from './chromium.mjs';

const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * Answer a GET or HEAD with a file or the part of it that was asked for.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} file       absolute path; it exists
 * @param {number} sizeBytes
 * @param {Record<string, string>} [headers]  further headers
 */
export function sendFile(request, response, file, sizeBytes, headers = {}) {
  const range = parseRange(request.headers.range, sizeBytes);
  const common = {
    ...isolationHeaders,
    'Accept-Ranges': 'bytes',
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    ...headers,
  };
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...common, 'Content-Range': `bytes */${sizeBytes}` }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  response.writeHead(range ? 206 : 200, {
    ...common,
    'Content-Length': end - start + 1,
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${sizeBytes}` }),
  });
  if (request.method === 'HEAD' || end < start) {
    response.end();
    return;
  }
  const stream = createReadStream(file, { start, end });
  // The file vanished or the reader went away: the connection ends, which is all HTTP can still say.
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

/**
 * One range of a `Range` header; several, or none, mean the whole file.
 *
 * @param {string | undefined} header
 * @param {number} sizeBytes
 * @returns {{start: number, end: number} | 'unsatisfiable' | undefined}  both ends inclusive
 */
export function parseRange(header, sizeBytes) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const length = Number(match[2]);
    return length === 0 || sizeBytes === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1);
  if (start >= sizeBytes) return 'unsatisfiable';
  return end < start ? undefined : { start, end };
}
