import { expect, it } from 'vitest';
import { Review } from '../src/session-review.ts';

it('marks slices of a stack over time, and finds the next that is not marked, round at the end', () => {
  let changes = 0;
  const review = new Review({ depth: 3, times: 2 }, () => changes++);
  expect(review.total).toBe(6);
  review.set({ z: 0, t: 1 }, true);
  review.set({ z: 2, t: 0 }, true);
  review.set({ z: 1, t: 1 }, true);
  review.set({ z: 1, t: 1 }, false);
  expect(changes).toBe(4);
  expect(review.slices).toEqual([
    { z: 2, t: 0 },
    { z: 0, t: 1 },
  ]);
  expect(review.has({ z: 0, t: 1 })).toBe(true);
  // After z 1 come z 2 of the same time and z 0 of the next, both marked.
  expect(review.next({ z: 1, t: 0 })).toEqual({ z: 1, t: 1 });
  expect(review.next({ z: 2, t: 1 })).toEqual({ z: 0, t: 0 });
});

it('takes over what a project says: some slices, all of them, or none', () => {
  const review = new Review({ depth: 2, times: 1 }, () => {});
  review.replace([
    { z: 1, t: 0 },
    { z: 7, t: 0 },
  ]);
  expect(review.slices).toEqual([{ z: 1, t: 0 }]);
  review.replace(true);
  expect(review.slices).toHaveLength(2);
  expect(review.next({ z: 0, t: 0 })).toBeNull();
  review.replace();
  expect(review.slices).toEqual([]);
});
