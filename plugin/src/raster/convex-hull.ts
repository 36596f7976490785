/** Corners of a convex polygon, y and x in turn, counter-clockwise as y points down. */
export type Hull = readonly number[];

/**
 * Convex hull of points in a plane.
 *
 * @param points  whole numbers, y and x in turn; any order, repeats allowed
 * @returns       its corners only, none on an edge
 * Source: Andrew, Another efficient algorithm for convex hulls in two dimensions, 1979 (monotone chain)
 */
export function convexHull(points: ArrayLike<number>): Hull {
  const order = Array.from({ length: points.length / 2 }, (_, i) => 2 * i);
  order.sort((a, b) => points[a]! - points[b]! || points[a + 1]! - points[b + 1]!);
  const distinct = order.filter((at, n) => {
    const before = order[n - 1];
    return before === undefined || points[at] !== points[before] || points[at + 1] !== points[before + 1];
  });
  if (distinct.length < 3) return distinct.flatMap((at) => [points[at]!, points[at + 1]!]);
  const chain = (along: readonly number[]): number[] => {
    const kept: number[] = [];
    for (const at of along) {
      while (kept.length > 1 && turn(points, kept.at(-2)!, kept.at(-1)!, at) <= 0) kept.pop();
      kept.push(at);
    }
    kept.pop();
    return kept;
  };
  const corners = [...chain(distinct), ...chain(distinct.toReversed())];
  return corners.flatMap((at) => [points[at]!, points[at + 1]!]);
}

/** Above 0 where the way a → b → c turns left. */
function turn(points: ArrayLike<number>, a: number, b: number, c: number): number {
  const [y, x] = [points[a]!, points[a + 1]!];
  return (points[b]! - y) * (points[c + 1]! - x) - (points[b + 1]! - x) * (points[c]! - y);
}

/**
 * Number of pixels whose centre lies in or on the convex hull of pixels, each pixel taken as the diamond of the middles of
 * its edges: `skimage.measure.regionprops`' `area_convex`.
 *
 * @param pixels  y and x of pixels that hold all corners of the hull of the centres
 */
export function convexPixelCount(pixels: ArrayLike<number>): number {
  // On a lattice of half pixels every corner is a whole number.
  const middles: number[] = [];
  for (let i = 0; i < pixels.length; i += 2) {
    const [y, x] = [2 * pixels[i]!, 2 * pixels[i + 1]!];
    middles.push(y - 1, x, y + 1, x, y, x - 1, y, x + 1);
  }
  const hull = convexHull(middles);
  const ys = hull.filter((_, i) => i % 2 === 0);
  const top = ys.reduce((least, y) => Math.min(least, y), Number.POSITIVE_INFINITY);
  const bottom = ys.reduce((most, y) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  let count = 0;
  for (let y = Math.ceil(top / 2); 2 * y <= bottom; y++) count += pixelsInRow(hull, 2 * y);
  return count;
}

/** Pixel centres (even x) of an even row between the polygon's two sides, both included. */
function pixelsInRow(hull: Hull, y: number): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < hull.length; i += 2) {
    const next = (i + 2) % hull.length;
    const [y0, x0, y1, x1] = [hull[i]!, hull[i + 1]!, hull[next]!, hull[next + 1]!];
    if (Math.min(y0, y1) > y || Math.max(y0, y1) < y) continue;
    const rise = y1 - y0;
    // Numerators are whole numbers, so that floor and ceil of the quotient are exact.
    const at = rise === 0 ? [x0, x1] : [(x0 * rise + (y - y0) * (x1 - x0)) / rise];
    for (const x of at) {
      first = Math.min(first, Math.ceil(x / 2));
      last = Math.max(last, Math.floor(x / 2));
    }
  }
  return Math.max(0, last - first + 1);
}
