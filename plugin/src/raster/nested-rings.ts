import type { Polygon, Ring } from './outline.ts';

/** Rings that bound an area by the even-odd rule as polygons with their holes; rings may touch, not cross. */
export function nestedRings(rings: readonly Ring[]): Polygon[] {
  const [only] = rings;
  if (rings.length === 1 && only !== undefined) return [{ outer: only, holes: [] }];
  const around = rings.map((ring) =>
    rings.flatMap((other, i) => (other !== ring && holdsMiddle(other, ring) ? [i] : [])),
  );
  const isHole = (i: number): boolean => around[i]!.length % 2 === 1;
  const polygons = new Map<number, { readonly outer: Ring; readonly holes: Ring[] }>();
  rings.forEach((outer, i) => {
    if (!isHole(i)) polygons.set(i, { outer, holes: [] });
  });
  rings.forEach((ring, i) => {
    // The innermost ring around a hole is the one that most others lie around.
    const [owner] = isHole(i) ? [...around[i]!].sort((a, b) => around[b]!.length - around[a]!.length) : [];
    if (owner !== undefined) polygons.get(owner)?.holes.push(ring);
  });
  return [...polygons.values()];
}

/** Whether the middle of a ring's first edge lies in another: corners may be shared, edges are not. */
function holdsMiddle(ring: Ring, of: Ring): boolean {
  const x = (of[0]! + of[2]!) / 2;
  const y = (of[1]! + of[3]!) / 2;
  let inside = false;
  for (let i = 0; i + 1 < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[next]!, ring[next + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
