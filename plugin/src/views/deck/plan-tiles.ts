import { type Box, type DrawLevel, elementsBox } from './draw-level.ts';

/** What is on screen. */
export interface TileView {
  readonly box: Box;
  /** log2 of screen pixels a finest pixel. */
  readonly zoom: number;
}

export interface TileRef {
  readonly level: number;
  readonly col: number;
  readonly row: number;
  readonly box: Box;
}

export interface TilePlan {
  /** Level that suits the zoom. */
  readonly target: number;
  /** Tiles of the target level that are on screen, nearest to the centre first. */
  readonly visible: readonly TileRef[];
  /** What to load, most urgent first: coarser levels before finer, near before far, then a ring around the view. */
  readonly wanted: readonly TileRef[];
}

export interface PlanOptions {
  /** `ends`: the coarsest and the target level; `all`: those between too. */
  readonly through: 'ends' | 'all';
  /** A level with more tiles than this on screen is too fine to be drawn. */
  readonly tileLimit: number;
  /** Load a ring of tiles beyond the view. */
  readonly prefetch: boolean;
}

/**
 * Choose level and tiles for a view. The level is the coarsest whose pixels are not larger than a screen
 * pixel (half a pixel of slack), so nothing is loaded that cannot be seen.
 */
export function planTiles(levels: readonly DrawLevel[], view: TileView, options: PlanOptions): TilePlan {
  const target = targetLevel(levels, view, options.tileLimit);
  const level = levels[target];
  if (level === undefined) return { target: 0, visible: [], wanted: [] };
  const visible = tilesIn(level, target, view.box);
  const wanted: TileRef[] = [];
  for (let coarser = levels.length - 1; coarser > target; coarser--) {
    if (options.through === 'ends' && coarser !== levels.length - 1) continue;
    wanted.push(...tilesIn(levels[coarser]!, coarser, view.box));
  }
  wanted.push(...visible);
  if (options.prefetch) {
    const ring = tilesIn(level, target, grown(view.box, level));
    const seen = new Set(visible.map(tileKey));
    wanted.push(...ring.filter((tile) => !seen.has(tileKey(tile))));
  }
  return { target, visible, wanted };
}

export function tileKey(tile: Pick<TileRef, 'level' | 'col' | 'row'>): string {
  return `${tile.level}/${tile.row}/${tile.col}`;
}

/** Screen pixels a level's pixel may be short of one before the next finer level is taken: 1.5. */
const slack = 1.5;

function targetLevel(levels: readonly DrawLevel[], view: TileView, tileLimit: number): number {
  const coarsest = levels.length - 1;
  const screenPerFinest = 2 ** view.zoom;
  let target = 0;
  for (let index = coarsest; index >= 0; index--) {
    target = index;
    if (levels[index]!.pixelScale * screenPerFinest <= slack) break;
  }
  // Of two of one size the first is the better; the other stands in for it.
  while (target > 0 && levels[target - 1]!.pixelScale === levels[target]!.pixelScale) target--;
  while (target < coarsest && countIn(levels[target]!, view.box) > tileLimit) target++;
  return target;
}

interface Range {
  readonly col0: number;
  readonly col1: number;
  readonly row0: number;
  readonly row1: number;
}

function rangeIn(level: DrawLevel, box: Box): Range {
  const width = level.tileWidthPx * level.scaleX;
  const height = level.tileHeightPx * level.scaleY;
  return {
    col0: Math.max(0, Math.floor((box[0] - level.offsetX) / width)),
    row0: Math.max(0, Math.floor((box[1] - level.offsetY) / height)),
    col1: Math.min(level.cols, Math.ceil((box[2] - level.offsetX) / width)),
    row1: Math.min(level.rows, Math.ceil((box[3] - level.offsetY) / height)),
  };
}

function countIn(level: DrawLevel, box: Box): number {
  const { col0, col1, row0, row1 } = rangeIn(level, box);
  return Math.max(0, col1 - col0) * Math.max(0, row1 - row0);
}

/** Tiles of a level that touch a box, nearest to the box's centre first. */
export function tilesIn(level: DrawLevel, index: number, box: Box): TileRef[] {
  const { col0, col1, row0, row1 } = rangeIn(level, box);
  const tiles: TileRef[] = [];
  for (let row = row0; row < row1; row++) {
    for (let col = col0; col < col1; col++)
      tiles.push({ level: index, col, row, box: tileBox(level, col, row) });
  }
  const x = (box[0] + box[2]) / 2;
  const y = (box[1] + box[3]) / 2;
  const distance = ({ box: [x0, y0, x1, y1] }: TileRef) => Math.hypot((x0 + x1) / 2 - x, (y0 + y1) / 2 - y);
  return tiles.sort((a, b) => distance(a) - distance(b));
}

export function tileBox(level: DrawLevel, col: number, row: number): Box {
  const x0 = col * level.tileWidthPx;
  const y0 = row * level.tileHeightPx;
  const x1 = Math.min(level.widthPx, x0 + level.tileWidthPx);
  const y1 = Math.min(level.heightPx, y0 + level.tileHeightPx);
  return elementsBox(level, x0, y0, x1, y1);
}

function grown(box: Box, level: DrawLevel): Box {
  const x = level.tileWidthPx * level.scaleX;
  const y = level.tileHeightPx * level.scaleY;
  return [box[0] - x, box[1] - y, box[2] + x, box[3] + y];
}
