import { describe, expect, it } from 'vitest';
import { distanceToOther } from '../../src/raster/distance.ts';
import { descendingOrder } from '../../src/raster/sort-keys.ts';
import type { Size3 } from '../../src/raster/volume.ts';
import { watershed } from '../../src/raster/watershed.ts';
import { randomIds } from './volumes.ts';

describe('distanceToOther', () => {
  it('is the least distance to any other id, for several ids and spacings at once', () => {
    const cases: [Size3, Size3][] = [
      [
        [1, 14, 19],
        [1, 1, 1],
      ],
      [
        [1, 14, 19],
        [1, 0.3, 0.7],
      ],
      [
        [6, 8, 9],
        [2.5, 1, 0.4],
      ],
    ];
    for (const [size, spacing] of cases) {
      for (let seed = 0; seed < 6; seed++) {
        const ids = randomIds(seed, size, { most: 2, share: 0.9, grain: 3 });
        const expected = Float32Array.from(ids, (id, i) => {
          if (id === 0) return 0;
          let least = Number.POSITIVE_INFINITY;
          ids.forEach((other, j) => {
            if (other === id) return;
            const away = [
              Math.floor(i / (size[1] * size[2])) - Math.floor(j / (size[1] * size[2])),
              (Math.floor(i / size[2]) % size[1]) - (Math.floor(j / size[2]) % size[1]),
              (i % size[2]) - (j % size[2]),
            ];
            least = Math.min(least, Math.hypot(...away.map((d, axis) => d * spacing[axis]!)));
          });
          return least;
        });
        const found = distanceToOther(ids, size, spacing);
        for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
      }
    }
  });

  it('is infinite where there is no other id', () => {
    expect([...distanceToOther(Uint32Array.of(3, 3), [1, 1, 2], [1, 1, 1])]).toEqual([Infinity, Infinity]);
  });
});

describe('descendingOrder', () => {
  it('sorts floats of any sign, equals by index', () => {
    const values = Float32Array.of(0, -1.5, 3e8, -0, Infinity, 3e8, -Infinity, 1e-30);
    expect([...descendingOrder(values, Uint32Array.from(values.keys()))]).toEqual([4, 2, 5, 7, 0, 3, 1, 6]);
    expect([...descendingOrder(values, Uint32Array.of(1, 4, 6))]).toEqual([4, 1, 6]);
  });
});

describe('watershed', () => {
  const line = (landscape: number[], depth: number, ids = landscape.map(() => 1)) =>
    watershed({
      ids: Uint32Array.from(ids),
      landscape: Float32Array.from(landscape),
      size: [1, 1, landscape.length],
      reach: 1,
      depth,
    });

  it('splits where a valley is deep enough, and only there', () => {
    //                  peak 5      pass 2   peak 4      pass 3.5   peak 4.4
    const landscape = [1, 5, 3, 2, 3, 4, 3.5, 4.4, 1];
    // Dynamics: 5 stands alone; 4.4 rises 2.4 above the pass to 5; 4 rises 0.5 above the pass to 4.4.
    expect([...line(landscape, 0.4).peaks]).toEqual([1, 5, 7]);
    expect([...line(landscape, 0.5).peaks]).toEqual([1, 5, 7]);
    expect([...line(landscape, 0.6).peaks]).toEqual([1, 7]);
    expect([...line(landscape, 2.5).peaks]).toEqual([1]);
    expect([...line(landscape, 0.6).labels]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });

  it('takes a plateau for one peak at any depth, and shares it', () => {
    expect([...line([1, 2, 2, 2, 1], 0).peaks]).toEqual([1]);
    // The valley floor is reached from both sides at once and divided in the middle; the middle goes to the first.
    expect([...line([2, 1, 1, 1, 2], 0.5).labels]).toEqual([1, 1, 1, 2, 2]);
  });

  it('never crosses from one id to another', () => {
    const { labels, peaks } = line([1, 2, 3, 4, 0, 2, 1], 0.5, [1, 1, 2, 2, 0, 2, 2]);
    expect([...labels]).toEqual([1, 1, 2, 2, 0, 3, 3]);
    expect([...peaks]).toEqual([1, 3, 5]);
  });
});
