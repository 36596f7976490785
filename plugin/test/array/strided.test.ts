import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { createRandom } from '../../src/array/random.ts';
import { readRegion } from '../../src/array/region.ts';
import { strided } from '../../src/array/strided.ts';

describe('strided', () => {
  it('takes the element in the middle of those it stands for, whatever the chunks', async () => {
    const random = createRandom(3);
    const below = (n: number) => 1 + Math.floor(random() * n);
    for (let n = 0; n < 40; n++) {
      const shape = [below(3), below(20), below(20)];
      const [depth = 1, height = 1, width = 1] = shape;
      const factor = below(6);
      const data = Uint32Array.from({ length: depth * height * width }, (_, i) => i);
      const array = fromMemory(data, { shape, dtype: 'uint32', chunkShape: shape.map(below) });
      const coarse = strided(array, factor);
      expect(coarse.shape).toEqual([depth, Math.ceil(height / factor), Math.ceil(width / factor)]);
      const got = await readRegion(coarse, { start: [0, 0, 0], stop: coarse.shape }, {});
      const middle = (i: number, size: number) => Math.min(size - 1, i * factor + Math.floor(factor / 2));
      const expected: number[] = [];
      for (let z = 0; z < depth; z++)
        for (let y = 0; y < coarse.shape[1]!; y++)
          for (let x = 0; x < coarse.shape[2]!; x++)
            expected.push((z * height + middle(y, height)) * width + middle(x, width));
      expect([...got.data]).toEqual(expected);
    }
  });

  it('lies where the elements lie that it stands for', () => {
    const array = fromMemory(new Uint8Array(64), {
      shape: [8, 8],
      dtype: 'uint8',
      transform: { scale: [0.5, 0.25], translation: [10, 0] },
    });
    // Elements 0 to 3 along y have their centres at 10, 10.5, 11 and 11.5: their middle is 10.75.
    expect(strided(array, 4).transform).toEqual({ scale: [2, 1], translation: [10.75, 0.375] });
  });
});
