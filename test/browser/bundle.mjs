import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundle one TypeScript entry (a browser test, a worker) for the browser.
 *
 * Every file's `import.meta.url` becomes the address at which the test server would serve that very file, so
 * that `new Worker(new URL('./worker.js', import.meta.url))` asks the server for the worker's own source, which it
 * bundles the same way.
 *
 * @param {string} entry  absolute path
 * @param {string} root   absolute path of the repository, which is the server's root
 * @returns {Promise<string>}  one ES module, source map inline
 */
export async function bundle(entry, root) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source', 'browser', 'module'],
    mainFields: ['browser', 'module', 'main'],
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
    define: { 'process.env.NODE_ENV': '"development"' },
    sourcemap: 'inline',
    write: false,
    logLevel: 'silent',
    plugins: [ownUrl(root)],
  });
  return result.outputFiles[0].text;
}

function ownUrl(root) {
  return {
    name: 'own-url',
    setup(builder) {
      builder.onLoad({ filter: /\.(ts|mjs|js)$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('import.meta.url')) return undefined;
        const address = `/${relative(root, path).split(sep).map(encodeURIComponent).join('/')}`;
        return {
          contents: text.replaceAll(
            'import.meta.url',
            `new URL(${JSON.stringify(address)},self.location.origin).href`,
          ),
          loader: path.endsWith('.ts') ? 'ts' : 'js',
        };
      });
    },
  };
}
