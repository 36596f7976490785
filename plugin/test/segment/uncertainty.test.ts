import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { nearStrokes } from '../../src/segment/near-strokes.ts';
import { type Suggestion, suggestPlaces } from '../../src/segment/suggest-places.ts';
import { uncertaintyLayer, uncertaintyOf } from '../../src/segment/uncertainty.ts';

describe('uncertainty', () => {
  // Sure; even between two of three; even among all three; 0.7 : 0.2 : 0.1.
  const third = 1 / 3;
  const scores = Float32Array.of(1, 0, 0, 0.5, 0.5, 0, third, third, third, 0.7, 0.2, 0.1);

  it('margin is one minus the lead of the largest', () => {
    const values = [...uncertaintyOf(scores, 'margin', 3, 3)];
    expect(values[0]).toBe(0);
    expect(values[1]).toBe(1);
    expect(values[2]).toBeCloseTo(1, 6);
    expect(values[3]).toBeCloseTo(0.5, 6);
  });

  it('entropy is that of the probabilities, over that of ignorance', () => {
    const values = [...uncertaintyOf(scores, 'entropy', 3, 3)];
    expect(values[0]).toBe(0);
    expect(values[1]).toBeCloseTo(Math.log(2) / Math.log(3), 6);
    expect(values[2]).toBeCloseTo(1, 6);
    const expected = -(0.7 * Math.log(0.7) + 0.2 * Math.log(0.2) + 0.1 * Math.log(0.1)) / Math.log(3);
    expect(values[3]).toBeCloseTo(expected, 6);
    // Of three classes two are painted: ignorance is between two.
    expect(uncertaintyOf(scores.subarray(3, 6), 'entropy', 3, 2)[0]).toBeCloseTo(1, 6);
  });

  it('as a layer is 0 to 255 without the axis of classes', async () => {
    const lazy = fromMemory(scores, {
      shape: [2, 2, 3],
      dtype: 'float32',
      axes: [{ name: 'y' }, { name: 'x' }, { name: 'c' }],
    });
    const layer = uncertaintyLayer(lazy, 'margin', 3);
    expect(layer.shape).toEqual([2, 2]);
    expect(layer.axes.map(({ name }) => name)).toEqual(['y', 'x']);
    expect([...(await layer.getChunk([0, 0], {})).data]).toEqual([0, 255, 255, 128]);
  });
});

describe('suggestPlaces', () => {
  /** Probabilities of a square image of one chunk. */
  function probabilities(size: number, at: (y: number, x: number) => readonly number[]) {
    const classes = at(0, 0).length;
    const values = Array.from({ length: size * size }, (_, i) => at(Math.floor(i / size), i % size));
    return fromMemory(Float32Array.from(values.flat()), {
      shape: [size, size, classes],
      dtype: 'float32',
      axes: [{ name: 'y' }, { name: 'x' }, { name: 'c' }],
    });
  }
  /** 512 × 512, sure everywhere but at two spots: (40, 300) a little, (400, 100) entirely. */
  function scene() {
    const size = 512;
    const scores = new Float32Array(size * size * 2);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const spot = Math.hypot(y - 400, x - 100) < 30 ? 0.5 : Math.hypot(y - 40, x - 300) < 30 ? 0.8 : 1;
        scores.set([spot, 1 - spot], (y * size + x) * 2);
      }
    }
    return fromMemory(scores, {
      shape: [size, size, 2],
      chunkShape: [128, 128, 2],
      dtype: 'float32',
      axes: [{ name: 'y' }, { name: 'x' }, { name: 'c' }],
    });
  }
  const options = { count: 2, strokesPerClass: [1, 1], slices: { z: [0], t: [0] } };

  it('ends with the most unsure places, apart from each other', async () => {
    let last: readonly Suggestion[] = [];
    for await (const list of suggestPlaces(scene(), options)) last = list;
    expect(last).toHaveLength(2);
    expect(Math.hypot(last[0]!.y - 400, last[0]!.x - 100)).toBeLessThan(40);
    expect(Math.hypot(last[1]!.y - 40, last[1]!.x - 300)).toBeLessThan(40);
    expect(last[0]!.uncertainty).toBeGreaterThan(last[1]!.uncertainty);
  });

  it('looks over the whole image first, at no more chunks than it may, and not where nothing is to be asked', async () => {
    const seen: string[] = [];
    const image = scene();
    const watched = {
      ...image,
      getChunk: (index: readonly number[], o: Parameters<typeof image.getChunk>[1]) => {
        seen.push(index.slice(0, 2).join());
        return image.getChunk(index, o);
      },
    };
    let last: readonly Suggestion[] = [];
    const isSettled = ({ y }: { readonly y: number }) => y > 256;
    for await (const list of suggestPlaces(watched, { ...options, chunkLimit: 5, isSettled })) last = list;
    // Every second row and column of the 4 × 4 chunks, then the next.
    expect(seen).toEqual(['0,0', '0,2', '2,0', '2,2', '0,1']);
    expect(last[0]!.y).toBeLessThan(256);
  });

  const lastOf = async (...args: Parameters<typeof suggestPlaces>) => {
    let last: readonly Suggestion[] = [];
    for await (const list of suggestPlaces(...args)) last = list;
    return last;
  };

  it('names the very pixels that are unsure, not the middle of a square that holds some', async () => {
    // One cell of 8 × 8 pixels, the third and the second of a row and column of such.
    const scores = probabilities(64, (y, x) => (y >= 16 && y < 24 && x >= 8 && x < 16 ? [0.5, 0.5] : [1, 0]));
    const [first] = await lastOf(scores, { ...options, count: 1 });
    expect(first).toEqual({ t: 0, z: 0, y: 20, x: 12, uncertainty: 1 });
  });

  it('asks first about the class that was painted least', async () => {
    // Left between classes 0 and 1, right a little less unsure between 1 and 2.
    const scores = probabilities(128, (_, x) => (x < 64 ? [0.5, 0.5, 0] : [0, 0.55, 0.45]));
    const xOf = async (strokesPerClass: readonly number[]) =>
      (await lastOf(scores, { ...options, strokesPerClass, count: 1 }))[0]!.x;
    // Worth: 1 · (0.5 / 2 + 0.5 / 2) = 0.5 against 0.9 · (0.55 / 2 + 0.45 / 2) = 0.45.
    expect(await xOf([1, 1, 1])).toBeLessThan(64);
    // 1 · (0.5 / 5 + 0.5 / 2) = 0.35 against the same 0.45.
    expect(await xOf([4, 1, 1])).toBeGreaterThan(64);
  });

  it('comes to what is near a stroke last', async () => {
    const scores = probabilities(256, (y) => (y < 128 ? [0.5, 0.5] : [0.9, 0.1]));
    const isPainted = nearStrokes([{ points: [0, 64, 256, 64], z: 0, t: 0 }], 64);
    const list = await lastOf(scores, { ...options, count: 16, isPainted });
    const firstNear = list.findIndex((place) => isPainted(place));
    expect(firstNear).toBeGreaterThan(0);
    expect(list.slice(0, firstNear).every(({ uncertainty }) => uncertainty < 0.3)).toBe(true);
    expect(list.slice(firstNear).every((place) => isPainted(place))).toBe(true);
  });
});
