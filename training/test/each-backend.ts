import { createRequire } from 'node:module';
import { beforeAll, describe } from 'vitest';
import { openBackend } from '../src/backend.ts';

const require = createRequire(import.meta.url);

function hasAddon(): boolean {
  try {
    require('@tensorflow/tfjs-node');
    return true;
  } catch {
    return false;
  }
}

/** The same tests on libtensorflow, where its addon is installed, and on WebAssembly. */
export function eachBackend(define: (backend: 'tensorflow' | 'wasm') => void): void {
  for (const backend of ['tensorflow', 'wasm'] as const) {
    const missing = backend === 'tensorflow' && !hasAddon();
    const why = missing ? ' (skipped: the addon is not installed, run npm run setup:tensorflow)' : '';
    describe.skipIf(missing)(`${backend}${why}`, () => {
      beforeAll(async () => {
        await openBackend(backend);
      });
      define(backend);
    });
  }
}
