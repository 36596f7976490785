import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const models = join(here, '../plugin/models');

/** Without them there is no SharedArrayBuffer, and WASM runs on one thread. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Images come from anywhere, code and styles only from here; `wasm-unsafe-eval` compiles WebAssembly.
 * The decoders of zstd, blosc and lz4, which make functions from text, run in workers, which are not under the page's policy
 * but under that of the response with their script (docs/decisions/0011-codecs-in-workers.md).
 */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "worker-src 'self' blob:",
  'connect-src * blob: data:',
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** The built page carries its policy; the development server's own scripts would not pass it. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Serves the shipped checkpoints under `models/`, where `npm run build` copies them. */
function shippedModels(): Plugin {
  const serve = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
    const file = normalize(join(models, path));
    if (!file.startsWith(models + sep) || !existsSync(file) || !statSync(file).isFile()) {
      next();
      return;
    }
    response.writeHead(200, {
      ...isolation,
      'Content-Type': extname(file) === '.json' ? 'application/json' : 'application/octet-stream',
      'Content-Length': statSync(file).size,
    });
    createReadStream(file).pipe(response);
  };
  return {
    name: 'shipped-models',
    configureServer: (server) => void server.middlewares.use('/models', serve),
    configurePreviewServer: (server) => void server.middlewares.use('/models', serve),
  };
}

/** The shipped checkpoint a page takes unless told: the first by name. */
function defaultModel(): string | null {
  if (!existsSync(models)) return null;
  const names = readdirSync(models).filter((name) => existsSync(join(models, name, 'manifest.json')));
  return names.length === 0 ? null : `models/${names.sort()[0]}/manifest.json`;
}

// Vite wants its configuration as the default export.
// biome-ignore lint/style/noDefaultExport: see above
export default defineConfig({
  root: here,
  base: './',
  plugins: [contentSecurityPolicy(), shippedModels()],
  define: { __DEFAULT_MODEL__: JSON.stringify(defaultModel()) },
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  worker: { format: 'es' },
  server: { headers: isolation },
  preview: { headers: isolation },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  build: {
    target: 'es2022',
    // Samples are made, large and may be written to; they are served from where they lie.
    copyPublicDir: false,
    chunkSizeWarningLimit: 2000,
    // No inlined assets: the policy allows none as scripts, and workers are scripts.
    assetsInlineLimit: 0,
  },
});
