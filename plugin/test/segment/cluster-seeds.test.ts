import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { clusterSeeds } from '../../src/segment/cluster-seeds.ts';

const [height, width] = [300, 600];
/** Id 2 in bands of 20 columns, 1 between; 3 is a line one pixel wide, nowhere deep. */
const data = Uint8Array.from({ length: height * width }, (_, i) => {
  const [y, x] = [Math.floor(i / width), i % width];
  if (y === 150) return 3;
  return Math.floor(x / 20) % 2 === 0 ? 1 : 2;
});
const labels = fromMemory(data, { dtype: 'uint8', shape: [height, width], chunkShape: [128, 128] });
const area = { x0: 0, y0: 0, x1: width, y1: height };
const common = { id: 2, lead: [], area, count: 24, seed: 0 };

/** Distance to the nearest pixel of another id, by looking at all of a square around. */
function depth(x: number, y: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let row = Math.max(0, y - 12); row < Math.min(height, y + 13); row++)
    for (let column = Math.max(0, x - 12); column < Math.min(width, x + 13); column++)
      if (data[row * width + column] !== 2) least = Math.min(least, Math.hypot(row - y, column - x));
  return least;
}

describe('seeds of a cluster', () => {
  it('lie well inside it, spread over the area, and are never more than asked for', async () => {
    const seeds = await clusterSeeds(labels, common);
    expect(seeds.length).toBeGreaterThan(18);
    expect(seeds.length).toBeLessThanOrEqual(24);
    for (const { x, y, depthPx } of seeds) {
      expect(data[y * width + x]).toBe(2);
      expect(depthPx).toBeGreaterThanOrEqual(4);
      expect(depthPx).toBeLessThanOrEqual(depth(x, y));
    }
    // Every third of the width and every half of the height has some.
    const cells = new Set(seeds.map(({ x, y }) => `${Math.floor(x / 200)} ${Math.floor(y / 150)}`));
    expect(cells.size).toBe(6);
    expect(await clusterSeeds(labels, common)).toEqual(seeds);
  });

  it('lie in the area only, which may reach beyond the image', async () => {
    const corner = { x0: 480.5, y0: 200, x1: 900, y1: 900 };
    const seeds = await clusterSeeds(labels, { ...common, area: corner });
    expect(seeds.length).toBeGreaterThan(0);
    for (const { x, y } of seeds) expect(x >= 480 && y >= 200).toBe(true);
    const beyond = { x0: 700, y0: 0, x1: 800, y1: 100 };
    expect(await clusterSeeds(labels, { ...common, area: beyond })).toEqual([]);
  });

  it('are none where it is nowhere deep, or taken', async () => {
    expect(await clusterSeeds(labels, { ...common, id: 3 })).toEqual([]);
    expect(await clusterSeeds(labels, { ...common, isTaken: () => true })).toEqual([]);
  });

  it('stop when they are told to', async () => {
    const stop = new AbortController();
    await expect(
      clusterSeeds(labels, { ...common, signal: AbortSignal.abort(new Error('before')) }),
    ).rejects.toThrow('before');
    const during = clusterSeeds(labels, {
      ...common,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('during')),
    });
    await expect(during).rejects.toThrow('during');
  });
});
