import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRegion } from '../../plugin/src/array/region.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { openZarrArray } from '../../plugin/src/stores/zarr-array.ts';
import { hasPython, runPython } from './python.ts';

interface WrittenArray {
  readonly path: string;
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string;
}

function isList(value: unknown): value is WrittenArray[] {
  return Array.isArray(value) && value.every((item) => typeof item?.sha256 === 'string');
}

describe.skipIf(!hasPython())('arrays of zarr-python and tensorstore (skipped without .venv)', () => {
  let directory = '';
  let arrays: WrittenArray[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alibi-interop-'));
    const answer = runPython('write_arrays.py', { path: directory });
    if (!isList(answer)) throw new Error('write_arrays.py printed something else');
    arrays = answer;
  }, 180_000);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('hold for us what they hold for their writer', async () => {
    const store = createNodeStore(directory);
    const different: string[] = [];
    for (const array of arrays) {
      const { lazy, dtype } = await openZarrArray(store, array.path);
      expect({ name: array.name, dtype, shape: lazy.shape }).toMatchObject({
        dtype: array.dtype,
        shape: array.shape,
      });
      const { data } = await readRegion(lazy, { start: lazy.shape.map(() => 0), stop: lazy.shape }, {});
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      if (createHash('sha256').update(bytes).digest('hex') !== array.sha256) different.push(array.name);
    }
    expect(different).toEqual([]);
    // All types × byte orders × memory orders of v2, all types × byte orders of v3, and the codecs.
    expect(arrays.length).toBeGreaterThan(48 + 24 + 40);
  });
});
