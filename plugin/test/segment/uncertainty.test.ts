import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
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
