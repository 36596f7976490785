import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  root: new URL('../../', import.meta.url).pathname,
  test: {
    include: ['test/e2e/**/*.test.ts'],
    environment: 'node',
    // One page at a time: the encoder wants both cores.
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
