import { defineConfig } from 'vitest/config';

// Packages import each other by name; `source` makes that the TypeScript source, so tests need no build.
const conditions = ['source', 'module', 'node', 'import', 'default'];

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // The elements use TypeScript's own decorators and class-field semantics, as tsconfig.base.json says.
  test: {
    include: [
      'schemas/test/**/*.test.ts',
      'plugin/test/**/*.test.ts',
      'training/test/**/*.test.ts',
      'test/harness/**/*.test.ts',
      'test/fuzz/**/*.test.ts',
      'test/interop/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.ts'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two workers: the tests run on two cores beside an encoder that has threads of its own.
    maxWorkers: 2,
  },
});
