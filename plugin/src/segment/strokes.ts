import { areaRuns } from '../raster/area.ts';
import { type RasterLevel, type Run, strokeRuns } from '../raster/brush.ts';
import type { Stroke } from './types.ts';

/** A person's strokes, and what undo and redo lead to. Immutable: every change is a new history. */
export interface StrokeHistory {
  /** In the order painted. */
  readonly strokes: readonly Stroke[];
  /** Earlier states, latest last. */
  readonly past: readonly (readonly Stroke[])[];
  /** Undone states, latest undone last. */
  readonly future: readonly (readonly Stroke[])[];
}

const emptyHistory: StrokeHistory = { strokes: [], past: [], future: [] };

/** The changes of a {@link StrokeHistory}: pure functions. Undo and redo with nothing left change nothing. */
export const strokeHistory = {
  empty: emptyHistory,
  canUndo: (history: StrokeHistory): boolean => history.past.length > 0,
  canRedo: (history: StrokeHistory): boolean => history.future.length > 0,
  /** Strokes added together are undone together. */
  add: (history: StrokeHistory, ...strokes: readonly Stroke[]): StrokeHistory =>
    strokes.length === 0 ? history : withStrokes(history, [...history.strokes, ...strokes]),
  /** Take all strokes away; can be undone. */
  clear: (history: StrokeHistory): StrokeHistory =>
    history.strokes.length === 0 ? history : withStrokes(history, []),
  undo(history: StrokeHistory): StrokeHistory {
    const strokes = history.past.at(-1);
    if (strokes === undefined) return history;
    return { strokes, past: history.past.slice(0, -1), future: [...history.future, history.strokes] };
  },
  redo(history: StrokeHistory): StrokeHistory {
    const strokes = history.future.at(-1);
    if (strokes === undefined) return history;
    return { strokes, past: [...history.past, history.strokes], future: history.future.slice(0, -1) };
  },
  /**
   * The class at `index` has left the class list: its strokes go and later classes move up, in the past and
   * the future too, since undo does not bring a class back.
   */
  removeClass(history: StrokeHistory, index: number): StrokeHistory {
    const renumbered = (strokes: readonly Stroke[]) =>
      strokes
        .filter((stroke) => stroke.classIndex !== index)
        .map((stroke) =>
          stroke.classIndex !== null && stroke.classIndex > index
            ? { ...stroke, classIndex: stroke.classIndex - 1 }
            : stroke,
        );
    return {
      strokes: renumbered(history.strokes),
      past: history.past.map(renumbered),
      future: history.future.map(renumbered),
    };
  },
} as const;

function withStrokes(history: StrokeHistory, strokes: readonly Stroke[]): StrokeHistory {
  return { strokes, past: [...history.past, history.strokes], future: [] };
}

/** Pixels of a level that a stroke covers, line or area. */
export function runsOf({ points, radiusPx, rings }: Omit<Stroke, 'id'>, level: RasterLevel): Run[] {
  return rings === undefined ? strokeRuns(points, radiusPx, level) : areaRuns(rings, level);
}

/** Edge of the tiles that labelled pixels are gathered in. */
const strokeTilePx = 128;

/** Labelled pixels of one tile of one slice of a level. */
export interface LabelledTile {
  readonly t: number;
  readonly z: number;
  /** First row and column, in pixels of the level. */
  readonly y0: number;
  readonly x0: number;
  readonly heightPx: number;
  readonly widthPx: number;
  /** uint16 [height, width]: class index + 1, 0 where nobody painted. */
  readonly mask: Uint16Array;
  /** int32 [height, width]: number of the group of strokes, by first appearance; means nothing where nobody painted. */
  readonly groups: Int32Array;
}

/**
 * Paint strokes onto a level, in order: later ones win, and one without a class erases what lies beneath it.
 * Only tiles that strokes touch take memory.
 *
 * @returns  tiles that hold a labelled pixel, ordered by t, z, row, column
 */
export function paintStrokes(strokes: readonly Stroke[], level: RasterLevel): LabelledTile[] {
  const tiles = new Map<string, LabelledTile>();
  const groups = new Map<string, number>();
  for (const stroke of strokes) {
    const name = stroke.group ?? stroke.id;
    const group = groups.get(name) ?? groups.size;
    groups.set(name, group);
    for (const run of runsOf(stroke, level)) {
      for (let x = run.x0; x < run.x1; ) {
        const next = Math.min(run.x1, x - (x % strokeTilePx) + strokeTilePx);
        const tile = tileAt(tiles, stroke, level, run.y, x);
        // Where nothing is painted there is nothing to erase.
        if (tile === undefined) {
          x = next;
          continue;
        }
        const base = (run.y - tile.y0) * tile.widthPx - tile.x0;
        tile.mask.fill(stroke.classIndex === null ? 0 : stroke.classIndex + 1, base + x, base + next);
        tile.groups.fill(group, base + x, base + next);
        x = next;
      }
    }
  }
  return [...tiles.values()]
    .filter((tile) => tile.mask.some((label) => label > 0))
    .sort((a, b) => a.t - b.t || a.z - b.z || a.y0 - b.y0 || a.x0 - b.x0);
}

function tileAt(
  tiles: Map<string, LabelledTile>,
  { t, z, classIndex }: Stroke,
  level: RasterLevel,
  y: number,
  x: number,
): LabelledTile | undefined {
  const y0 = y - (y % strokeTilePx);
  const x0 = x - (x % strokeTilePx);
  const key = `${t}/${z}/${y0}/${x0}`;
  let tile = tiles.get(key);
  if (tile === undefined && classIndex !== null) {
    const heightPx = Math.min(strokeTilePx, level.heightPx - y0);
    const widthPx = Math.min(strokeTilePx, level.widthPx - x0);
    const pixels = heightPx * widthPx;
    tile = { t, z, y0, x0, heightPx, widthPx, mask: new Uint16Array(pixels), groups: new Int32Array(pixels) };
    tiles.set(key, tile);
  }
  return tile;
}
