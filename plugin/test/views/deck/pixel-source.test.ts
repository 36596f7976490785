import { describe, expect, it, vi } from 'vitest';
import { asPixelSource } from '../../../src/views/deck/pixel-source.ts';
import { functionArray } from '../../ui/fake-session.ts';

const value = ({ c = 0, z = 0, y = 0, x = 0 }) => c * 10_000 + z * 1000 + y * 10 + x;
const inOrder = (axes: readonly string[], sizes: Readonly<Record<string, number>>) =>
  functionArray({
    dtype: 'uint16',
    axes,
    shape: axes.map((name) => sizes[name]!),
    chunkShape: axes.map((name) => (name === 'y' || name === 'x' ? 4 : 1)),
    value: (position) => value(Object.fromEntries(axes.map((name, i) => [name, position[i]!]))),
  });
const sizes = { c: 2, z: 3, y: 6, x: 9 };

describe('asPixelSource', () => {
  for (const axes of [
    ['c', 'z', 'y', 'x'],
    ['x', 'y', 'z', 'c'],
    ['z', 'x', 'c', 'y'],
  ]) {
    it(`gives row-major planes of ${axes.join('')}`, async () => {
      const source = asPixelSource(inOrder(axes, sizes), { tilePx: 4 });
      expect(source.shape.slice(-2)).toEqual([6, 9]);
      expect(source.labels.slice(-2)).toEqual(['y', 'x']);
      const tile = await source.getTile({ x: 2, y: 1, selection: { c: 1, z: 2 } });
      // Rows 4 and 5, column 8: the tile at the corner is clipped to 1 × 2.
      expect([tile.width, tile.height, [...tile.data]]).toEqual([1, 2, [12_048, 12_058]]);
    });
  }

  it('widens what a shader cannot read, and says so in dtype', async () => {
    const ids = functionArray({
      dtype: 'uint64',
      axes: ['y', 'x'],
      shape: [1, 2],
      chunkShape: [1, 2],
      value: ([, x = 0]) => BigInt(x + 5),
    });
    const source = asPixelSource(ids);
    expect(source.dtype).toBe('Float32');
    expect([...(await source.getRaster({ selection: {} })).data]).toEqual([5, 6]);
  });

  it('passes an abort through and does not call it an error', async () => {
    const onError = vi.fn();
    const slow = functionArray({
      dtype: 'uint8',
      axes: ['y', 'x'],
      shape: [4, 4],
      chunkShape: [4, 4],
      delayMs: 1000,
      value: () => 0,
    });
    const source = asPixelSource(slow, { onError });
    const abort = new AbortController();
    const tile = source.getTile({ x: 0, y: 0, selection: {}, signal: abort.signal });
    abort.abort();
    await expect(tile).rejects.toMatchObject({ name: 'AbortError' });
    source.onTileError(abort.signal.reason);
    expect(onError).not.toHaveBeenCalled();
  });
});
