import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { matchPixelSize } from '../../src/segment/match-pixel-size.ts';

function levels(sizesUm: readonly number[], unit: string | null = 'micrometer', zUm = 1) {
  return sizesUm.map((size) =>
    fromMemory(new Uint8Array(4), {
      shape: [1, 2, 2],
      dtype: 'uint8',
      axes: ['z', 'y', 'x'].map((name) => ({ name, type: 'space', ...(unit === null ? {} : { unit }) })),
      transform: { scale: [zUm, size, size], translation: [0, 0, 0] },
    }),
  );
}

const recipe = { tokens: [], classical: null };
const at = (um: number, level = 0) => ({ pixelSizeUm: { z: 1, y: um, x: um }, level, recipe });

describe('matchPixelSize', () => {
  it('takes the level of that size, whatever its number and unit', () => {
    expect(matchPixelSize(levels([0.25, 0.5, 1]), at(0.5))).toEqual({ level: 1 });
    expect(matchPixelSize(levels([250, 500, 1000], 'nanometer'), at(0.5))).toEqual({ level: 1 });
    // 0.4 % off: rounding in the file.
    expect(matchPixelSize(levels([0.25, 0.502]), at(0.5))).toEqual({ level: 1 });
  });

  it('resamples the nearest level where none has the size', () => {
    // 0.8 lies nearer to 1 (ratio 1.25) than to 0.5 (1.6).
    expect(matchPixelSize(levels([0.25, 0.5, 1]), at(0.8))).toEqual({
      level: 2,
      factor: { y: 1.25, x: 1.25 },
    });
    expect(matchPixelSize(levels([0.1]), at(0.8))).toEqual({
      level: 0,
      factor: { y: expect.closeTo(0.125, 12), x: expect.closeTo(0.125, 12) },
    });
  });

  it('refuses an image that is too coarse', () => {
    expect(() => matchPixelSize(levels([2]), at(0.5))).toThrow(
      /trained at 0.5 µm a pixel, and the finest .* 2 µm/,
    );
    expect(matchPixelSize(levels([1]), at(0.5))).toEqual({ level: 0, factor: { y: 2, x: 2 } });
  });

  it('refuses to compare what is unknown, and obeys a person who knows', () => {
    expect(() => matchPixelSize(levels([1], null), at(0.5))).toThrow(/states no pixel size/);
    expect(() => matchPixelSize(levels([1]), { pixelSizeUm: null, level: 0, recipe })).toThrow(
      /without a pixel size/,
    );
    expect(matchPixelSize(levels([1], null), { pixelSizeUm: null, level: 0, recipe })).toEqual({
      level: 0,
    });
    expect(() => matchPixelSize(levels([1], null), { pixelSizeUm: null, level: 2, recipe })).toThrow(/has 1/);
    expect(matchPixelSize(levels([1], null), at(0.5), 0)).toEqual({ level: 0 });
  });

  it('refuses other spacing along z only where the classifier looks along it', () => {
    const classical = {
      normalisation: { channels: [0], black: [0], white: [1] },
      sigmas: [1],
      unit: 'micrometer' as const,
      kinds: ['gaussian' as const],
    };
    const looking = { ...at(0.5), recipe: { tokens: [], classical: { ...classical, zContext: true } } };
    const flat = { ...at(0.5), recipe: { tokens: [], classical: { ...classical, zContext: false } } };
    expect(() => matchPixelSize(levels([0.5], 'micrometer', 3), looking)).toThrow(/looks along z/);
    expect(matchPixelSize(levels([0.5], 'micrometer', 3), flat)).toEqual({ level: 0 });
    expect(matchPixelSize(levels([0.5]), looking)).toEqual({ level: 0 });
  });
});
