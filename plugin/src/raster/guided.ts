/**
 * Joint bilateral upsampling: how much the grid elements around a pixel count, by how near they are and by how
 * alike a guide (the image) is at the pixel and at the element.
 *
 * Source: Kopf et al., "Joint bilateral upsampling", SIGGRAPH 2007.
 */
export interface GuidedGrid {
  readonly rows: number;
  readonly cols: number;
  /** float32 [rows, cols], the guide at each element. */
  readonly guide: Float32Array;
}

/** Elements along an axis that a pixel reads. */
const reach = 4;
/** Standard deviation of nearness, in elements: at the edge of the reach the weight is below 2 %. */
const nearness = 0.7;
/** Standard deviation of likeness: a tenth of the range from black to white. */
const likeness = 0.1;
/** Unlike elements keep this much, so that a pixel like none of them gets their mean. */
const leastLikeness = 1e-3;
const tableSize = 1024;

/** Likeness by difference of guides in units of 1 / tableSize of the range; beyond it the least. */
const likenessTable = Float32Array.from({ length: tableSize + 1 }, (_, i) =>
  Math.max(leastLikeness, Math.exp(-0.5 * (i / tableSize / likeness) ** 2)),
);

/** Nearest elements of one axis for each pixel, with their weights by distance. */
export interface GuidedTaps {
  /** Elements of the piece at hand, `reach` a pixel; -1 beyond the grid. */
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

/**
 * @param count     pixels
 * @param size      elements of the whole axis
 * @param origin    first element of the piece at hand
 * @param position  of pixel i on the axis, in elements of the whole axis
 */
export function guidedTaps(options: {
  readonly count: number;
  readonly size: number;
  readonly origin: number;
  readonly position: (i: number) => number;
}): GuidedTaps {
  const { count, size, origin, position } = options;
  const index = new Int32Array(count * reach);
  const weight = new Float32Array(count * reach);
  for (let i = 0; i < count; i++) {
    const at = position(i);
    const first = Math.floor(at) - reach / 2 + 1;
    for (let tap = 0; tap < reach; tap++) {
      const element = first + tap;
      const inside = element >= 0 && element < size;
      index[i * reach + tap] = inside ? element - origin : -1;
      weight[i * reach + tap] = inside ? Math.exp(-0.5 * ((element - at) / nearness) ** 2) : 0;
    }
  }
  return { index, weight };
}

/** The half-open range of elements that pixels at positions `first` to `last` read. */
export function guidedRange(first: number, last: number, size: number): { start: number; stop: number } {
  const start = Math.max(0, Math.min(size - 1, Math.floor(first) - reach / 2 + 1));
  return { start, stop: Math.max(start + 1, Math.min(size, Math.floor(last) + reach / 2 + 1)) };
}

/**
 * Visit the elements a pixel reads: weights sum to 1.
 *
 * @param value  the guide at the pixel
 * @param out    receives element positions and weights, each at least 16 long
 * @returns      how many there are
 */
export function guidedWeights(
  grid: GuidedGrid,
  at: { readonly rows: GuidedTaps; readonly cols: GuidedTaps; readonly y: number; readonly x: number },
  value: number,
  out: { readonly index: Int32Array; readonly weight: Float32Array },
): number {
  const { rows, cols, y, x } = at;
  let count = 0;
  let total = 0;
  for (let i = 0; i < reach; i++) {
    const row = rows.index[y * reach + i]!;
    if (row < 0) continue;
    const rowWeight = rows.weight[y * reach + i]!;
    for (let j = 0; j < reach; j++) {
      const col = cols.index[x * reach + j]!;
      if (col < 0) continue;
      const element = row * grid.cols + col;
      const difference = Math.abs(grid.guide[element]! - value);
      const like = likenessTable[Math.min(tableSize, Math.round(difference * tableSize))]!;
      const weight = rowWeight * cols.weight[x * reach + j]! * like;
      out.index[count] = element;
      out.weight[count] = weight;
      total += weight;
      count++;
    }
  }
  for (let i = 0; i < count; i++) out.weight[i] = out.weight[i]! / total;
  return count;
}

/** Largest number of elements a pixel reads. */
export const guidedTapLimit = reach * reach;
