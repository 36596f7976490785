import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { readRegion } from '../../src/array/region.ts';
import { joinGroups, mergeClusters, mergedLabels } from '../../src/features/merge-clusters.ts';

const fit = { kind: 'clusters', id: 'a'.repeat(64), source: { seed: 0, level: 1 } };

describe('merged clusters', () => {
  it('joins groups in the place of the first, twice as once', () => {
    const each = [[1], [2], [3], [4]];
    const once = joinGroups(each, [4, 2]);
    expect(once).toEqual([[1], [2, 4], [3]]);
    // Ids are counted anew: 3 is the old 3 now.
    expect(joinGroups(once, [2, 3])).toEqual([[1], [2, 3, 4]]);
    expect(joinGroups(each, [2, 3, 4])).toEqual([[1], [2, 3, 4]]);
    expect(each).toEqual([[1], [2], [3], [4]]);
  });

  it('refuses fewer than two, and what there is not', () => {
    expect(() => joinGroups([[1], [2]], [2, 2])).toThrow(/one cluster alone/);
    expect(() => joinGroups([[1], [2]], [])).toThrow(/one cluster alone/);
    expect(() => joinGroups([[1], [2]], [1, 3])).toThrow(/no cluster 3.*1 to 2/s);
    expect(() => joinGroups([[1], [2]], [0, 1])).toThrow(/no cluster 0/);
  });

  it('is another fit that tells of what it was made of', async () => {
    const merged = await mergeClusters(fit, [[1, 3], [2]]);
    expect(merged).toMatchObject({
      kind: 'merged',
      source: { seed: 0, level: 1, clusters: fit.id, merged: [[1, 3], [2]] },
    });
    expect(merged.id).toMatch(/^[0-9a-f]{64}$/);
    expect(merged.id).not.toBe(fit.id);
    expect((await mergeClusters(fit, [[1, 3], [2]])).id).toBe(merged.id);
    expect((await mergeClusters(fit, [[1, 2], [3]])).id).not.toBe(merged.id);
  });

  it('has exactly the pixels of its members; what is outside stays outside', async () => {
    const data = Uint8Array.of(0, 1, 2, 3, 3, 2, 1, 0);
    const labels = fromMemory(data, { shape: [2, 4], chunkShape: [2, 3], dtype: 'uint8' });
    const merged = mergedLabels(labels, [[1, 3], [2]]);
    const read = await readRegion(merged, { start: [0, 0], stop: [2, 4] }, {});
    expect([...read.data]).toEqual([0, 1, 2, 1, 1, 2, 1, 0]);
    expect([...data]).toEqual([0, 1, 2, 3, 3, 2, 1, 0]);
  });
});
