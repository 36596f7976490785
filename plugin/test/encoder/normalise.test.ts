import { describe, expect, it } from 'vitest';
import { assertNormalisation, encoderInput, normalisePlane } from '../../src/encoder/normalise.ts';

describe('normalisePlane', () => {
  it('maps black to 0, white to 1 and clamps beyond', () => {
    expect([...normalisePlane(new Uint16Array([0, 100, 150, 300, 65535]), 100, 300)]).toEqual([
      0, 0, 0.25, 1, 1,
    ]);
  });
  it('inverts where white is below black', () => {
    expect([...normalisePlane(new Int8Array([-10, 0, 10]), 10, -10)]).toEqual([1, 0.5, 0]);
  });
  it('reads 64-bit integers', () => {
    expect([...normalisePlane(new BigInt64Array([-4n, 0n, 4n]), -4, 4)]).toEqual([0, 0.5, 1]);
    expect([...normalisePlane(new BigUint64Array([2n ** 40n]), 0, 2 ** 41)]).toEqual([0.5]);
  });
  it('takes NaN for black and infinities for the ends', () => {
    const values = new Float32Array([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([...normalisePlane(values, 0, 1)]).toEqual([0, 0, 1]);
  });
});

describe('encoderInput', () => {
  const statistics = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] };
  it('shows one channel as grey', () => {
    const input = encoderInput(
      [new Uint8Array([0, 255])],
      { channels: [3], black: [0], white: [255] },
      statistics,
    );
    expect([...input]).toEqual([-1, 1, -1, 3, 0, 0.5]);
  });
  it('shows three as red, green, blue, each with its own points', () => {
    const planes = [new Uint8Array([10]), new Uint8Array([20]), new Uint8Array([30])];
    const input = encoderInput(
      planes,
      { channels: [0, 1, 2], black: [0, 0, 30], white: [10, 40, 60] },
      statistics,
    );
    expect([...input]).toEqual([1, 1, 0]);
  });
});

describe('assertNormalisation', () => {
  it.each([
    [{ channels: [0, 1], black: [0, 0], white: [1, 1] }],
    [{ channels: [0], black: [0, 1], white: [1] }],
    [{ channels: [0], black: [5], white: [5] }],
    [{ channels: [0], black: [Number.NaN], white: [5] }],
  ])('refuses %j', (normalisation) => {
    expect(() => assertNormalisation(normalisation)).toThrow(/normalisation/);
  });
});
