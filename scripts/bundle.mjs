// One script of the TypeScript sources, as Node runs it, for what is no test and no part of a package: benchmarks, the fuzzer.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { inRoot } from './steps.mjs';

/**
 * Bundle a source with what it imports of the packages; it finds the repository from where its source lies.
 *
 * @param {string} entry  absolute path of a .ts file
 * @param {string} name   of the script
 * @returns {Promise<string>}  absolute path of the script
 */
export async function bundle(entry, name) {
  const { build } = await import('esbuild');
  const sourceUrl = {
    name: 'source-url',
    setup(builder) {
      builder.onLoad({ filter: /(plugin|training|schemas|test)\/.*\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(path).href),
        ),
        loader: 'ts',
      }));
    },
  };
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: [
      'onnxruntime-node',
      'onnxruntime-web',
      'onnxruntime-web/*',
      'playwright-core',
      'vite',
      'esbuild',
    ],
    banner: {
      // Under a name of our own: a bundled library may import it too.
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [sourceUrl],
    write: false,
    logLevel: 'error',
  });
  const cache = inRoot('node_modules/.cache/alibi-zarr');
  await mkdir(cache, { recursive: true });
  const script = `${cache}/${name}.mjs`;
  await writeFile(script, result.outputFiles[0].contents);
  return script;
}
