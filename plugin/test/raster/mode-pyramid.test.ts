import { describe, expect, it } from 'vitest';
import type { Region } from '../../src/array/region.ts';
import { coveredRange, modeDownsample, modeSourceRegion } from '../../src/raster/mode-pyramid.ts';
import { unit } from '../features/reference.ts';

function whole(shape: readonly number[]): Region {
  return { start: shape.map(() => 0), stop: shape };
}

/** The convention, word for word: gather, count, most votes, then smallest id. */
function naive(
  ids: readonly bigint[],
  shape: readonly number[],
  target: readonly number[],
  factors: readonly number[],
) {
  const out: bigint[] = [];
  const visit = (index: readonly number[]): void => {
    if (index.length < target.length) {
      for (let i = 0; i < target[index.length]!; i++) visit([...index, i]);
      return;
    }
    const votes = new Map<bigint, number>();
    const count = (axis: number, offset: number): void => {
      if (axis === shape.length) {
        votes.set(ids[offset]!, (votes.get(ids[offset]!) ?? 0) + 1);
        return;
      }
      const factor = factors[axis]!;
      const stop = Math.min(shape[axis]!, Math.ceil((index[axis]! + 1) * factor));
      for (let i = Math.floor(index[axis]! * factor); i < stop; i++)
        count(axis + 1, offset * shape[axis]! + i);
    };
    count(0, 0);
    const most = Math.max(...votes.values());
    const winners = [...votes].filter(([, n]) => n === most).map(([id]) => id);
    winners.sort((a, b) => Number(a - b));
    out.push(winners[0]!);
  };
  visit([]);
  return out;
}

describe('modeDownsample', () => {
  const cases = [
    { shape: [7, 9], target: [4, 5], factors: [2, 2] },
    { shape: [10, 12], target: [4, 8], factors: [2.5, 1.5] },
    { shape: [9, 9], target: [3, 3], factors: [3, 3] },
    { shape: [5, 6, 8], target: [5, 3, 4], factors: [1, 2, 2] },
    { shape: [5, 6, 8], target: [3, 3, 4], factors: [2, 2, 2] },
    { shape: [2, 3, 5, 7], target: [2, 3, 3, 4], factors: [1, 1, 2, 2] },
    { shape: [11], target: [4], factors: [3] },
  ];
  for (const { shape, target, factors } of cases) {
    it(`${shape.join('×')} by ${factors.join(', ')} agrees with the convention`, () => {
      const length = shape.reduce((a, b) => a * b, 1);
      const ids = Array.from({ length }, (_, i) => BigInt(Math.floor(unit(i) * 3)));
      const source = { data: Uint16Array.from(ids, Number), region: whole(shape) };
      const out = modeDownsample('uint16', source, whole(target), { factors, sourceShape: shape });
      expect([...out].map(BigInt)).toEqual(naive(ids, shape, target, factors));
    });
  }

  it('keeps 64-bit ids whole', () => {
    const big = 2n ** 63n + 1n;
    // Upper row: two against one against one; lower: a tie that the smaller id wins.
    const data = BigUint64Array.of(big, 5n, 9n, 8n, big, 7n, 8n, 9n);
    const options = { factors: [2, 2], sourceShape: [2, 4] };
    const out = modeDownsample('uint64', { data, region: whole([2, 4]) }, whole([1, 2]), options);
    expect([...out]).toEqual([big, 8n]);
  });

  it('counts 0 like any id, in every width', () => {
    const options = { factors: [2, 2], sourceShape: [2, 2] };
    const region = whole([2, 2]);
    const values = [3, 0, 0, 3];
    expect([
      ...modeDownsample('uint8', { data: Uint8Array.from(values), region }, whole([1, 1]), options),
      ...modeDownsample('uint16', { data: Uint16Array.from(values), region }, whole([1, 1]), options),
      ...modeDownsample('uint32', { data: Uint32Array.from(values), region }, whole([1, 1]), options),
    ]).toEqual([0, 0, 0]);
  });

  it('gives the same from tiles as from the whole', () => {
    const shape = [23, 31];
    const options = { factors: [2.3, 1.7], sourceShape: shape };
    const data = Uint8Array.from({ length: 23 * 31 }, (_, i) => Math.floor(unit(i) * 3));
    const all = modeDownsample('uint8', { data, region: whole(shape) }, whole([10, 18]), options);
    const target = { start: [4, 7], stop: [9, 15] };
    const region = modeSourceRegion(target, options);
    const rows = region.stop[0]! - region.start[0]!;
    const cols = region.stop[1]! - region.start[1]!;
    const piece = Uint8Array.from(
      { length: rows * cols },
      (_, i) => data[(region.start[0]! + Math.floor(i / cols)) * 31 + region.start[1]! + (i % cols)]!,
    );
    const part = modeDownsample('uint8', { data: piece, region }, target, options);
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 8; x++) expect(part[y * 8 + x]).toBe(all[(y + 4) * 18 + x + 7]);
    }
  });

  it('forgives rounding noise in factors', () => {
    // 1.1 · 30 is 33.00000000000001 in float64: element 29 ends at 33, element 30 starts there.
    expect(coveredRange(29, 1.1, 100)).toEqual({ start: 31, stop: 33 });
    expect(coveredRange(30, 1.1, 100).start).toBe(33);
  });
});
