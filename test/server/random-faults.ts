import type { Fault } from './test-server.ts';

/** What can go wrong on the way: delays, resets, 5xx, lost answers, truncated bodies, wrong ranges, ranges ignored. */
const kinds: readonly Omit<Fault, 'match'>[] = [
  { delayMs: 20 },
  { destroy: true },
  { status: 500 },
  { status: 503, headers: { 'retry-after': '0' } },
  { status: 429 },
  { loseAnswer: true },
  { cutAfterBytes: 3 },
  { shiftRange: true },
  { ignoreRange: true },
];

/**
 * Faults that spoil a share of all requests, each kind as often as the others; which ones is a function of the seed and
 * of the order of the requests.
 *
 * @param share  in [0, 1]
 */
export function randomFaults(share: number, seed: number): Fault[] {
  let drawn = -1;
  return kinds.map((kind, i) => ({
    ...kind,
    match: () => {
      // Drawn once a request, when the first kind is asked.
      if (i === 0) drawn = random() < share ? Math.floor(random() * kinds.length) : -1;
      return drawn === i;
    },
  }));

  /** mulberry32 */
  function random(): number {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}
