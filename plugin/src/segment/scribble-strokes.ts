import type { Stroke } from './types.ts';

/** A plane of painted pixels: 0 where nobody painted, else class number from 1. */
export interface ScribblePlane {
  readonly data: ArrayLike<number | bigint>;
  readonly heightPx: number;
  readonly widthPx: number;
}

/**
 * Painted pixels of the finest level as strokes that cover exactly them. Pixels of a class that touch, at corners too, are
 * one group, as they were painted by one stroke or by several that cross; a class of a single group is cut into halves along its longer
 * side, so that one can be left out when a classifier is checked.
 *
 * @returns  one stroke a run of pixels along a row
 */
export function scribbleStrokes(
  plane: ScribblePlane,
  at: { readonly z: number; readonly t: number },
): Stroke[] {
  const runs = runsOf(plane);
  const groups = groupRuns(runs);
  const halves = halvesOf(runs, groups);
  return runs.map(({ y, x0, x1, id }, i) => ({
    id: `t${at.t}z${at.z}y${y}x${x0}`,
    group: `t${at.t}z${at.z}-${id}-${groups[i]}${halves.get(id)?.(runs[i]!) ?? ''}`,
    classIndex: id - 1,
    // Half a pixel reaches the row's own centres and no others.
    radiusPx: 0.5,
    points: x1 - x0 === 1 ? [x0 + 0.5, y + 0.5] : [x0 + 0.5, y + 0.5, x1 - 0.5, y + 0.5],
    ...at,
  }));
}

interface PaintedRun {
  readonly y: number;
  readonly x0: number;
  readonly x1: number;
  readonly id: number;
}

function runsOf({ data, heightPx, widthPx }: ScribblePlane): PaintedRun[] {
  const runs: PaintedRun[] = [];
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; ) {
      const id = Number(data[y * widthPx + x]);
      const x0 = x;
      do x++;
      while (x < widthPx && Number(data[y * widthPx + x]) === id);
      if (id > 0) runs.push({ y, x0, x1: x, id });
    }
  }
  return runs;
}

/** Number of each run's group: runs of one class that touch. */
function groupRuns(runs: readonly PaintedRun[]): Int32Array {
  const parent = Int32Array.from(runs.keys());
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  let above = 0;
  runs.forEach((run, i) => {
    while (
      above < i &&
      (runs[above]!.y < run.y - 1 || (runs[above]!.y === run.y - 1 && runs[above]!.x1 < run.x0))
    )
      above++;
    for (let j = above; j < i && runs[j]!.y < run.y && runs[j]!.x0 <= run.x1; j++) {
      const other = runs[j]!;
      if (other.id === run.id && other.x1 >= run.x0) parent[root(i)] = root(j);
    }
  });
  return Int32Array.from(runs.keys(), root);
}

/** For classes of a single group: which half a run lies in. */
function halvesOf(runs: readonly PaintedRun[], groups: Int32Array): Map<number, (run: PaintedRun) => string> {
  const seen = new Map<number, Set<number>>();
  runs.forEach(({ id }, i) => {
    seen.set(id, (seen.get(id) ?? new Set()).add(groups[i]!));
  });
  const halves = new Map<number, (run: PaintedRun) => string>();
  for (const [id, of] of seen) {
    if (of.size > 1) continue;
    const own = runs.filter((run) => run.id === id);
    const ys = own.map(({ y }) => y);
    const xs = own.map(({ x0, x1 }) => (x0 + x1) / 2);
    const [y0, y1] = [ys.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.max(a, b))];
    const [x0, x1] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
    const tall = y1 - y0 >= x1 - x0;
    halves.set(id, (run) =>
      (tall ? run.y > (y0 + y1) / 2 : (run.x0 + run.x1) / 2 > (x0 + x1) / 2) ? 'b' : 'a',
    );
  }
  return halves;
}
