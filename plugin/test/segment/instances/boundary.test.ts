import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../../src/array/memory.ts';
import { readRegion } from '../../../src/array/region.ts';
import { fitInstances } from '../../../src/segment/instances/fit-instances.ts';
import { instancesLayer } from '../../../src/segment/instances/layer.ts';
import type { WatershedRecipe } from '../../../src/segment/instances/types.ts';

const [height, width] = [48, 60];

/** Rooms of a tissue: walls at columns 20 and 41 and row 24; the second of two channels. */
const isWall = (y: number, x: number) => x === 20 || x === 41 || y === 24;
const roomOf = (y: number, x: number) => (y < 24 ? 0 : 3) + (x < 20 ? 0 : x < 41 ? 1 : 2);

const tissue = fromMemory(new Uint8Array(height * width).fill(1), {
  shape: [height, width],
  dtype: 'uint8',
  chunkShape: [16, 16],
});
const pixels = fromMemory(
  Uint16Array.from({ length: 2 * height * width }, (_, i) => {
    const [c, y, x] = [Math.floor(i / height / width), Math.floor(i / width) % height, i % width];
    // A shallow texture, no deeper than 30; walls stand 1000 above it.
    return c === 0 ? 7 : ((5 * x + 3 * y) % 31) + (isWall(y, x) ? 1000 : 0);
  }),
  {
    shape: [2, height, width],
    dtype: 'uint16',
    axes: [
      { name: 'c', type: 'channel' },
      { name: 'y', type: 'space' },
      { name: 'x', type: 'space' },
    ],
    chunkShape: [2, 16, 16],
  },
);
const recipe: WatershedRecipe = { dims: 2, reach: 1, tracking: 'none', depth: 100, halo: 40, boundary: 1 };

async function idsWith(blockPx: number, changed: Partial<WatershedRecipe> = {}) {
  const fit = await fitInstances(
    tissue,
    { ...recipe, ...changed },
    {
      pixels,
      blockShape: [1, 1, blockPx, blockPx],
    },
  );
  const layer = instancesLayer(tissue, fit, 'uint32', pixels);
  const { data } = await readRegion(layer, { start: [0, 0], stop: [height, width] }, {});
  return { fit, ids: Array.from(data) };
}

describe('a watershed over a channel of boundaries', () => {
  it('splits one label along the walls, the same whatever the blocks', async () => {
    const { fit, ids } = await idsWith(64);
    expect(fit.count).toBe(6);
    const rooms = new Map<number, number>();
    ids.forEach((id, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      if (isWall(y, x)) return;
      const room = roomOf(y, x);
      expect(id).toBe(rooms.get(room) ?? id);
      rooms.set(room, id);
    });
    expect(new Set(rooms.values()).size).toBe(6);
    expect((await idsWith(24)).ids).toEqual(ids);
  });

  it('takes shallow hollows for objects where it is told to', async () => {
    expect((await idsWith(64, { depth: 2000 })).fit.count).toBe(1);
    expect((await idsWith(64, { depth: 2 })).fit.count).toBeGreaterThan(6);
  });

  it('says which objects reach beyond the halo', async () => {
    const { fit } = await idsWith(16, { halo: 4 });
    expect(fit.kind === 'watershed' && fit.unsure.length).toBeGreaterThan(0);
    const whole = (await idsWith(64)).fit;
    expect(whole.kind === 'watershed' && [...whole.unsure]).toEqual([]);
  });

  it('refuses a channel that is not there, and an image of another size', async () => {
    await expect(idsWith(64, { boundary: 2 })).rejects.toThrow(/channel 2 of 2/);
    const small = fromMemory(new Uint8Array(100), { shape: [10, 10], dtype: 'uint8' });
    await expect(fitInstances(small, { ...recipe, boundary: 0 }, { pixels })).rejects.toThrow(
      /boundaries of 1 × 1 × 48 × 60 .* for labels of 1 × 1 × 10 × 10/,
    );
    await expect(fitInstances(small, recipe)).rejects.toThrow(/no pixels/);
  });
});
