import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../plugin/src/array/region.ts';
import { createArrayWriter } from '../../plugin/src/stores/array-writer.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { openZarrArray } from '../../plugin/src/stores/zarr-array.ts';
import { type ArrayCase, arrayCases, chunkIndices, chunkOf } from '../../plugin/test/stores/array-cases.ts';
import { hasPython, runPython } from './python.ts';

describe.skipIf(!hasPython())('arrays we write (skipped without .venv, see requirements.txt)', () => {
  let directory = '';
  const cases = arrayCases(20_261_123, 60);
  let answers: unknown[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alibi-interop-'));
    const store = createNodeStore(directory);
    for (const [i, item] of cases.entries()) await write(store, String(i), item);
    const request = cases.map((item, i) => ({
      path: join(directory, String(i)),
      zarr_format: item.spec.zarrFormat,
    }));
    const answer = runPython('read_arrays.py', request);
    if (!Array.isArray(answer)) throw new Error('read_arrays.py printed no list');
    answers = answer;
  }, 180_000);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  for (const [i, item] of cases.entries()) {
    it(`${i}: ${item.name} is read identically by zarr-python, tensorstore and us`, async () => {
      const { spec } = item;
      const expected = {
        shape: spec.shape,
        dtype: spec.dtype,
        chunks: spec.chunkShape,
        sha256: hash(item.data),
      };
      expect(answers[i]).toEqual({ 'zarr-python': expected, tensorstore: expected });
      const { lazy } = await openZarrArray(createNodeStore(directory), String(i));
      const whole = await readRegion(lazy, { start: spec.shape.map(() => 0), stop: spec.shape }, {});
      expect(hash(whole.data)).toBe(expected.sha256);
    });
  }
});

async function write(
  store: ReturnType<typeof createNodeStore>,
  path: string,
  item: ArrayCase,
): Promise<void> {
  const writer = createArrayWriter(store, path, item.spec);
  for (const index of chunkIndices(item.spec)) await writer.writeChunk(index, chunkOf(item, index));
  await writer.finish();
}

function hash(data: ArrayBufferView): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}
