import { describe, expect, it } from 'vitest';
import { labelComponents } from '../../src/raster/components.ts';
import type { Reach, Size3 } from '../../src/raster/volume.ts';
import { floodComponents, randomIds } from './volumes.ts';

describe('labelComponents', () => {
  it('tells corners from edges', () => {
    // 1 1 0
    // 0 0 1
    const ids = Uint32Array.of(1, 1, 0, 0, 0, 1);
    expect([...labelComponents(ids, [1, 2, 3], 1).labels]).toEqual([1, 1, 0, 0, 0, 2]);
    expect(labelComponents(ids, [1, 2, 3], 2)).toEqual({
      labels: Uint32Array.of(1, 1, 0, 0, 0, 1),
      count: 1,
      firsts: Uint32Array.of(0),
      sizes: Uint32Array.of(3),
    });
  });

  it('joins runs that end at one place with those beside them', () => {
    // The 2 of each row touches the other's 2 only across the corner.
    const ids = Uint32Array.of(2, 1, 1, 2, 2, 1, 1, 2, 2, 1, 2, 2, 1, 1, 2, 1);
    for (const reach of [1, 2] as const) {
      expect(labelComponents(ids, [1, 2, 8], reach).labels).toEqual(floodComponents(ids, [1, 2, 8], reach));
    }
  });

  it('has nothing to say of nothing', () => {
    expect(labelComponents(new Uint32Array(6), [1, 2, 3], 3).count).toBe(0);
    expect(labelComponents(new Uint32Array(0), [0, 2, 3], 3).count).toBe(0);
  });

  it('finds what flooding from each element finds, whatever the ids, sizes and neighbours', () => {
    const sizes: Size3[] = [
      [1, 17, 23],
      [1, 1, 40],
      [1, 40, 1],
      [7, 9, 11],
      [5, 1, 8],
      [12, 6, 1],
    ];
    for (const [n, size] of sizes.entries()) {
      for (const reach of [1, 2, 3] as Reach[]) {
        for (let seed = 0; seed < 12; seed++) {
          const options = { most: 1 + (seed % 3), share: 0.25 + 0.1 * (seed % 6), grain: 1 + (seed % 4) };
          const ids = randomIds(1000 * n + seed, size, options);
          const { labels, count, firsts, sizes: elements } = labelComponents(ids, size, reach);
          const expected = floodComponents(ids, size, reach);
          expect(labels).toEqual(expected);
          expect(count).toBe(Math.max(...expected));
          for (let label = 1; label <= count; label++) {
            expect(firsts[label - 1]).toBe(expected.indexOf(label));
            expect(elements[label - 1]).toBe(expected.filter((other) => other === label).length);
          }
        }
      }
    }
  });
});
