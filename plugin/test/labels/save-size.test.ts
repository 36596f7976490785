import { readdirSync, readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { estimateSize } from '../../src/labels/save-size.ts';
import { compress } from '../../src/stores/compression.ts';

const sets = ['superalloy/test', 'superalloy/train', 'coating/train', 'nuclei'];

/** Ids of a label image. */
function readIds(path: string): { ids: Uint8Array; shape: [number, number] } {
  const { data, width, height, channels } = decode(readFileSync(path));
  return {
    ids: Uint8Array.from({ length: width * height }, (_, i) => data[i * channels]!),
    shape: [height, width],
  };
}

describe.skipIf(!hasShared('data/micrographs'))(
  'what a save is said to take (skipped: ../shared is absent)',
  () => {
    it('is at least what real labels take, with either codec', { timeout: 120_000 }, async () => {
      const shares: number[] = [];
      for (const set of sets) {
        const folder = sharedPath(`data/micrographs/${set}`);
        const names = readdirSync(folder).filter((name) => name.endsWith('.labels.png'));
        for (const name of names.slice(0, 30)) {
          const { ids, shape } = readIds(`${folder}/${name}`);
          const plan = { compression: 'zstd', levels: [{ shape, chunkShape: shape }] } as const;
          const { bytes, rawBytes } = estimateSize(plan, 'uint8');
          expect(rawBytes).toBe(ids.length);
          for (const packed of [
            await compress('zstd', ids, { level: 1 }),
            await compress('blosc', ids, { cname: 'zstd', clevel: 5, shuffle: 1, blocksize: 0 }),
          ]) {
            expect(packed.length, name).toBeLessThanOrEqual(bytes);
            shares.push(packed.length / ids.length);
          }
        }
      }
      expect(shares.length).toBeGreaterThanOrEqual(100);
      // Not so large that it says nothing: some image takes more than half of what is said.
      expect(Math.max(...shares)).toBeGreaterThan(0.05);
    });
  },
);
