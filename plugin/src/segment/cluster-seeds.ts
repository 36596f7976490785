import type { LazyArray } from '../array/lazy-array.ts';
import { createPacer } from '../array/pacer.ts';
import type { WorkOptions } from '../array/progress.ts';
import { createRandom } from '../array/random.ts';
import { readRegion } from '../array/region.ts';
import { distanceToOther } from '../raster/distance.ts';

/** A pixel well inside an id. */
export interface Seed {
  readonly x: number;
  readonly y: number;
  /** To the nearest pixel of another id, or to what was not looked at; in pixels. */
  readonly depthPx: number;
}

/** Half-open, in pixels. */
export interface SeedArea {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export interface SeedOptions extends WorkOptions {
  readonly id: number;
  /** Indices of the axes before y and x. */
  readonly lead: readonly number[];
  /** Where to look; clipped to the array. */
  readonly area: SeedArea;
  /** Seeds at most. */
  readonly count: number;
  readonly seed: number;
  /** Places that will not do: another window of the cell is tried. */
  readonly isTaken?: (at: { readonly x: number; readonly y: number }) => boolean;
}

/** Side of what is read at a time. */
const windowPx = 256;
/** How often an empty cell is looked at, each time elsewhere. */
const rounds = 3;
/** Nearer to a border than this is not well inside: borders are a few pixels off. */
const leastDepthPx = 4;

/**
 * Places well inside an id, spread over an area: it is divided into `count` cells at most, and each gives the deepest pixel of a
 * window drawn at random in it. A function of labels, area and seed alone; reads 3 windows of 256 × 256 a cell at most.
 *
 * @param labels  ids in axes […, y, x]
 * @returns       by rows of cells; none where the id lies nowhere `leastDepthPx` deep
 */
export async function clusterSeeds(labels: LazyArray, options: SeedOptions): Promise<readonly Seed[]> {
  const { count, seed, signal, onProgress } = options;
  const cells = cellsOf(labels, options.area, count);
  const pause = createPacer(signal);
  const random = createRandom(seed);
  const found: (Seed | undefined)[] = cells.map(() => undefined);
  let done = 0;
  const startMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    for (const [index, cell] of cells.entries()) {
      done++;
      // Drawn whether or not it is used, so that one cell's luck does not move the others' windows.
      const draw = [random(), random()] as const;
      if (found[index] !== undefined) continue;
      await pause();
      found[index] = await deepest(labels, windowIn(cell, draw), options);
      const total = cells.length * rounds;
      onProgress?.({ done, total, etaMs: ((performance.now() - startMs) / done) * (total - done) });
    }
  }
  return found.filter((place) => place !== undefined);
}

/** The area in cells that are about square. */
function cellsOf(labels: LazyArray, area: SeedArea, count: number): readonly SeedArea[] {
  const [height = 0, width = 0] = labels.shape.slice(-2);
  const x0 = Math.max(0, Math.floor(area.x0));
  const y0 = Math.max(0, Math.floor(area.y0));
  const across = Math.min(width, Math.ceil(area.x1)) - x0;
  const down = Math.min(height, Math.ceil(area.y1)) - y0;
  if (across <= 0 || down <= 0) return [];
  const columns = Math.max(1, Math.min(count, across, Math.round(Math.sqrt((count * across) / down))));
  const rows = Math.max(1, Math.min(Math.floor(count / columns), down));
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return {
      x0: x0 + Math.floor((across * column) / columns),
      x1: x0 + Math.floor((across * (column + 1)) / columns),
      y0: y0 + Math.floor((down * row) / rows),
      y1: y0 + Math.floor((down * (row + 1)) / rows),
    };
  });
}

function windowIn({ x0, y0, x1, y1 }: SeedArea, [drawnX, drawnY]: readonly [number, number]): SeedArea {
  const place = (from: number, to: number, drawn: number) =>
    from + Math.floor(drawn * (Math.max(0, to - from - windowPx) + 1));
  const [left, top] = [place(x0, x1, drawnX), place(y0, y1, drawnY)];
  return { x0: left, y0: top, x1: Math.min(x1, left + windowPx), y1: Math.min(y1, top + windowPx) };
}

async function deepest(
  labels: LazyArray,
  { x0, y0, x1, y1 }: SeedArea,
  { id, lead, signal, isTaken }: SeedOptions,
): Promise<Seed | undefined> {
  const region = { start: [...lead, y0, x0], stop: [...lead.map((index) => index + 1), y1, x1] };
  const { data } = await readRegion(labels, region, signal ? { signal } : {});
  const [rows, columns] = [y1 - y0, x1 - x0];
  const ids = Uint32Array.from({ length: rows * columns }, (_, i) => (Number(data[i]) === id ? 1 : 0));
  const depths = distanceToOther(ids, [1, rows, columns], [1, 1, 1]);
  let best: Seed | undefined;
  depths.forEach((depth, i) => {
    if (depth === 0) return;
    const [row, column] = [Math.floor(i / columns), i % columns];
    const depthPx = Math.min(depth, row + 1, column + 1, rows - row, columns - column);
    if (depthPx < leastDepthPx || depthPx <= (best?.depthPx ?? 0)) return;
    best = { x: x0 + column, y: y0 + row, depthPx };
  });
  return best !== undefined && isTaken?.(best) === true ? undefined : best;
}
