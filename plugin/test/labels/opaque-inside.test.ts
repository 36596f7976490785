import { expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { wrapped } from '../../src/array/wrapped.ts';
import { opaqueInside } from '../../src/labels/opaque-inside.ts';

it('keeps colours inside, makes them transparent outside, and does not compute what lies outside', async () => {
  // 2 × 4 tokens in two chunks of 2 × 2; the mask has twice as many pixels along each axis.
  const axes = ['y', 'x', 'c'].map((name) => ({ name }));
  const rgb = Uint8Array.from({ length: 2 * 4 * 3 }, (_, i) => i + 1);
  const memory = fromMemory(rgb, { shape: [2, 4, 3], dtype: 'uint8', axes, chunkShape: [2, 2, 3] });
  const asked: number[] = [];
  const colors = wrapped(memory, (index, options) => {
    asked.push(index[1]!);
    return memory.getChunk(index, options);
  });
  // Only the second token of the first row, whose centre is the mask's pixel (1, 3), lies inside.
  const inside = Uint8Array.from({ length: 4 * 8 }, (_, i) => (i === 8 + 3 ? 1 : 0));
  const mask = fromMemory(inside, { shape: [4, 8], dtype: 'uint8', axes: axes.slice(0, 2) });
  const shown = opaqueInside(colors, mask);
  expect(shown.shape).toEqual([2, 4, 4]);
  const left = await shown.getChunk([0, 0, 0], {});
  expect(left.shape).toEqual([2, 2, 4]);
  expect(Array.from(left.data).filter((_, i) => i % 4 === 3)).toEqual([0, 255, 0, 0]);
  expect(Array.from(left.data.subarray(4, 7))).toEqual([4, 5, 6]);
  expect((await shown.getChunk([0, 1, 0], {})).data.every((value) => value === 0)).toBe(true);
  expect(asked).toEqual([0]);
});
