/**
 * Runs cases one after the other and says of each when it begins and how it ended, a line of JSON each; a process of its
 * own, so that the one that started it can end it when a case hangs.
 *   node child.mjs SEED FROM TO BYTE_LIMIT KINDS
 */
import { writeSync } from 'node:fs';
import { AlibiError } from '../../plugin/src/errors.ts';
import { prepareDocuments } from './documents.ts';
import { fuzzCase } from './fuzz-case.ts';
import type { Attempt } from './open-everything.ts';

const [seed = 1, from = 0, to = 0, byteLimit = 0] = process.argv.slice(2, 6).map(Number);
const kinds = process.argv[6] === 'documents' ? 'documents' : 'all';
const say = (line: object): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

let current = from;
process.on('unhandledRejection', (error) => {
  say({ kind: 'failed', number: current, step: 'unhandled rejection', ...describe(error) });
});

/** A rejection of the family, but for the tag that stands for a fault of ours. */
const isTyped = (error: unknown): error is AlibiError =>
  error instanceof AlibiError && error.tag !== 'Internal';

function describe(error: unknown): { error: string; stack: string } {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    error: text.slice(0, 500),
    stack: error instanceof Error ? String(error.stack).slice(0, 3000) : '',
  };
}

await prepareDocuments();
let peakBytes = 0;
for (let number = from; number < to; number++) {
  current = number;
  const tags: string[] = [];
  const attempt: Attempt = async (step, run) => {
    try {
      return await run();
    } catch (error) {
      if (isTyped(error)) tags.push(error.tag);
      else say({ kind: 'failed', number, step, ...describe(error) });
      return undefined;
    }
  };
  say({ kind: 'begun', number, what: '' });
  // What earlier cases left is none of this one's.
  if (process.memoryUsage.rss() > byteLimit / 2) globalThis.gc?.();
  const { what, run } = fuzzCase(seed, number, kinds);
  say({ kind: 'begun', number, what: what.slice(0, 400) });
  const started = performance.now();
  await run(attempt);
  const peak = process.resourceUsage().maxRSS * 1024;
  // The peak of the process never falls: only the case that raised it is to blame.
  if (peak > byteLimit && peak > peakBytes) {
    say({
      kind: 'failed',
      number,
      step: 'memory',
      error: `${Math.round(peak / 2 ** 20)} MiB resident`,
      stack: '',
    });
  }
  peakBytes = Math.max(peakBytes, peak);
  say({ kind: 'ended', number, tags, ms: Math.round(performance.now() - started), peak });
}
