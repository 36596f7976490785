// npm run check: everything that is quick to know. Format and lint with the import direction, types of sources and
// tests, drift of what is generated, dead exports, what the packages publish.
import { bin, ensureInstalled, main, run } from './steps.mjs';

const node = process.execPath;
const steps = [
  // publint looks at what tsc emits, so that the two run one after the other.
  [
    'types',
    [
      [bin('tsc'), '-b'],
      [bin('tsc'), '-p', 'tsconfig.tests.json'],
    ],
  ],
  ['format, lint, import direction', [[bin('biome'), 'check', '--error-on-warnings', '.']]],
  [
    'generated files',
    [
      [node, 'scripts/generate-schemas.mjs', '--check'],
      [node, 'scripts/generate-import-rules.mjs', '--check'],
    ],
  ],
  ['dead exports and dependencies', [[bin('knip')]]],
];
const afterwards = [
  ['packages', ['schemas', 'plugin', 'training'].map((name) => [bin('publint'), name, '--strict'])],
];

async function step([name, commands]) {
  const started = performance.now();
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args, { quiet: true });
    if (code !== 0) {
      console.log(`✗ ${name}\n${output.trimEnd()}\n`);
      return false;
    }
  }
  console.log(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return true;
}

await main(async () => {
  await ensureInstalled();
  const results = [...(await Promise.all(steps.map(step))), ...(await Promise.all(afterwards.map(step)))];
  return results.every(Boolean) ? 0 : 1;
});
