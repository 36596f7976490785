import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../../src/array/memory.ts';
import { readRegion } from '../../../src/array/region.ts';
import { fitInstances } from '../../../src/segment/instances/fit-instances.ts';
import { instancesLayer } from '../../../src/segment/instances/layer.ts';

/** One line of text a time point; a dot is nothing. */
async function tracked(
  lines: readonly string[],
  tracking: 'overlap' | 'none' = 'overlap',
): Promise<string[]> {
  const width = lines[0]!.length;
  const data = Uint8Array.from(lines.join(''), (letter) => (letter === '.' ? 0 : 1));
  const axes = [{ name: 't' }, { name: 'y' }, { name: 'x' }];
  const labels = fromMemory(data, { shape: [lines.length, 1, width], dtype: 'uint8', axes });
  const recipe = { dims: 2, reach: 2, tracking } as const;
  const fit = await fitInstances(labels, recipe, { blockShape: [1, 1, 1, 4] });
  const layer = instancesLayer(labels, fit, 'uint32');
  const ids = await readRegion(layer, { start: [0, 0, 0], stop: labels.shape }, {});
  expect(fit.count).toBe(Math.max(...ids.data));
  const letters = Array.from(ids.data, (id) => (id === 0 ? '.' : String(id))).join('');
  return lines.map((_, t) => letters.slice(t * width, (t + 1) * width));
}

describe('ids over time', () => {
  it('stay with what moves, appears and vanishes', async () => {
    const lines = ['##...###....', '.##...###...', '..##...#..##', '...##.....##'];
    expect(await tracked(lines)).toEqual(['11...222....', '.11...222...', '..11...2..33', '...11.....33']);
    expect(await tracked(lines, 'none')).toEqual([
      '11...222....',
      '.33...444...',
      '..55...6..77',
      '...88.....99',
    ]);
  });

  it('go to the daughter that overlaps best; the other begins a new one', async () => {
    expect(await tracked(['.#######....', '.##.####....'])).toEqual(['.1111111....', '.22.1111....']);
  });

  it('go to the one of two that overlaps best where they merge', async () => {
    expect(await tracked(['.##.####....', '..########..'])).toEqual(['.11.2222....', '..22222222..']);
    expect(await tracked(['####.###....', '.######.##..'])).toEqual(['1111.222....', '.111111.33..']);
  });

  it('may come back only as new ones', async () => {
    expect(await tracked(['##..', '....', '##..'])).toEqual(['11..', '....', '22..']);
  });
});
