import { describe, expect, it } from 'vitest';
import { createData, type DataType, elementCount, type LazyArray } from '../../src/array/lazy-array.ts';
import { chunkRegion } from '../../src/array/region.ts';
import { AlibiError } from '../../src/errors.ts';
import { estimateContrast } from '../../src/ome/contrast.ts';
import { defaultChannels, defaultNormalisation } from '../../src/ome/normalisation.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { image04, memory } from './memory-image.ts';

type Value = (position: readonly number[]) => number;

/** An array whose elements are a function of their position; counts the chunks asked for. */
function synthetic(
  axes: string,
  shape: readonly number[],
  chunkShape: readonly number[],
  dtype: DataType,
  value: Value,
) {
  const asked: string[] = [];
  const array: LazyArray = {
    axes: [...axes].map((name) => ({ name })),
    shape,
    chunkShape,
    dtype,
    fillValue: 0,
    transform: { scale: shape.map(() => 1), translation: shape.map(() => 0) },
    revision: 0,
    getChunk: async (index, { signal }) => {
      signal?.throwIfAborted();
      asked.push(index.join());
      const { start, stop } = chunkRegion(array, index);
      const size = start.map((begin, i) => stop[i]! - begin);
      const data = createData(dtype, elementCount(size));
      for (let i = 0; i < data.length; i++) {
        let rest = i;
        const position = [...start];
        for (let a = size.length - 1; a >= 0; a--) {
          position[a] = start[a]! + (rest % size[a]!);
          rest = Math.floor(rest / size[a]!);
        }
        const v = value(position);
        // Both kinds of typed array take an element of their own kind.
        if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(v);
        else data[i] = v;
      }
      return { data, shape: size };
    },
  };
  return { array, asked };
}

describe('estimateContrast', () => {
  it.each(['uint8', 'uint16', 'int16', 'uint32', 'int64', 'float16', 'float32', 'float64'] as const)(
    'is the percentile of a ramp, linear between neighbours: %s',
    async (dtype) => {
      // 0 … 100 once each: the q-quantile of n = 101 evenly spaced values is q · 100.
      const { array } = synthetic('yx', [1, 101], [1, 30], dtype, ([, x]) => x!);
      const [contrast] = await estimateContrast(array, [0]);
      expect(contrast?.start).toBeCloseTo(0.1, 10);
      expect(contrast?.end).toBeCloseTo(99.9, 10);
      expect(contrast).toMatchObject({ min: 0, max: 100 });
    },
  );

  it('keeps channels apart wherever their axis lies, over all z and t', async () => {
    for (const axes of ['tczyx', 'yxc', 'cxy', 'xcz']) {
      const size: Record<string, number> = { t: 3, c: 3, z: 2, y: 4, x: 5 };
      const shape = [...axes].map((name) => size[name]!);
      const c = axes.indexOf('c');
      const { array } = synthetic(
        axes,
        shape,
        shape.map((v) => Math.min(2, v)),
        'uint8',
        (at) => 10 * at[c]! + (at[0] === shape[0]! - 1 && c !== 0 ? 1 : 0),
      );
      const contrast = await estimateContrast(array, [2, 0]);
      expect(contrast.map(({ min }) => min)).toEqual([20, 0]);
      expect(contrast.map(({ max }) => max)).toEqual(c === 0 ? [21, 1] : [21, 1]);
    }
  });

  it('leaves out NaN and infinities', async () => {
    const values = [Number.NaN, 2, Number.POSITIVE_INFINITY, 4, Number.NEGATIVE_INFINITY];
    const { array } = synthetic('yx', [1, 5], [1, 5], 'float32', ([, x]) => values[x!]!);
    const [contrast] = await estimateContrast(array, [0]);
    expect(contrast).toMatchObject({ min: 2, max: 4 });
    expect(contrast?.start).toBeCloseTo(2.002, 6);
  });

  it.each([
    ['uint8', 7],
    ['float32', -3.5],
    ['float64', 1e300],
    ['float64', Number.NaN],
  ] as const)('keeps white above black where %s is %d everywhere', async (dtype, v) => {
    const { array } = synthetic('yx', [4, 4], [4, 4], dtype, () => v);
    const [contrast] = await estimateContrast(array, [0]);
    expect(contrast!.end).toBeGreaterThan(contrast!.start);
    expect(contrast!.start).toBe(Number.isNaN(v) ? 0 : v);
  });

  it('reads a bounded part of a large level, the same every time, from all over it', async () => {
    const make = () =>
      synthetic('tyx', [10_000, 512, 512], [1, 512, 512], 'uint8', ([t]) => Math.floor(t! / 40));
    const [first, second] = [make(), make()];
    const [a] = await estimateContrast({ ...first.array, getChunk: sparse(first) }, [0]);
    const [b] = await estimateContrast({ ...second.array, getChunk: sparse(second) }, [0]);
    expect(a).toEqual(b);
    // 2^24 elements are 64 of these chunks of 2^18.
    expect(first.asked).toHaveLength(64);
    // The middles of 64 equal stretches of 0 … 9999: 78 and 9921, whose values are 1 and 248.
    expect(a).toMatchObject({ min: 1, max: 248 });
  });

  /** Chunks of one value without computing each element. */
  function sparse({ array, asked }: ReturnType<typeof synthetic>): LazyArray['getChunk'] {
    return async (index) => {
      asked.push(index.join());
      return {
        data: new Uint8Array(array.chunkShape[1]! * array.chunkShape[2]!).fill(Math.floor(index[0]! / 40)),
        shape: [1, 512, 512],
      };
    };
  }

  it('leaves out damaged chunks and passes every other failure on', async () => {
    const { array } = synthetic('yx', [2, 4], [2, 2], 'uint8', ([, x]) => 10 * x!);
    const failing = (tag: 'Integrity' | 'Network'): LazyArray => ({
      ...array,
      getChunk: (index, options) =>
        index[1] === 0
          ? Promise.reject(new AlibiError(tag, { what: 'w', where: 'w', remedy: 'r' }))
          : array.getChunk(index, options),
    });
    expect(await estimateContrast(failing('Integrity'), [0])).toMatchObject([{ min: 20, max: 30 }]);
    await expect(estimateContrast(failing('Network'), [0])).rejects.toMatchObject({ tag: 'Network' });
  });

  it('stops at an abort, before and during', async () => {
    const controller = new AbortController();
    const { array, asked } = synthetic('yx', [100, 1], [1, 1], 'uint8', () => 1);
    const reading = estimateContrast(
      {
        ...array,
        getChunk: (index, options) => {
          if (index[0] === 3) controller.abort();
          return array.getChunk(index, options);
        },
      },
      [0],
      { signal: controller.signal },
    );
    await expect(reading).rejects.toBe(controller.signal.reason);
    expect(asked.length).toBeLessThan(10);
    await expect(estimateContrast(array, [0], { signal: controller.signal })).rejects.toBe(
      controller.signal.reason,
    );
  });
});

describe('defaultNormalisation', () => {
  const pixels = Uint8Array.from({ length: 3 * 101 }, (_, i) => i % 101);
  const open = (omero?: unknown) =>
    openImage(memory({ ...image04('cyx', [[3, 1, 101]], { more: { omero } }), '/0/0/0/0': pixels }));

  it('is the window where start and end are given, else the percentiles', async () => {
    const image = await open({
      channels: [{ active: false, window: { start: 5, end: 50 } }, { window: { start: 3 } }],
    });
    expect(await defaultNormalisation(image)).toEqual({
      channels: [1],
      black: [expect.closeTo(0.1, 10)],
      white: [expect.closeTo(99.9, 10)],
    });
    expect(await defaultNormalisation(image, [0])).toEqual({ channels: [0], black: [5], white: [50] });
    expect(await defaultNormalisation(image, [2, 0, 1])).toMatchObject({
      channels: [2, 0, 1],
      white: [expect.closeTo(99.9, 10), 50, expect.closeTo(99.9, 10)],
    });
  });

  it('takes the three of a picture, else the first active channel', async () => {
    const colors = ['FF0000', '00FF00', '0000FF'];
    expect(defaultChannels(await open({ channels: colors.map((color) => ({ color })) }))).toEqual([0, 1, 2]);
    expect(defaultChannels(await open({ channels: [{ active: false }, {}, {}] }))).toEqual([1]);
    // A file that switches all of them off: all count as on.
    expect(
      defaultChannels(await open({ channels: [{ active: false }, { active: false }, { active: false }] })),
    ).toEqual([0]);
  });

  it('refuses channels the image has not, and two of them', async () => {
    const image = await open();
    await expect(defaultNormalisation(image, [3])).rejects.toMatchObject({
      tag: 'InvalidInput',
      what: 'channel 3 is not in the image',
    });
    await expect(defaultNormalisation(image, [0, 1])).rejects.toMatchObject({ what: '2 channels chosen' });
    await expect(defaultNormalisation(image, [0], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
