import type { Box, DrawLevel } from './draw-level.ts';
import { type TilePlan, type TileRef, tilesIn } from './plan-tiles.ts';

/** A rectangle to draw with part of a tile. */
export interface Quad {
  readonly tile: TileRef;
  readonly box: Box;
  /** Part of the tile that is drawn: `[u0, v0, u1, v1]`, 0 to 1, v downwards. */
  readonly uv: Box;
}

/**
 * Cover the view without overlap: every visible tile that is ready is drawn, the place of one that is not
 * is filled from the nearest coarser level that has it. Nothing overlaps, so a half-transparent layer is
 * equally transparent everywhere.
 */
export function coverView(
  levels: readonly DrawLevel[],
  plan: TilePlan,
  options: {
    readonly isReady: (tile: TileRef) => boolean;
    /** Nothing is drawn outside: tokens at the far edges reach beyond the image. */
    readonly clip: Box;
  },
): Quad[] {
  const { isReady, clip } = options;
  const quads: Quad[] = [];
  const fill = (box: Box, from: number): void => {
    const level = levels[from];
    if (level === undefined) return;
    for (const tile of tilesIn(level, from, box)) {
      const part = intersection(tile.box, box);
      if (part === null) continue;
      if (isReady(tile)) quads.push(quad(tile, part));
      else fill(part, from + 1);
    }
  };
  for (const tile of plan.visible) {
    const part = intersection(tile.box, clip);
    if (part === null) continue;
    if (isReady(tile)) quads.push(quad(tile, part));
    else fill(part, plan.target + 1);
  }
  return quads;
}

function quad(tile: TileRef, box: Box): Quad {
  const [x0, y0, x1, y1] = tile.box;
  const u = (x: number) => (x - x0) / (x1 - x0);
  const v = (y: number) => (y - y0) / (y1 - y0);
  return { tile, box, uv: [u(box[0]), v(box[1]), u(box[2]), v(box[3])] };
}

function intersection(a: Box, b: Box): Box | null {
  const box: Box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}
