import { UnionFind } from './union-find.ts';
import type { Reach, Size3 } from './volume.ts';

export interface Components {
  /** Component of each element, of `ids`' shape: 1, 2, … in the order of their first elements; 0 where `ids` is 0. */
  readonly labels: Uint32Array;
  readonly count: number;
  /** Index of the first element and number of elements, by component − 1. */
  readonly firsts: Uint32Array;
  readonly sizes: Uint32Array;
}

/** Stretches of one id along x, in C order. */
interface Runs {
  readonly starts: Uint32Array;
  readonly stops: Uint32Array;
  /** First run of each row, with the total at the end. */
  readonly rows: Uint32Array;
}

/**
 * Connected components: neighbours of equal id are in one component; 0 is in none.
 *
 * Equals `skimage.measure.label(ids, connectivity=reach)`, numbers included.
 *
 * @param ids  [z, y, x], C order; fewer than 2³² elements
 */
export function labelComponents(ids: Uint32Array, size: Size3, reach: Reach): Components {
  const runs = findRuns(ids, size);
  const sets = joinRuns(ids, runs, size, reach);
  const labels = new Uint32Array(ids.length);
  const total = runs.starts.length;
  const labelOf = new Uint32Array(total);
  const firsts: number[] = [];
  const sizes: number[] = [];
  for (let run = 0; run < total; run++) {
    const root = sets.find(run);
    // The smallest member comes first, so that a root is always met before what belongs to it.
    if (root === run) {
      firsts.push(runs.starts[run]!);
      sizes.push(0);
      labelOf[run] = firsts.length;
    }
    const label = labelOf[root]!;
    labels.fill(label, runs.starts[run]!, runs.stops[run]!);
    sizes[label - 1]! += runs.stops[run]! - runs.starts[run]!;
  }
  return { labels, count: firsts.length, firsts: Uint32Array.from(firsts), sizes: Uint32Array.from(sizes) };
}

function findRuns(ids: Uint32Array, [depth, height, width]: Size3): Runs {
  const starts: number[] = [];
  const stops: number[] = [];
  const rows = new Uint32Array(depth * height + 1);
  for (let row = 0; row < depth * height; row++) {
    const end = (row + 1) * width;
    for (let at = row * width; at < end; ) {
      const id = ids[at]!;
      const start = at++;
      while (at < end && ids[at] === id) at++;
      if (id === 0) continue;
      starts.push(start);
      stops.push(at);
    }
    rows[row + 1] = starts.length;
  }
  return { starts: Uint32Array.from(starts), stops: Uint32Array.from(stops), rows };
}

function joinRuns(ids: Uint32Array, runs: Runs, [depth, height, width]: Size3, reach: Reach): UnionFind {
  const sets = new UnionFind(runs.starts.length);
  sets.grow(runs.starts.length);
  // Rows before this one that touch it: every pair of rows is looked at once.
  const before = [
    [0, -1],
    [-1, -1],
    [-1, 0],
    [-1, 1],
  ] as const;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (const [dz, dy] of before) {
        const changed = Math.abs(dz) + Math.abs(dy);
        const inside = z + dz >= 0 && y + dy >= 0 && y + dy < height;
        if (!inside || changed > reach) continue;
        const row = z * height + y;
        const other = row + dz * height + dy;
        joinRows(ids, runs, sets, {
          row,
          other,
          shift: (row - other) * width,
          slack: changed < reach ? 1 : 0,
        });
      }
    }
  }
  return sets;
}

/** Unite runs of two rows that overlap, or with a slack of 1 also those that touch at a corner. */
function joinRows(
  ids: Uint32Array,
  { starts, stops, rows }: Runs,
  sets: UnionFind,
  pair: { readonly row: number; readonly other: number; readonly shift: number; readonly slack: 0 | 1 },
): void {
  const { shift, slack } = pair;
  const [end, otherEnd] = [rows[pair.row + 1]!, rows[pair.other + 1]!];
  const uniteTouching = (a: number, b: number): void => {
    const touch = starts[a]! < stops[b]! + shift + slack && starts[b]! + shift < stops[a]! + slack;
    if (touch && ids[starts[a]!] === ids[starts[b]!]) sets.union(a, b);
  };
  let a = rows[pair.row]!;
  let b = rows[pair.other]!;
  while (a < end && b < otherEnd) {
    uniteTouching(a, b);
    const ahead = stops[a]! - (stops[b]! + shift);
    if (ahead > 0) b++;
    else {
      // Where both end at one place, each may touch the corner of the one after the other.
      if (ahead === 0 && b + 1 < otherEnd) uniteTouching(a, b + 1);
      a++;
    }
  }
}
