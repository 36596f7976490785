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
  /** Elements of the piece at hand, `reach` a pixel; beyond the grid its last one, with weight 0. */
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
      index[i * reach + tap] = Math.min(size - 1, Math.max(0, element)) - origin;
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
 * The elements a pixel reads, and how much each counts: weights sum to 1.
 *
 * @param value  the guide at the pixel
 * @param out    receives element positions and weights, {@link guidedTapLimit} each
 * @returns      how many there are
 */
export function guidedWeights(
  grid: GuidedGrid,
  at: { readonly rows: GuidedTaps; readonly cols: GuidedTaps; readonly y: number; readonly x: number },
  value: number,
  out: { readonly index: Int32Array; readonly weight: Float32Array },
): number {
  const { rows, cols, y, x } = at;
  for (let i = 0; i < guidedTapLimit; i++) {
    const row = rows.index[y * reach + Math.floor(i / reach)]!;
    out.index[i] = row * grid.cols + cols.index[x * reach + (i % reach)]!;
  }
  weigh(grid, at, value, out.weight, 0);
  return guidedTapLimit;
}

/** Weights of the 4 × 4 elements around a pixel, into `weights[base …]`; 0 beyond the grid. */
function weigh(
  grid: GuidedGrid,
  { rows, cols, y, x }: Parameters<typeof guidedWeights>[1],
  value: number,
  weights: Float32Array,
  base: number,
): void {
  let total = 0;
  for (let i = 0; i < reach; i++) {
    const row = rows.index[y * reach + i]! * grid.cols;
    const rowWeight = rows.weight[y * reach + i]!;
    for (let j = 0; j < reach; j++) {
      const like = likenessOf(grid.guide[row + cols.index[x * reach + j]!]! - value);
      const weight = rowWeight * cols.weight[x * reach + j]! * like;
      weights[base + i * reach + j] = weight;
      total += weight;
    }
  }
  for (let k = base; k < base + guidedTapLimit; k++) weights[k] = weights[k]! / total;
}

/** Where the pixels of a region lie in a grid, and how they look. */
export interface GuidedPixels {
  readonly rows: GuidedTaps;
  readonly cols: GuidedTaps;
  /** float32 [height, width] */
  readonly pixelGuide: Float32Array;
  readonly width: number;
}

/**
 * The weights of all 4 × 4 elements around every pixel, as {@link guidedWeights} gives them, 0 for those beyond the grid.
 *
 * @returns float32 [height · width, 16]; for {@link addGuided}, once for many values
 */
export function allGuidedWeights(grid: GuidedGrid, at: GuidedPixels): Float32Array {
  const { rows, cols, pixelGuide, width } = at;
  const weights = new Float32Array(pixelGuide.length * guidedTapLimit);
  const place = { rows, cols, y: 0, x: 0 };
  for (let pixel = 0; pixel < pixelGuide.length; pixel++) {
    place.y = Math.floor(pixel / width);
    place.x = pixel % width;
    weigh(grid, place, pixelGuide[pixel]!, weights, pixel * guidedTapLimit);
  }
  return weights;
}

/**
 * Add to every pixel the mean of the elements around it.
 *
 * @param weights  of {@link allGuidedWeights}
 * @param values   float32 [elements, dim]
 * @param out      float32 [height · width, dim]
 */
export function addGuided(
  { cols: gridCols }: Pick<GuidedGrid, 'cols'>,
  { rows, cols, width }: Pick<GuidedPixels, 'rows' | 'cols' | 'width'>,
  weights: Float32Array,
  { values, dim, out }: { readonly values: Float32Array; readonly dim: number; readonly out: Float32Array },
): void {
  const height = rows.index.length / reach;
  const colIndex = cols.index;
  const at = (i: number, row: number) => rows.index[row * reach + i]! * gridCols;
  for (let y = 0; y < height; y++) {
    const [a, b, c, d] = [at(0, y), at(1, y), at(2, y), at(3, y)];
    for (let x = 0; x < width; x++) {
      const w = (y * width + x) * guidedTapLimit;
      const t = x * reach;
      const [e, f, g, h] = [colIndex[t]!, colIndex[t + 1]!, colIndex[t + 2]!, colIndex[t + 3]!];
      for (let n = 0; n < dim; n++) {
        const value = (row: number, col: number) => values[(row + col) * dim + n]!;
        const sum =
          weights[w]! * value(a, e) +
          weights[w + 1]! * value(a, f) +
          weights[w + 2]! * value(a, g) +
          weights[w + 3]! * value(a, h) +
          weights[w + 4]! * value(b, e) +
          weights[w + 5]! * value(b, f) +
          weights[w + 6]! * value(b, g) +
          weights[w + 7]! * value(b, h) +
          weights[w + 8]! * value(c, e) +
          weights[w + 9]! * value(c, f) +
          weights[w + 10]! * value(c, g) +
          weights[w + 11]! * value(c, h) +
          weights[w + 12]! * value(d, e) +
          weights[w + 13]! * value(d, f) +
          weights[w + 14]! * value(d, g) +
          weights[w + 15]! * value(d, h);
        const to = (y * width + x) * dim + n;
        out[to] = out[to]! + sum;
      }
    }
  }
}

function likenessOf(difference: number): number {
  const steps = Math.abs(difference) * tableSize + 0.5;
  return steps < tableSize ? likenessTable[steps | 0]! : leastLikeness;
}

/** Largest number of elements a pixel reads. */
export const guidedTapLimit = reach * reach;
