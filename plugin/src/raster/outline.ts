/** Corners of a closed line along the edges of pixels, x and y in turn, the first not repeated at the end. */
export type Ring = readonly number[];

/** One piece of an object: its outer border and those of its holes. */
export interface Polygon {
  readonly outer: Ring;
  readonly holes: readonly Ring[];
}

/** Steps along x and y of the four directions, clockwise on the screen: right, down, left, up. */
const stepX = [1, 0, -1, 0] as const;
const stepY = [0, 1, 0, -1] as const;
/** Positions of corners are numbered with this many a row. */
const rowLength = 2 ** 26;

/**
 * The border of one object, gathered piece by piece and in any order: edges between a pixel of it and one that is not, with the
 * object on their right on the screen (y down).
 */
export class Outline {
  /** x, y, direction, length. */
  readonly #edges: number[] = [];

  /** Edges from corner (x, y) on, `length` pixels in a `direction`: 0 right, 1 down, 2 left, 3 up. */
  add(x: number, y: number, direction: 0 | 1 | 2 | 3, length: number): void {
    this.#edges.push(x, y, direction, length);
  }

  /** The edges of pixels `x0 … x1` of row `y`, all of the object; `holds` tells of any pixel whether it is too. */
  addRun(y: number, x0: number, x1: number, holds: (y: number, x: number) => boolean): void {
    if (!holds(y, x0 - 1)) this.add(x0, y + 1, 3, 1);
    if (!holds(y, x1)) this.add(x1, y, 1, 1);
    stretches(
      x0,
      x1,
      (x) => !holds(y - 1, x),
      (from, to) => this.add(from, y, 0, to - from),
    );
    stretches(
      x0,
      x1,
      (x) => !holds(y + 1, x),
      (from, to) => this.add(to, y + 1, 2, to - from),
    );
  }

  /**
   * The pieces that hang together by edges, each a polygon without self-intersections whose holes are those of its own.
   * By numbers (y up) outer rings run counter-clockwise and holes clockwise.
   */
  polygons(): Polygon[] {
    const rings = this.#rings().flatMap(simpleRings).map(withArea);
    const outers = rings.filter(({ area }) => area > 0).sort((a, b) => a.area - b.area);
    const polygons = outers.map(({ ring }) => ({ outer: ring, holes: [] as Ring[] }));
    for (const { ring, area } of rings) {
      if (area > 0) continue;
      const [x, y] = pixelBeside(ring);
      // The smallest one around it: an island in a hole lies in the outer ring too.
      const owner = outers.findIndex(({ ring: outer }) => isInside(outer, x, y));
      polygons[owner]?.holes.push(ring);
    }
    return polygons;
  }

  #rings(): number[][] {
    const edges = this.#edges;
    const outgoing = new Map<number, number[]>();
    for (let edge = 0; edge < edges.length; edge += 4) {
      const corner = edges[edge + 1]! * rowLength + edges[edge]!;
      const known = outgoing.get(corner);
      if (known === undefined) outgoing.set(corner, [edge]);
      else known.push(edge);
    }
    const rings: number[][] = [];
    const isUsed = new Uint8Array(edges.length / 4);
    for (let first = 0; first < edges.length; first += 4) {
      if (isUsed[first / 4] === 0) rings.push(this.#follow(first, outgoing, isUsed));
    }
    return rings;
  }

  #follow(first: number, outgoing: ReadonlyMap<number, readonly number[]>, isUsed: Uint8Array): number[] {
    const edges = this.#edges;
    const ring: number[] = [];
    let edge = first;
    do {
      isUsed[edge / 4] = 1;
      const direction = edges[edge + 2]! as 0 | 1 | 2 | 3;
      const x = edges[edge]! + stepX[direction] * edges[edge + 3]!;
      const y = edges[edge + 1]! + stepY[direction] * edges[edge + 3]!;
      // Right before straight on before left: where pixels touch at a corner the line stays with its pixel.
      const next = [...(outgoing.get(y * rowLength + x) ?? [])]
        .filter((candidate) => isUsed[candidate / 4] === 0 || candidate === first)
        .sort((a, b) => turnOf(direction, edges[a + 2]!) - turnOf(direction, edges[b + 2]!))[0];
      if (next === undefined) break;
      if (edges[next + 2] !== direction) ring.push(x, y);
      edge = next;
    } while (edge !== first);
    return ring;
  }
}

/**
 * The borders of a mask's pieces.
 *
 * @param mask  [height, width], C order; not 0 is inside
 */
export function maskPolygons(mask: ArrayLike<number>, heightPx: number, widthPx: number): Polygon[] {
  const outline = new Outline();
  const holds = (y: number, x: number): boolean =>
    y >= 0 && x >= 0 && y < heightPx && x < widthPx && mask[y * widthPx + x] !== 0;
  for (let y = 0; y < heightPx; y++) {
    stretches(
      0,
      widthPx,
      (x) => holds(y, x),
      (from, to) => outline.addRun(y, from, to, holds),
    );
  }
  return outline.polygons();
}

/** Longest half-open stretches of `start … stop` where `isIn`. */
function stretches(
  start: number,
  stop: number,
  isIn: (x: number) => boolean,
  visit: (from: number, to: number) => void,
): void {
  for (let x = start; x < stop; ) {
    const from = x;
    while (x < stop && isIn(x)) x++;
    if (x > from) visit(from, x);
    else x++;
  }
}

/** 0 right, 1 straight on, 2 left. */
function turnOf(from: number, to: number): number {
  return [1, 0, 3, 2][(to - from + 4) % 4]!;
}

/** A line that comes to a corner twice as lines that do so once. */
function simpleRings(ring: readonly number[]): Ring[] {
  const rings: Ring[] = [];
  const path: number[] = [];
  const placeOf = new Map<number, number>();
  for (let i = 0; i < ring.length; i += 2) {
    const corner = ring[i + 1]! * rowLength + ring[i]!;
    const before = placeOf.get(corner);
    if (before !== undefined) {
      const loop = path.splice(before);
      for (let k = 2; k < loop.length; k += 2) placeOf.delete(loop[k + 1]! * rowLength + loop[k]!);
      rings.push(loop);
    }
    placeOf.set(corner, path.length);
    path.push(ring[i]!, ring[i + 1]!);
  }
  return path.length > 0 ? [...rings, path] : rings;
}

function withArea(ring: Ring): { readonly ring: Ring; readonly area: number } {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    twice += ring[i]! * ring[next + 1]! - ring[next]! * ring[i + 1]!;
  }
  return { ring, area: twice / 2 };
}

/** Centre of the object's pixel at the right of a ring's first edge. */
function pixelBeside(ring: Ring): [x: number, y: number] {
  const [x, y] = [ring[0]!, ring[1]!];
  const [dx, dy] = [Math.sign(ring[2]! - x), Math.sign(ring[3]! - y)];
  return [x + dx / 2 - dy / 2, y + dy / 2 + dx / 2];
}

function isInside(ring: Ring, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0; i < ring.length; i += 2) {
    const next = (i + 2) % ring.length;
    // Only upright edges cross the ray to the right.
    const [top, bottom] = [Math.min(ring[i + 1]!, ring[next + 1]!), Math.max(ring[i + 1]!, ring[next + 1]!)];
    if (y > top && y < bottom && ring[i]! > x) inside = !inside;
  }
  return inside;
}
