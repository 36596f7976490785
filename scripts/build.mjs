// npm run build: the packages with TypeScript, then the demo site into viewer-demo/dist.
import { cp, rm } from 'node:fs/promises';
import { bin, ensureInstalled, inRoot, main, must, say } from './steps.mjs';

await main(async () => {
  await ensureInstalled();
  say('Building the packages');
  await must(bin('tsc'), ['-b'], 'The packages do not compile.');
  say('Building the demo');
  await must(bin('vite'), ['build', '--logLevel', 'warn'], 'The demo does not build.', {
    cwd: inRoot('viewer-demo'),
  });
  // The samples stay outside (scripts/serve-demo.mjs serves them): they are made, large, and may be written to.
  await rm(inRoot('viewer-demo/dist/models'), { recursive: true, force: true });
  await cp(inRoot('plugin/models'), inRoot('viewer-demo/dist/models'), { recursive: true });
  say('Built: viewer-demo/dist is the site, */dist are the packages');
});
