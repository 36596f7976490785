import { type RasterLevel, type Run, strokeRuns } from './brush.ts';

/**
 * Pixels of a level inside an area: those whose centre lies inside by the even-odd rule. An area too small to hold a centre
 * covers the pixels that its outline passes through, so that nothing drawn is lost on a coarse level.
 *
 * @param rings  closed, each x0, y0, x1, y1, … in finest pixels; the first corner is not repeated
 * @returns      rising by row, then column; runs of one row neither touch nor overlap
 */
export function areaRuns(rings: readonly (readonly number[])[], level: RasterLevel): Run[] {
  const { widthPx, scaleX } = level;
  const rows = new Map<number, number[]>();
  for (const ring of rings) addCrossings(ring, level, rows);
  const runs: Run[] = [];
  for (const y of [...rows.keys()].sort((a, b) => a - b)) {
    const crossings = rows.get(y)!.sort((a, b) => a - b);
    let last: { y: number; x0: number; x1: number } | undefined;
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const x0 = Math.max(0, Math.ceil(crossings[i]! / scaleX - 0.5));
      const x1 = Math.min(widthPx, Math.ceil(crossings[i + 1]! / scaleX - 0.5));
      if (x0 >= x1) continue;
      if (last !== undefined && x0 <= last.x1) last.x1 = Math.max(last.x1, x1);
      else {
        last = { y, x0, x1 };
        runs.push(last);
      }
    }
  }
  if (runs.length > 0) return runs;
  return rings.flatMap((ring) => strokeRuns([...ring, ...ring.slice(0, 2)], 0, level));
}

/** Where a ring crosses the lines through the centres of rows; its upper end counts, its lower one does not. */
function addCrossings(
  ring: readonly number[],
  { heightPx, scaleY }: RasterLevel,
  rows: Map<number, number[]>,
): void {
  for (let i = 0; i + 1 < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[next]!, ring[next + 1]!];
    if (ay === by) continue;
    const first = Math.max(0, Math.ceil(Math.min(ay, by) / scaleY - 0.5));
    const last = Math.min(heightPx - 1, Math.ceil(Math.max(ay, by) / scaleY - 0.5) - 1);
    for (let y = first; y <= last; y++) {
      const x = ax + ((bx - ax) * ((y + 0.5) * scaleY - ay)) / (by - ay);
      const row = rows.get(y);
      if (row === undefined) rows.set(y, [x]);
      else row.push(x);
    }
  }
}
