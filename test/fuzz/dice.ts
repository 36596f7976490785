import { createRandom } from '../../plugin/src/array/random.ts';

/** Seeded choices; the same seed gives the same choices on every machine. */
export interface Dice {
  /** A whole number of [0, below). */
  int(below: number): number;
  chance(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An item by its weight. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T;
}

/** @param stream  several streams of one seed do not depend on each other */
export function createDice(seed: number, stream: number): Dice {
  // Neighbouring seeds of mulberry32 are shifted copies of one sequence: mix both numbers first.
  const random = createRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35));
  const int = (below: number): number => Math.floor(random() * below);
  return {
    int,
    chance: (share) => random() < share,
    pick: (items) => items[int(items.length)]!,
    weighted(items) {
      let rest = random() * items.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of items) {
        rest -= weight;
        if (rest < 0) return item;
      }
      return items.at(-1)![1];
    },
  };
}
