/** Pixels `[x0, x1)` of row `y`. */
export interface Run {
  readonly y: number;
  readonly x0: number;
  readonly x1: number;
}

/** A level to draw on. Its pixel (i, j) covers `[i·scaleY, (i+1)·scaleY) × [j·scaleX, (j+1)·scaleX)` finest pixels. */
export interface RasterLevel {
  readonly heightPx: number;
  readonly widthPx: number;
  /** Finest pixels per pixel of this level. */
  readonly scaleY: number;
  readonly scaleX: number;
}

/**
 * Pixels of a level that a round brush covers: those whose centre lies no further than the radius from the
 * polyline. On a level whose pixels are larger than the brush, the radius is half a pixel's diagonal, so
 * that every pixel the line passes through is covered.
 *
 * @param points    x0, y0, x1, y1, … in finest pixels, where pixel (0, 0) covers [0, 1) × [0, 1); one point is a dot
 * @param radiusPx  in finest pixels
 * @returns         rising by row, then column; runs of one row neither touch nor overlap
 */
export function strokeRuns(points: readonly number[], radiusPx: number, level: RasterLevel): Run[] {
  const { heightPx, widthPx, scaleY, scaleX } = level;
  const radius = Math.max(radiusPx, Math.hypot(scaleX, scaleY) / 2);
  const rows = new Map<number, [number, number][]>();
  for (let i = 0; i + 1 < points.length; i += 2) {
    const from = { x: points[i]!, y: points[i + 1]! };
    const isLast = i + 3 >= points.length;
    if (isLast && i > 0) break;
    const to = isLast ? from : { x: points[i + 2]!, y: points[i + 3]! };
    const first = Math.max(0, Math.ceil((Math.min(from.y, to.y) - radius) / scaleY - 0.5));
    const last = Math.min(heightPx - 1, Math.floor((Math.max(from.y, to.y) + radius) / scaleY - 0.5));
    for (let y = first; y <= last; y++) {
      const span = capsuleSpan(from, to, radius, (y + 0.5) * scaleY);
      if (span === undefined) continue;
      const x0 = Math.max(0, Math.ceil(span[0] / scaleX - 0.5));
      const x1 = Math.min(widthPx, Math.floor(span[1] / scaleX - 0.5) + 1);
      if (x0 >= x1) continue;
      const row = rows.get(y);
      if (row === undefined) rows.set(y, [[x0, x1]]);
      else row.push([x0, x1]);
    }
  }
  return [...rows.keys()].sort((a, b) => a - b).flatMap((y) => mergeSpans(y, rows.get(y)!));
}

function mergeSpans(y: number, spans: [number, number][]): Run[] {
  spans.sort((a, b) => a[0] - b[0]);
  const runs: { y: number; x0: number; x1: number }[] = [];
  for (const [x0, x1] of spans) {
    const last = runs.at(-1);
    if (last !== undefined && x0 <= last.x1) last.x1 = Math.max(last.x1, x1);
    else runs.push({ y, x0, x1 });
  }
  return runs;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Where the horizontal line at `y` crosses the set of points within `radius` of a segment: that set is the
 * union of two discs and a rectangle and is convex, so the crossing is one interval.
 */
function capsuleSpan(from: Point, to: Point, radius: number, y: number): [number, number] | undefined {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const end of [from, to]) {
    const dy = y - end.y;
    if (Math.abs(dy) > radius) continue;
    const half = Math.sqrt(radius * radius - dy * dy);
    least = Math.min(least, end.x - half);
    most = Math.max(most, end.x + half);
  }
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    const along = within(dx / length, ((y - from.y) * dy) / length, 0, length);
    const across = within(-dy / length, ((y - from.y) * dx) / length, -radius, radius);
    const start = Math.max(along[0], across[0]);
    const stop = Math.min(along[1], across[1]);
    if (start <= stop) {
      least = Math.min(least, from.x + start);
      most = Math.max(most, from.x + stop);
    }
  }
  return least <= most ? [least, most] : undefined;
}

/** The u for which `low <= slope · u + offset <= high`. */
function within(slope: number, offset: number, low: number, high: number): [number, number] {
  if (slope === 0) {
    return low <= offset && offset <= high
      ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  }
  const a = (low - offset) / slope;
  const b = (high - offset) / slope;
  return a < b ? [a, b] : [b, a];
}
