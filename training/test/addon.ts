import { createRequire } from 'node:module';

/** Whether @tensorflow/tfjs-node and its native addon load: tests on it skip where they do not. */
export const hasAddon = ((): boolean => {
  try {
    const require = createRequire(import.meta.url);
    require.resolve('@tensorflow/tfjs-node');
    const manifest = require.resolve('@tensorflow/tfjs-node/package.json');
    require.resolve(manifest.replace(/package\.json$/, 'lib/napi-v8/tfjs_binding.node'));
    return true;
  } catch {
    return false;
  }
})();

/** Ends the name of such a test, so that a skipped one says why. */
export const NO_ADDON = hasAddon ? '' : ' (skipped: no addon, run npm run setup:tensorflow)';
