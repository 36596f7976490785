import { describe, expect, it } from 'vitest';
import { readPlane, readPlaneReflected } from '../../src/array/plane.ts';
import { reflectIndex } from '../../src/array/reflect.ts';
import { chunksOf, copyOverlap, readRegion } from '../../src/array/region.ts';
import { transposed } from '../../src/array/transposed.ts';
import { fakeArray, position, seeded, unravel } from './fake-array.ts';

const random = seeded(11);
const below = (limit: number): number => Math.floor(random() * limit);

describe('readRegion and copyOverlap', () => {
  it('agree with a loop over elements, whatever the chunks (200 seeded cases)', async () => {
    for (let round = 0; round < 200; round++) {
      const rank = 1 + below(4);
      const shape = Array.from({ length: rank }, () => 1 + below(9));
      const chunkShape = shape.map((size) => 1 + below(size + 2));
      const start = shape.map((size) => below(size));
      const stop = start.map((begin, axis) => begin + 1 + below(shape[axis]! - begin));
      const array = fakeArray({ shape, chunkShape, dtype: 'int32' });
      const read = await readRegion(array, { start, stop }, {});
      const size = start.map((begin, axis) => stop[axis]! - begin);
      expect(read.shape).toEqual(size);
      const expected = Array.from(read.data, (_, i) =>
        position(
          unravel(i, size).map((at, axis) => at + start[axis]!),
          shape,
        ),
      );
      expect([...read.data]).toEqual(expected);
      const touched = new Set(
        expected.map((offset) =>
          unravel(offset, shape)
            .map((at, axis) => Math.floor(at / chunkShape[axis]!))
            .join(),
        ),
      );
      expect(new Set(array.asked)).toEqual(touched);
      expect(chunksOf(array, { start, stop })).toHaveLength(touched.size);
    }
  });

  it('copies exactly the elements both boxes cover (200 seeded cases)', () => {
    for (let round = 0; round < 200; round++) {
      const rank = 1 + below(3);
      const make = () => Array.from({ length: rank }, () => 1 + below(6));
      const [fromShape, toShape] = [make(), make()];
      const [fromStart, toStart] = [make(), make()];
      const from = {
        data: Int16Array.from({ length: fromShape.reduce((a, b) => a * b) }, (_, i) => i + 1),
        shape: fromShape,
      };
      const to = { data: new Int16Array(toShape.reduce((a, b) => a * b)), shape: toShape };
      copyOverlap<'int16'>(from, fromStart, to, toStart);
      const expected = Array.from(to.data, (_, i) => {
        const inFrom = unravel(i, toShape).map((at, axis) => at + toStart[axis]! - fromStart[axis]!);
        const inside = inFrom.every((at, axis) => at >= 0 && at < fromShape[axis]!);
        return inside ? position(inFrom, fromShape) + 1 : 0;
      });
      expect([...to.data]).toEqual(expected);
    }
  });
});

describe('transposed', () => {
  it('gives every element at its permuted index, in clipped chunks too', async () => {
    const source = fakeArray({
      shape: [3, 4, 5],
      chunkShape: [2, 3, 2],
      axes: ['c', 'y', 'x'],
      scale: [1, 2, 3],
      translation: [0, 4, 5],
    });
    const array = transposed(source, ['x', 'c', 'y']);
    expect([array.shape, array.chunkShape]).toEqual([
      [5, 3, 4],
      [2, 2, 3],
    ]);
    expect(array.transform).toEqual({ scale: [3, 1, 2], translation: [5, 0, 4] });
    expect(array.axes.map(({ name }) => name)).toEqual(['x', 'c', 'y']);
    const all = await readRegion(array, { start: [0, 0, 0], stop: array.shape }, {});
    all.data.forEach((value, i) => {
      const [x, c, y] = unravel(i, array.shape);
      expect(value).toBe(position([c!, y!, x!], source.shape));
    });
    expect(transposed(source, ['c', 'y', 'x'])).toBe(source);
  });

  it.each([[['c', 'y']], [['c', 'y', 'y']], [['c', 'y', 'z']]])('refuses the order %j', (order) => {
    const source = fakeArray({ shape: [1, 1, 1], chunkShape: [1, 1, 1], axes: ['c', 'y', 'x'] });
    expect(() => transposed(source, order)).toThrow(/every axis/);
  });
});

describe('reflectIndex', () => {
  it.each([
    // numpy.pad(numpy.arange(n), (7, 7), mode='reflect')
    [4, [1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2]],
    [2, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]],
    [1, Array.from({ length: 15 }, () => 0)],
  ])('continues %i elements as numpy does', (size, expected) => {
    expect(Array.from({ length: size + 14 }, (_, i) => reflectIndex(i - 7, size))).toEqual(expected);
  });
});

describe('readPlane', () => {
  it.each([[['t', 'c', 'z', 'y', 'x']], [['x', 'y', 'z', 'c', 't']], [['c', 'x', 't', 'y', 'z']]])(
    'gives [height, width] for axes stored as %j',
    async (axes) => {
      const sizes: Record<string, number> = { t: 2, c: 3, z: 2, y: 7, x: 9 };
      const shape = axes.map((name) => sizes[name]!);
      const lazy = fakeArray({
        shape,
        axes,
        chunkShape: shape.map((size) => Math.ceil(size / 2)),
        dtype: 'int32',
      });
      const plane = await readPlane(lazy, { t: 1, c: 2, z: 0 }, { y0: 2, y1: 6, x0: 1, x1: 9 }, {});
      expect([plane.height, plane.width]).toEqual([4, 8]);
      plane.data.forEach((value, i) => {
        const at: Record<string, number> = { t: 1, c: 2, z: 0, y: 2 + Math.floor(i / 8), x: 1 + (i % 8) };
        expect(value).toBe(
          position(
            axes.map((name) => at[name]!),
            shape,
          ),
        );
      });
    },
  );

  it('refuses what lies outside', async () => {
    const lazy = fakeArray({ shape: [4, 4], chunkShape: [4, 4] });
    await expect(readPlane(lazy, {}, { y0: 0, y1: 5, x0: 0, x1: 4 }, {})).rejects.toMatchObject({
      tag: 'InvalidInput',
    });
  });

  it('continues an image smaller than the region by reflection', async () => {
    const lazy = fakeArray({ shape: [2, 3], chunkShape: [2, 3], dtype: 'uint8' });
    const { data } = await readPlaneReflected(lazy, {}, { y0: 0, y1: 4, x0: -1, x1: 6 }, {});
    // Rows 0 1 2 | 3 4 5; columns 1 0 1 2 1 0 1, rows 0 1 0 1.
    expect([...data]).toEqual([
      1, 0, 1, 2, 1, 0, 1, 4, 3, 4, 5, 4, 3, 4, 1, 0, 1, 2, 1, 0, 1, 4, 3, 4, 5, 4, 3, 4,
    ]);
  });
});
