import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elementCount } from '../../plugin/src/array/lazy-array.ts';
import { readRegion } from '../../plugin/src/array/region.ts';
import { AlibiError } from '../../plugin/src/errors.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { openZarrArray, type ZarrArray } from '../../plugin/src/stores/zarr-array.ts';
import { hasShared, sharedPath } from '../shared.ts';
import { hasPython, runPython } from './python.ts';

const base = 'data/ome-zarr';
/** Larger arrays take long and show nothing new. */
const elementLimit = 4_000_000;

interface Found {
  readonly path: string;
  readonly zarrFormat: 2 | 3;
}

function arraysBelow(root: string): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = entry.parentPath;
    if (entry.name === '.zarray') found.push({ path, zarrFormat: 2 });
    if (entry.name === 'zarr.json' && isArrayNode(`${path}/zarr.json`)) {
      found.push({ path, zarrFormat: 3 });
    }
  }
  return found;
}

function isArrayNode(file: string): boolean {
  const metadata: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof metadata === 'object' && metadata !== null && Reflect.get(metadata, 'node_type') === 'array';
}

async function open({ path, zarrFormat }: Found): Promise<ZarrArray | AlibiError> {
  try {
    return await openZarrArray(createNodeStore(dirname(path)), basename(path), { zarrFormat });
  } catch (error) {
    if (error instanceof AlibiError && error.tag === 'UnsupportedFormat') return error;
    throw error;
  }
}

function damage(error: unknown): AlibiError {
  if (error instanceof AlibiError && error.tag === 'Integrity') return error;
  throw error;
}

describe.skipIf(!hasPython() || !hasShared(base))(
  'every array in ../shared (skipped without it or .venv)',
  () => {
    it('holds for us what it holds for zarr-python, or is refused for its type or storage transformers', {
      timeout: 300_000,
    }, async () => {
      const ours = new Map<string, string>();
      const asked: { path: string; zarr_format: 2 | 3; readers: string[] }[] = [];
      const refused: string[] = [];
      const damaged: string[] = [];
      for (const item of arraysBelow(sharedPath(base))) {
        const array = await open(item);
        if (array instanceof AlibiError) {
          refused.push(`${array.what} (${array.where})`);
          continue;
        }
        const { lazy } = array;
        if (elementCount(lazy.shape) > elementLimit) continue;
        const whole = await readRegion(lazy, { start: lazy.shape.map(() => 0), stop: lazy.shape }, {}).catch(
          damage,
        );
        if (whole instanceof AlibiError) {
          damaged.push(item.path);
          continue;
        }
        const { data } = whole;
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        ours.set(item.path, createHash('sha256').update(bytes).digest('hex'));
        asked.push({ path: item.path, zarr_format: item.zarrFormat, readers: ['zarr-python'] });
      }
      const theirs = runPython('read_arrays.py', asked);
      if (!Array.isArray(theirs)) throw new Error('read_arrays.py printed no list');
      const different = asked.filter(({ path }, i) => {
        const answer = theirs[i]['zarr-python'];
        // Where zarr-python cannot read it there is nothing to compare with.
        return 'sha256' in answer && answer.sha256 !== ours.get(path);
      });
      const compared = theirs.filter((answer) => 'sha256' in answer['zarr-python']).length;
      expect(different.map(({ path }) => path)).toEqual([]);
      // The chunks of these were symbolic links; here they are files that hold a path.
      expect(damaged.every((path) => path.includes('neuroglancer/ome_zarr/all_0.6'))).toBe(true);
      expect(compared).toBeGreaterThan(100);
      expect(refused.filter((what) => !/^(dtype|data_type) is |^storage_transformers/.test(what))).toEqual(
        [],
      );
      console.log(`${compared} of ${asked.length} arrays compared, ${refused.length} refused`);
    });
  },
);
