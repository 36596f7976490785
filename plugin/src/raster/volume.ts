/** [z, y, x]; a plane has z = 1. */
export type Size3 = readonly [z: number, y: number, x: number];

/**
 * How many axes a step to a neighbour may change at once, as scikit-image's `connectivity`: 1 is 4 neighbours in a
 * plane and 6 in a volume, 2 is 8 and 18, 3 is 8 and 26.
 */
export type Reach = 1 | 2 | 3;

/** Steps (dz, dy, dx) to all neighbours within `reach`, C order. */
export function neighbourSteps(reach: Reach): Size3[] {
  const steps: Size3[] = [];
  for (const z of [-1, 0, 1]) {
    for (const y of [-1, 0, 1]) {
      for (const x of [-1, 0, 1]) {
        const changed = Math.abs(z) + Math.abs(y) + Math.abs(x);
        if (changed > 0 && changed <= reach) steps.push([z, y, x]);
      }
    }
  }
  return steps;
}
