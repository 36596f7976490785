import { beforeAll, describe, expect, it } from 'vitest';
import { createDice } from './dice.ts';
import { documentKinds, documentOf, openDocument, prepareDocuments } from './documents.ts';

/** Nothing encloses the place that is filled at random. */
const mayFail = new Set(['fill']);

describe('JSON files that the fuzzer spoils', () => {
  beforeAll(prepareDocuments, 120_000);

  it.each(documentKinds)('%s: sound before that, so that a refusal comes of the damage', async (kind) => {
    const steps: string[] = [];
    await openDocument(
      kind,
      documentOf(kind),
      async (step, run) => {
        steps.push(step);
        try {
          return await run();
        } catch (error) {
          // The graph beside the manifest is eight bytes.
          const isExpected = mayFail.has(step) || (step === 'graph' && String(error).includes('sha256'));
          if (!isExpected) throw error;
          return undefined;
        }
      },
      createDice(1, 1),
    );
    expect(steps.length).toBeGreaterThan(0);
  });
});
