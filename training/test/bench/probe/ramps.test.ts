import { describe, expect, it } from 'vitest';
import { hasShared } from '../../../../test/shared.ts';
import { RAMP_NAMES, rampOf } from '../../../src/bench/probe/ramps.ts';
import { golden } from '../../golden.ts';

describe('rampOf', () => {
  it('of a grid that is not square goes by the definitions', () => {
    expect([...rampOf('lr', 2, 3)]).toEqual([0, 0.5, 1, 0, 0.5, 1]);
    expect([...rampOf('ud', 2, 3)]).toEqual([0, 0, 0, 1, 1, 1]);
    // Both axes are divided by the longer one's steps, 2.
    expect([...rampOf('diag', 2, 3)]).toEqual([0, 0.25, 0.5, 0.25, 0.5, 0.75]);
    // The middle is token (1, 1); the furthest lies at √2.
    const [near, far] = [1 - 1 / Math.SQRT2, 0].map((value) => expect.closeTo(value, 12));
    expect([...rampOf('radial', 2, 3)]).toEqual([far, near, far, near, 1, near]);
  });

  it.skipIf(!hasShared())('gives the reference’s ramps (needs ../shared)', async () => {
    const inputs = await golden('tiny', 'probe_inputs');
    for (const name of RAMP_NAMES) {
      const expected = inputs.get(`ramp.${name}`)?.data;
      expect(expected).toHaveLength(400);
      for (const [i, value] of rampOf(name, 20, 20).entries())
        expect(value).toBeCloseTo(expected?.[i] ?? 9, 6);
    }
  });
});
