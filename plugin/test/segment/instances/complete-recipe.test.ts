import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../../src/array/memory.ts';
import { completeRecipe, type InstanceChoice } from '../../../src/segment/instances/complete-recipe.ts';

const plane = fromMemory(new Uint8Array(16), {
  shape: [4, 4],
  dtype: 'uint8',
  transform: { scale: [0.5, 0.25], translation: [0, 0] },
});
const volume = fromMemory(new Uint8Array(32), { shape: [2, 4, 4], dtype: 'uint8' });

describe('a recipe of instances', () => {
  it('has the defaults of the command line', () => {
    expect(completeRecipe(plane, { method: 'components' })).toEqual({
      dims: 2,
      reach: 2,
      tracking: 'overlap',
    });
    expect(completeRecipe(volume, { method: 'components' })).toMatchObject({ dims: 3, reach: 3 });
    // One pixel along x deep, 64 of them around.
    expect(completeRecipe(plane, { method: 'watershed' })).toMatchObject({ depth: 0.25, halo: 16 });
    expect(completeRecipe(volume, { method: 'watershed', dims: 2 })).toMatchObject({ dims: 2, halo: 64 });
  });

  it('takes what is chosen', () => {
    const choice: InstanceChoice = {
      method: 'components',
      connectivity: 18,
      only: '7',
      minSize: 2,
      maxSize: 9,
      tracking: 'none',
    };
    expect(completeRecipe(volume, choice)).toEqual({
      dims: 3,
      reach: 2,
      only: '7',
      minSize: 2,
      maxSize: 9,
      tracking: 'none',
    });
  });

  it('refuses what makes no sense', () => {
    const refused = (choice: Partial<InstanceChoice>) => () =>
      completeRecipe(plane, { method: 'watershed', ...choice });
    expect(refused({ connectivity: 26 })).toThrow(/connectivity is 26.*one of 4, 8/);
    expect(refused({ halo: -1 })).toThrow(/halo is -1/);
    expect(refused({ minSize: 5, maxSize: 2 })).toThrow(/smallest size is above/);
  });
});
