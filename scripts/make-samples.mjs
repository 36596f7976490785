// node scripts/make-samples.mjs [folder] [maxPx]: the demo's sample images, generated, seeded, in seconds.
import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, inRoot, main, say } from './steps.mjs';

await main(async ([folder = inRoot('viewer-demo/public/samples'), maxPx]) => {
  await ensureInstalled();
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [inRoot('viewer-demo/samples/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    packages: 'bundle',
    external: ['onnxruntime-node', 'onnxruntime-web'],
    write: false,
    logLevel: 'error',
  });
  const script = inRoot('node_modules/.cache/alibi-zarr/make-samples.mjs');
  await mkdir(inRoot('node_modules/.cache/alibi-zarr'), { recursive: true });
  await writeFile(script, result.outputFiles[0].contents);
  const { makeSamples } = await import(pathToFileURL(script).href);
  say('Making the sample images');
  const started = performance.now();
  const samples = await makeSamples(folder, maxPx ? { maxPx: Number(maxPx) } : {});
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`Made ${samples.map(({ name }) => name).join(', ')} in ${seconds} s`);
});
