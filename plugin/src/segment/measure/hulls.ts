import { convexHull } from '../../raster/convex-hull.ts';

/** Points gathered of an object before they are reduced to the corners of their hull. */
const pointsKept = 128;

/** Corners of the convex hulls of objects whose pixels come in any order, in memory that their outlines' size does not grow. */
export class ObjectHulls {
  readonly #points: number[][] = [];
  readonly #reducedTo: number[] = [];

  /** Both ends of a stretch of pixels of row `y`. */
  addRun(object: number, y: number, start: number, stop: number): void {
    const points = this.#points[object] ?? [];
    points.push(y, start);
    if (stop - start > 1) points.push(y, stop - 1);
    this.#points[object] = points;
    if (points.length < 2 * Math.max(pointsKept, 2 * (this.#reducedTo[object] ?? 0))) return;
    this.#points[object] = [...convexHull(points)];
    this.#reducedTo[object] = this.#points[object].length / 2;
  }

  /** Pixels, y and x in turn, that hold all corners of the hull. */
  corners(object: number): readonly number[] {
    return convexHull(this.#points[object] ?? []);
  }
}
