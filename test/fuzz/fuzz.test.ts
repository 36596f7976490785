import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasCorpus } from './corpus.ts';

const script = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));

describe.skipIf(!hasCorpus())(
  'broken and hostile images and checkpoints (skipped: ../shared is absent)',
  () => {
    it('a thousand of them are opened or refused, in time and in 512 MiB', { timeout: 1_200_000 }, () => {
      const run = spawnSync(process.execPath, [script, '--count', '1000', '--seed', '2026'], {
        encoding: 'utf8',
      });
      expect(run.stdout, run.stderr.slice(-3000)).toContain('1000 as they should be, 0 failed');
      // Most are refused: a fuzzer that breaks nothing shows nothing.
      const opened = /opened without complaint (\d+)/.exec(run.stdout)?.[1];
      expect(Number(opened)).toBeLessThan(700);
      expect(Number(opened)).toBeGreaterThan(50);
      expect(run.status).toBe(0);
    });
  },
);
