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
  const runs = runsOfColumns(cols.index);
  for (let y = 0; y < height; y++) {
    const rowAt = (i: number) => rows.index[y * reach + i]! * gridCols;
    const [a, b, c, d] = [rowAt(0), rowAt(1), rowAt(2), rowAt(3)];
    for (let run = 0; run + 1 < runs.length; run++) {
      const [first, end] = [runs[run]!, runs[run + 1]!];
      const colAt = (i: number) => cols.index[first * reach + i]!;
      const [e, f, g, h] = [colAt(0), colAt(1), colAt(2), colAt(3)];
      for (let n = 0; n < dim; n++) {
        const value = (row: number, col: number) => values[(row + col) * dim + n]!;
        const [ae, af, ag, ah] = [value(a, e), value(a, f), value(a, g), value(a, h)];
        const [be, bf, bg, bh] = [value(b, e), value(b, f), value(b, g), value(b, h)];
        const [ce, cf, cg, ch] = [value(c, e), value(c, f), value(c, g), value(c, h)];
        const [de, df, dg, dh] = [value(d, e), value(d, f), value(d, g), value(d, h)];
        let w = (y * width + first) * guidedTapLimit;
        let to = (y * width + first) * dim + n;
        for (let x = first; x < end; x++, w += guidedTapLimit, to += dim) {
          const sum =
            weights[w]! * ae +
            weights[w + 1]! * af +
            weights[w + 2]! * ag +
            weights[w + 3]! * ah +
            weights[w + 4]! * be +
            weights[w + 5]! * bf +
            weights[w + 6]! * bg +
            weights[w + 7]! * bh +
            weights[w + 8]! * ce +
            weights[w + 9]! * cf +
            weights[w + 10]! * cg +
            weights[w + 11]! * ch +
            weights[w + 12]! * de +
            weights[w + 13]! * df +
            weights[w + 14]! * dg +
            weights[w + 15]! * dh;
          out[to] = out[to]! + sum;
        }
      }
    }
  }
}

/** Where pixels begin to read other columns than the one before, and the end: between two of them the elements are read once. */
function runsOfColumns(index: Int32Array): number[] {
  const count = index.length / reach;
  const starts = Array.from({ length: count }, (_, x) => x).filter((x) => {
    const here = index.subarray(x * reach, (x + 1) * reach);
    return x === 0 || here.some((col, tap) => col !== index[(x - 1) * reach + tap]);
  });
  return [...starts, count];
}

function likenessOf(difference: number): number {
  const steps = Math.abs(difference) * tableSize + 0.5;
  return steps < tableSize ? likenessTable[steps | 0]! : leastLikeness;
}

/** Largest number of elements a pixel reads. */
export const guidedTapLimit = reach * reach;
