/** Source pixels and weights of each target pixel along one axis. */
interface Taps {
  readonly first: Int32Array;
  /** Weights from `first` on, of sum 1. */
  readonly weights: readonly Float64Array[];
}

/** Where along one axis of a source the target lies: it begins at `start` and a target pixel is `step` source pixels. */
export interface Span {
  readonly count: number;
  readonly start: number;
  readonly step: number;
}

/**
 * Resample an image, or a part of it: bilinear where it grows, a triangle as wide as two target pixels where it shrinks.
 *
 * @param image  float32 [height, width, channels]; what lies beyond its edge is not read
 * @returns      float32 [rows.count, cols.count, channels]; the caller owns the buffer
 * Source: the filter Pillow calls BILINEAR.
 */
export function resample(
  image: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly data: Float32Array;
  },
  rows: Span,
  cols: Span,
): Float32Array {
  const { height, width, channels } = image;
  const [down, across] = [tapsOf(rows, height), tapsOf(cols, width)];
  const out = new Float32Array(rows.count * cols.count * channels);
  const line = new Float64Array(width * channels);
  for (let y = 0; y < rows.count; y++) {
    line.fill(0);
    down.weights[y]!.forEach((weight, k) => {
      const from = (down.first[y]! + k) * line.length;
      for (let i = 0; i < line.length; i++) line[i] = line[i]! + weight * image.data[from + i]!;
    });
    for (let x = 0; x < cols.count; x++) {
      const to = (y * cols.count + x) * channels;
      across.weights[x]!.forEach((weight, k) => {
        const from = (across.first[x]! + k) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = out[to + c]! + weight * line[from + c]!;
      });
    }
  }
  return out;
}

function tapsOf({ count, start, step }: Span, size: number): Taps {
  const reach = Math.max(1, step);
  const first = new Int32Array(count);
  const weights: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const centre = start + (i + 0.5) * step - 0.5;
    const low = Math.max(0, Math.min(size - 1, Math.ceil(centre - reach)));
    const high = Math.max(low, Math.min(size - 1, Math.floor(centre + reach)));
    const own = Float64Array.from({ length: high - low + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(low + k - centre) / reach),
    );
    const sum = own.reduce((total, weight) => total + weight, 0);
    first[i] = low;
    // A centre beyond the edge by a whole pixel has no tap within reach: the edge pixel stands in.
    weights.push(sum > 0 ? own.map((weight) => weight / sum) : own.fill(1 / own.length));
  }
  return { first, weights };
}
