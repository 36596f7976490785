// npm test: every test, installing what is missing; the last line counts them all.
//   node scripts/test.mjs                      everything
//   node scripts/test.mjs unit [files…]        vitest in Node
//   node scripts/test.mjs browser [files…]     web-test-runner on Chromium
//   node scripts/test.mjs e2e [files…]         the built demo in Chromium
//   node scripts/test.mjs interop [files…]     what Python's readers make of what we write
import { mkdir, readFile, rm } from 'node:fs/promises';
import {
  bin,
  ensureBuilt,
  ensureChromium,
  ensureInstalled,
  ensurePython,
  ensureSamples,
  ensureServers,
  inRoot,
  main,
  run,
  StepError,
  say,
} from './steps.mjs';
import { ensureTensorflow } from './tensorflow-addon.mjs';

const report = (name) => inRoot(`test/output/${name}.json`);

async function vitest(name, args) {
  const { code } = await run(bin('vitest'), [
    'run',
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report(name)}`,
    ...args,
  ]);
  const result = JSON.parse(await readFile(report(name), 'utf8').catch(() => '{}'));
  const tests = (result.testResults ?? []).flatMap((file) => file.assertionResults);
  const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
  const failed = count('failed');
  return {
    passed: count('passed'),
    skipped: count('pending', 'skipped', 'todo', 'disabled'),
    // A file that does not load, or a leak at the end, fails without a failed test.
    failed: code !== 0 && failed === 0 ? 1 : failed,
  };
}

const parts = {
  unit: {
    missing: async () => undefined,
    // Its tests of saving talk to an nginx, and those of training run on WebAssembly and on the TensorFlow addon; those that lack
    // theirs skip.
    lacking: async (files) => {
      await ensureServers();
      if (files.length > 0 && !files.some((file) => file.includes('training'))) return undefined;
      const why = await ensureTensorflow();
      return why && `training on the TensorFlow addon skipped: ${why}`;
    },
    run: (files) => vitest('unit', ['--exclude=test/interop/**', ...files]),
  },
  browser: {
    missing: ensureChromium,
    async run(files) {
      const { code } = await run(bin('wtr'), [
        '--config',
        'test/browser/wtr.config.mjs',
        ...files.flatMap((file) => ['--files', file]),
      ]);
      const counts = JSON.parse(
        await readFile(report('browser'), 'utf8').catch(() => '{"passed":0,"failed":0,"skipped":0}'),
      );
      return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
    },
  },
  interop: {
    missing: ensurePython,
    run: (files) => vitest('interop', files.length > 0 ? files : ['test/interop']),
  },
  e2e: {
    async missing() {
      const reason = await ensureChromium();
      if (reason) return reason;
      await ensureBuilt();
      await ensureSamples();
      return undefined;
    },
    run: (files) => vitest('e2e', ['--config', 'test/e2e/vitest.config.ts', ...files]),
  },
};

await main(async ([only, ...files]) => {
  if (only !== undefined && !(only in parts)) {
    throw new StepError(`There is no part "${only}": ${Object.keys(parts).join(', ')}.`);
  }
  await ensureInstalled();
  await mkdir(inRoot('test/output'), { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  const notes = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    say(`Tests: ${name}`);
    await rm(report(name), { force: true });
    let counts;
    try {
      const why = await part.missing();
      if (why) {
        notes.push(`${name} skipped: ${why}`);
        counts = { passed: 0, failed: 0, skipped: 1 };
      } else {
        const lacking = await part.lacking?.(files);
        if (lacking) notes.push(`${name}, ${lacking}`);
        counts = await part.run(files);
      }
    } catch (error) {
      notes.push(`${name} failed: ${error instanceof StepError ? error.message : error.stack}`);
      counts = { passed: 0, failed: 1, skipped: 0 };
    }
    notes.push(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  console.log(`\n${notes.join('\n')}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
});
