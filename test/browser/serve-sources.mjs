import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { sendFile } from '../../scripts/static-files.mjs';
import { bundle } from './bundle.mjs';

/**
 * What the browser tests get besides plain files of the repository:
 * `*.ts` (and a `.js` that has only a TypeScript source) as a bundle; `/shared/` the reference data beside the
 * repository; `/models/` the shipped checkpoints; ONNX Runtime's WebAssembly wherever it is asked for.
 *
 * @param {string} root  absolute path of the repository
 */
export function serveSources(root) {
  const folders = [
    ['/shared/', resolve(root, '../shared')],
    ['/models/', resolve(root, 'plugin/models')],
  ];
  return async function middleware(context, next) {
    const path = decodeURIComponent(context.path);
    for (const [prefix, folder] of folders) {
      if (path.startsWith(prefix)) return serveBelow(context, folder, path.slice(prefix.length));
    }
    const runtime = /\/(ort-wasm[^/]*\.(?:wasm|mjs))$/.exec(path);
    if (runtime) return serveBelow(context, resolve(root, 'node_modules/onnxruntime-web/dist'), runtime[1]);
    const source = sourceOf(root, path);
    if (!source) return next();
    context.type = 'text/javascript';
    context.body = await bundle(source, root).catch((error) => {
      // A test that does not compile is one failed test with its reason, not a server error.
      const text = (error.errors ?? [error])
        .map(
          ({ text, message, location }) =>
            `${location?.file ?? path}:${location?.line ?? 0}: ${text ?? message}`,
        )
        .join('\n');
      return `throw new Error(${JSON.stringify(text)});`;
    });
    return undefined;
  };
}

/** The TypeScript behind a request, where there is one. */
function sourceOf(root, path) {
  if (path.includes('/node_modules/') || !/\.(ts|js)$/.test(path)) return undefined;
  const file = resolve(root, `.${path}`);
  if (!file.startsWith(root + sep)) return undefined;
  if (file.endsWith('.ts')) return existsSync(file) ? file : undefined;
  const typescript = file.replace(/\.js$/, '.ts');
  return existsSync(file) || !existsSync(typescript) ? undefined : typescript;
}

async function serveBelow(context, folder, path) {
  const file = resolve(folder, path);
  const there = file.startsWith(folder + sep) ? await stat(file).catch(() => undefined) : undefined;
  if (!there?.isFile()) {
    context.status = 404;
    context.body = 'not found';
    return;
  }
  context.respond = false;
  sendFile(context.req, context.res, file, there.size);
}
