// npm run bench -- <name> [arguments…]: runs test/bench/<name>.bench.{ts,mjs} against the TypeScript sources.
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { ensureInstalled, inRoot, main, run, StepError } from './steps.mjs';

await main(async ([name, ...args]) => {
  const names = (await readdir(inRoot('test/bench')).catch(() => []))
    .map((file) => /^(.+)\.bench\.(?:ts|mjs)$/.exec(file)?.[1])
    .filter(Boolean);
  const file = ['ts', 'mjs'].map((ending) => inRoot(`test/bench/${name}.bench.${ending}`)).find(existsSync);
  if (!file)
    throw new StepError(
      `${name ? `There is no benchmark "${name}".` : 'Which one?'} npm run bench -- ${names.join(' | ')}`,
    );
  await ensureInstalled();
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [file],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: ['onnxruntime-node', 'onnxruntime-web', 'playwright-core', 'vite', 'esbuild'],
    // Benchmarks find the repository from where they lie, not from where the bundle does.
    define: { 'import.meta.url': JSON.stringify(new URL(`file://${file}`).href) },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/');",
    },
    write: false,
    logLevel: 'error',
  });
  const folder = inRoot('node_modules/.cache/alibi-zarr');
  await mkdir(folder, { recursive: true });
  const script = `${folder}/${name}.bench.mjs`;
  await writeFile(script, result.outputFiles[0].contents);
  return (await run(process.execPath, ['--expose-gc', script, ...args])).code;
});
