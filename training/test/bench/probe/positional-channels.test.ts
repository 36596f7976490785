import { AlibiError } from 'alibi-zarr/checkpoint';
import { describe, expect, it } from 'vitest';
import { hasShared } from '../../../../test/shared.ts';
import {
  mostPositionalChannels,
  positionalScores,
  type TokenStack,
} from '../../../src/bench/probe/positional-channels.ts';
import { rampOf } from '../../../src/bench/probe/ramps.ts';
import { golden } from '../../golden.ts';

function stack(
  size: Omit<TokenStack, 'data'>,
  value: (n: number, row: number, col: number, c: number) => number,
): TokenStack {
  const { images, rows, cols, dim } = size;
  const data = Float32Array.from({ length: images * rows * cols * dim }, (_, i) => {
    const token = Math.floor(i / dim);
    const inImage = token % (rows * cols);
    return value(Math.floor(token / (rows * cols)), Math.floor(inImage / cols), inImage % cols, i % dim);
  });
  return { ...size, data };
}

describe('positional channels', () => {
  const size = { images: 2, rows: 9, cols: 9, dim: 5 };
  const radial = rampOf('radial', 9, 9);
  // 0 constant; 1 a ramp along x; 2 a ramp along the diagonal, reversed and shifted; 3 a chequerboard; 4 radial in one image.
  const tokens = stack(size, (n, row, col, c) => {
    if (c === 0) return 1e3;
    if (c === 1) return col;
    if (c === 2) return 100 - row - col;
    if (c === 3) return (row + col) % 2;
    return n === 0 ? (radial[row * 9 + col] ?? 0) : 7;
  });

  it('scores by the mean squared correlation with the four ramps', () => {
    const scores = positionalScores(tokens);
    expect(scores[0]).toBe(0);
    // lr: 1; ud: 0; diag: a sum of two independent ramps of equal variance has correlation 1/√2 with each, so 1/2; radial: 0
    // by symmetry about the middle.
    expect(scores[1]).toBeCloseTo((1 + 0.5) / 4, 6);
    // lr and ud: 1/2 each, diag: 1, radial: 0.
    expect(scores[2]).toBeCloseTo((0.5 + 0.5 + 1) / 4, 6);
    expect(scores[3]).toBeLessThan(0.01);
    // 1 for the radial ramp, 0 by symmetry for the rest, in one of two images.
    expect(scores[4]).toBeCloseTo(1 / 4 / 2, 6);
  });

  it('puts the most positional first', () => {
    expect(mostPositionalChannels(tokens, 3)).toEqual([2, 1, 4]);
    expect(mostPositionalChannels(tokens, 0)).toEqual([]);
  });

  it('refuses what does not fit', () => {
    expect(() => mostPositionalChannels(tokens, 6)).toThrow(AlibiError);
    expect(() => mostPositionalChannels({ ...tokens, rows: 8 }, 1)).toThrow(AlibiError);
    const holed = tokens.data.slice();
    holed[7] = Number.NaN;
    expect(() => positionalScores({ ...tokens, data: holed })).toThrow(/finite/);
  });

  it.skipIf(!hasShared())('finds those known of the real teacher (needs ../shared)', async () => {
    const base = (await golden('vits14', 'expected')).get('base.37x37');
    const [, dim = 0, rows = 0, cols = 0] = base?.shape ?? [];
    const features = stack(
      { images: 1, rows, cols, dim },
      (_, row, col, c) => base?.data[(c * rows + row) * cols + col] ?? 0,
    );
    // The order NumPy's corrcoef gives on the same tokens. 23, 181 and 379 are among the seven listed beside the weights,
    // which were ranked over several images.
    expect(mostPositionalChannels(features, 10)).toEqual([23, 181, 274, 379, 349, 250, 11, 292, 43, 125]);
  });
});
