import { axisIndex, chunkCounts, type LazyArray } from '../array/lazy-array.ts';
import { chunkRegion } from '../array/region.ts';
import { type UncertaintyKind, uncertaintyOf } from './uncertainty.ts';

/** A place where a stroke would tell most. */
export interface Suggestion {
  readonly t: number;
  readonly z: number;
  /** Its middle, in pixels of the scores' level. */
  readonly y: number;
  readonly x: number;
  /** Mean uncertainty of its pixels, 0 to 1. */
  readonly uncertainty: number;
}

export interface SuggestOptions {
  /** Length of the list. */
  readonly count: number;
  /** Classes that have samples. */
  readonly active: number;
  /** Default margin. */
  readonly kind?: UncertaintyKind;
  /** Side of a place in pixels. Default 32. */
  readonly placePx?: number;
  readonly slices: { readonly z: readonly number[]; readonly t: readonly number[] };
  /** Chunks looked at, at most. Default 64: the whole of a small image, a sample of a large one. */
  readonly chunkLimit?: number;
  /** Places that have a stroke already, in pixels of the level. */
  readonly isPainted?: (place: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>) => boolean;
  readonly signal?: AbortSignal;
}

const defaultPlacePx = 32;
const defaultChunkLimit = 64;

/**
 * "Label here next": places ranked by how unsure the classifier is of them. Chunks are looked at from a coarse grid over the
 * whole image to a finer one, so that the first lists speak of the whole image already; places of one list lie apart.
 *
 * @param scores  float32 [t?, z?, y, x, c], probabilities
 * @returns       a better list after every chunk, most unsure first
 */
export async function* suggestPlaces(
  scores: LazyArray<'float32'>,
  options: SuggestOptions,
): AsyncGenerator<readonly Suggestion[]> {
  const { count, slices, signal, chunkLimit = defaultChunkLimit } = options;
  const found: Suggestion[] = [];
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
        found.sort((a, b) => b.uncertainty - a.uncertainty);
        yield apart(found, count, options.placePx ?? defaultPlacePx);
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

async function placesOf(
  scores: LazyArray<'float32'>,
  index: readonly number[],
  at: { readonly t: number; readonly z: number },
  { active, kind = 'margin', placePx = defaultPlacePx, isPainted, signal }: SuggestOptions,
): Promise<Suggestion[]> {
  const chunk = await scores.getChunk(index, signal ? { signal } : {});
  const [height = 0, width = 0, classes = 1] = chunk.shape.slice(-3);
  const { start } = chunkRegion(scores, index);
  const [y0 = 0, x0 = 0] = start.slice(-3);
  const values = uncertaintyOf(chunk.data, kind, classes, active);
  const places: Suggestion[] = [];
  for (let top = 0; top < height; top += placePx) {
    for (let left = 0; left < width; left += placePx) {
      const bottom = Math.min(height, top + placePx);
      const right = Math.min(width, left + placePx);
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += values[y * width + x]!;
      const place = { ...at, y: y0 + (top + bottom) / 2, x: x0 + (left + right) / 2 };
      if (isPainted?.(place)) continue;
      places.push({ ...place, uncertainty: sum / ((bottom - top) * (right - left)) });
    }
  }
  return places;
}

/** The first ones that are no neighbours of each other. */
function apart(ranked: readonly Suggestion[], count: number, placePx: number): Suggestion[] {
  const kept: Suggestion[] = [];
  for (const place of ranked) {
    if (kept.length === count) break;
    const near = kept.some(
      ({ t, z, y, x }) =>
        t === place.t && z === place.z && Math.hypot(y - place.y, x - place.x) < 2 * placePx,
    );
    if (!near) kept.push(place);
  }
  return kept;
}
