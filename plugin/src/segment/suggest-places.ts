import { axisIndex, chunkCounts, type LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { uncertaintyOf } from './uncertainty.ts';

/** A place where a stroke would tell most. */
export interface Suggestion {
  readonly t: number;
  readonly z: number;
  /** Its middle, in pixels of the scores' level. */
  readonly y: number;
  readonly x: number;
  /** Mean uncertainty of the few pixels around it, 0 to 1. */
  readonly uncertainty: number;
}

export interface SuggestOptions {
  /** Length of the list. */
  readonly count: number;
  /** How often each class was painted, see {@link strokesPerClass}. */
  readonly strokesPerClass: readonly number[];
  readonly slices: { readonly z: readonly number[]; readonly t: readonly number[] };
  /** Chunks looked at, at most. Default 64: the whole of a small image, a sample of a large one. */
  readonly chunkLimit?: number;
  /** Places near a stroke, in pixels of the level: they come after all others. */
  readonly isPainted?: (place: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>) => boolean;
  /** Places that need no look, in pixels of the level: they are left out. */
  readonly isSettled?: (place: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Side of the cells whose uncertainty is averaged. Measured (docs/benchmarks.md, "Label here next"): averages over more pixels are
 * highest where many boundaries lie, and a stroke there tells little.
 */
const cellPx = 8;
/** Cells along a side of a block, of which one place is kept. */
const blockCells = 4;
const apartPx = 2 * blockCells * cellPx;
const defaultChunkLimit = 64;

/** A place and what a stroke there would tell, in no unit; near a stroke less than nothing. */
interface Ranked {
  readonly place: Suggestion;
  readonly worth: number;
}

/**
 * "Label here next": places ranked by how unsure the classifier is of them and how little was painted of what they may be. Chunks
 * are looked at from a coarse grid over the whole image to a finer one, so that the first lists speak of the whole image already;
 * places of one list lie apart.
 *
 * @param scores  float32 [t?, z?, y, x, c], probabilities
 * @returns       a better list after every chunk, what would tell most first
 */
export async function* suggestPlaces(
  scores: LazyArray<'float32'>,
  options: SuggestOptions,
): AsyncGenerator<readonly Suggestion[]> {
  const { count, slices, signal, chunkLimit = defaultChunkLimit } = options;
  const found: Ranked[] = [];
  const [rows = 1, cols = 1] = chunkCounts(scores).slice(-3);
  let looked = 0;
  for (const { row, col } of coarseToFine(rows, cols)) {
    for (const t of slices.t) {
      for (const z of slices.z) {
        if (looked++ >= chunkLimit) return;
        signal?.throwIfAborted();
        const slice = [
          ...(axisIndex(scores.axes, 't') === -1 ? [] : [t]),
          ...(axisIndex(scores.axes, 'z') === -1 ? [] : [z]),
        ];
        found.push(...(await placesOf(scores, [...slice, row, col, 0], { t, z }, options)));
        found.sort((a, b) => b.worth - a.worth);
        yield apart(found, count);
      }
    }
  }
}

/** Positions of a grid, every `2^n`-th first, then those between. */
function coarseToFine(rows: number, cols: number): { readonly row: number; readonly col: number }[] {
  const positions = Array.from({ length: rows * cols }, (_, i) => ({
    row: Math.floor(i / cols),
    col: i % cols,
  }));
  // How often both can be halved says on how coarse a grid a position lies.
  const coarseness = (value: number): number => (value === 0 ? 32 : 31 - Math.clz32(value & -value));
  const rank = ({ row, col }: { row: number; col: number }) => Math.min(coarseness(row), coarseness(col));
  return positions.sort((a, b) => rank(b) - rank(a) || a.row - b.row || a.col - b.col);
}

/** The place of each block of cells that would tell most. */
async function placesOf(
  scores: LazyArray<'float32'>,
  index: readonly number[],
  slice: { readonly t: number; readonly z: number },
  { strokesPerClass, isPainted, isSettled, signal }: SuggestOptions,
): Promise<Ranked[]> {
  const chunk = await scores.getChunk(index, signal ? { signal } : {});
  const { start } = chunkRegion(scores, index);
  const [y0 = 0, x0 = 0] = start.slice(-3);
  const cells = cellsOf(chunk, strokesPerClass);
  const places: Ranked[] = [];
  for (let top = 0; top < cells.rows; top += blockCells) {
    for (let left = 0; left < cells.cols; left += blockCells) {
      const block: Ranked[] = [];
      for (let row = top; row < Math.min(cells.rows, top + blockCells); row++) {
        for (let col = left; col < Math.min(cells.cols, left + blockCells); col++) {
          const at = row * cells.cols + col;
          const [y, x] = [y0 + cells.middleY(row), x0 + cells.middleX(col)];
          block.push({
            place: { ...slice, y, x, uncertainty: cells.uncertainty[at]! },
            worth: cells.worth[at]!,
          });
        }
      }
      block.sort((a, b) => b.worth - a.worth);
      // Nothing is asked of what is certain, such as all that lies outside a region.
      const open = block.filter(({ place, worth }) => worth > 0 && isSettled?.(place) !== true);
      const best = open.find(({ place }) => isPainted?.(place) !== true);
      const last = open[0];
      if (best !== undefined) places.push(best);
      // Less worth than any other, and among themselves in order.
      else if (last !== undefined) places.push({ ...last, worth: last.worth - 1 });
    }
  }
  return places;
}

/**
 * Uncertainty and worth of the cells of a chunk. Worth is the mean over pixels of uncertainty times Σ pₖ / (1 + nₖ), n the strokes
 * of each class: the one that was painted least wants the next.
 */
function cellsOf(
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
  strokesPerClass: readonly number[],
) {
  const [height = 0, width = 0, classes = 1] = shape.slice(-3);
  const values = uncertaintyOf(data, 'margin', classes, classes);
  const want = Float64Array.from({ length: classes }, (_, k) => 1 / (1 + (strokesPerClass[k] ?? 0)));
  const rows = Math.ceil(height / cellPx);
  const cols = Math.ceil(width / cellPx);
  const uncertainty = new Float64Array(rows * cols);
  const worth = new Float64Array(rows * cols);
  const middle = (cell: number, size: number) => (cell * cellPx + Math.min(size, (cell + 1) * cellPx)) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const at = Math.floor(y / cellPx) * cols + Math.floor(x / cellPx);
      let wanted = 0;
      for (let k = 0; k < classes; k++) wanted += data[pixel * classes + k]! * want[k]!;
      uncertainty[at] = uncertainty[at]! + values[pixel]!;
      worth[at] = worth[at]! + values[pixel]! * wanted;
    }
  }
  for (let at = 0; at < worth.length; at++) {
    const [row, col] = [Math.floor(at / cols), at % cols];
    const area =
      (Math.min(height, (row + 1) * cellPx) - row * cellPx) *
      (Math.min(width, (col + 1) * cellPx) - col * cellPx);
    uncertainty[at] = uncertainty[at]! / area;
    worth[at] = worth[at]! / area;
  }
  return {
    ...{ rows, cols, uncertainty, worth },
    middleY: (row: number) => middle(row, height),
    middleX: (col: number) => middle(col, width),
  };
}

/** The first ones that are no neighbours of each other. */
function apart(ranked: readonly Ranked[], count: number): Suggestion[] {
  const kept: Suggestion[] = [];
  for (const { place } of ranked) {
    if (kept.length === count) break;
    const near = kept.some(
      ({ t, z, y, x }) => t === place.t && z === place.z && Math.hypot(y - place.y, x - place.x) < apartPx,
    );
    if (!near) kept.push(place);
  }
  return kept;
}
