import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultReporter } from '@web/test-runner';
import { playwrightLauncher } from '@web/test-runner-playwright';
import { chromiumFlags, findChromium, isolationHeaders } from '../../scripts/chromium.mjs';
import { serveSources } from './serve-sources.mjs';

const rootDir = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const executablePath = findChromium();
if (!executablePath)
  throw new Error('No Chromium found: install one, or name it in the environment variable CHROMIUM.');

/** Counts for scripts/test.mjs, which sums the runners. */
function countReporter() {
  return {
    async stop({ sessions }) {
      const counts = { passed: 0, failed: 0, skipped: 0 };
      for (const session of sessions) {
        const tests = session.testResults ? flatten(session.testResults) : [];
        for (const test of tests) counts[test.skipped ? 'skipped' : test.passed ? 'passed' : 'failed'] += 1;
        // A file that did not even load counts as one failure.
        if (!session.passed && tests.every((test) => test.passed || test.skipped)) counts.failed += 1;
      }
      await mkdir(resolve(rootDir, 'test/output'), { recursive: true });
      await writeFile(resolve(rootDir, 'test/output/browser.json'), JSON.stringify(counts));
    },
  };
}

const flatten = (suite) => [...suite.tests, ...suite.suites.flatMap(flatten)];

// biome-ignore lint/style/noDefaultExport: web-test-runner reads its configuration from the default export
export default {
  rootDir,
  files: [
    'plugin/test/**/*.browser.test.ts',
    'viewer-demo/test/**/*.browser.test.ts',
    'test/**/*.browser.test.ts',
  ].map((pattern) => resolve(rootDir, pattern)),
  nodeResolve: false,
  concurrency: 1,
  testsStartTimeout: 60_000,
  testsFinishTimeout: 900_000,
  testFramework: { config: { timeout: '60000' } },
  browsers: [
    playwrightLauncher({
      product: 'chromium',
      launchOptions: { executablePath, args: chromiumFlags },
      createBrowserContext: ({ browser }) => browser.newContext({ viewport: { width: 1280, height: 800 } }),
    }),
  ],
  middleware: [
    async function isolate(context, next) {
      context.set(isolationHeaders);
      await next();
    },
    serveSources(rootDir),
  ],
  mimeTypes: { '**/*.ts': 'js' },
  reporters: [defaultReporter({ reportTestProgress: false }), countReporter()],
};
