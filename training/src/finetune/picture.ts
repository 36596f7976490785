/** An image in memory as training sees it. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  /** 1 or 3 */
  readonly channels: number;
  /** [channels, height, width], 0 at the black point, 1 at the white point, not clipped. */
  readonly data: Float32Array;
}

/** Where the black and white points lie, as the viewer chooses them by default. */
const QUANTILES = [0.001, 0.999] as const;

/** @param data  [channels, height, width]; scaled in place, each channel between its 0.1 and 99.9 percentiles */
export function normalised(picture: Picture): Picture {
  const { channels, data } = picture;
  const pixels = data.length / channels;
  for (let c = 0; c < channels; c++) {
    const channel = data.subarray(c * pixels, (c + 1) * pixels);
    const sorted = Float32Array.from(channel).sort();
    const low = sorted[Math.floor(QUANTILES[0] * (pixels - 1))] ?? 0;
    const high = sorted[Math.ceil(QUANTILES[1] * (pixels - 1))] ?? 1;
    const range = high > low ? high - low : 1;
    for (let i = 0; i < channel.length; i++) channel[i] = ((channel[i] ?? 0) - low) / range;
  }
  return picture;
}

/** What is cut out of a picture. */
export interface CropPlace {
  /** Pixels along a side of the result. */
  readonly sizePx: number;
  /** Pixels of the result for one of the picture. */
  readonly scale: number;
  /** Corner in pixels of the picture. */
  readonly top: number;
  readonly left: number;
  /** One of the eight flips and transpositions, 0 none: bit 0 left-right, bit 1 up-down, bit 2 transposed. */
  readonly symmetry: number;
}

/**
 * A square part, resampled bilinearly; beyond the picture its edge is mirrored.
 *
 * @returns [channels, sizePx, sizePx]
 */
export function crop(picture: Picture, place: CropPlace): Float32Array {
  const { height, width, channels, data } = picture;
  const { sizePx, scale, top, left, symmetry } = place;
  const result = new Float32Array(channels * sizePx * sizePx);
  const rows = samples(sizePx, { scale, start: top, size: height });
  const cols = samples(sizePx, { scale, start: left, size: width });
  for (let y = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++) {
      const [i, j] = source(y, x, sizePx, symmetry);
      const [y0, y1, fy] = [rows.near[i] ?? 0, rows.far[i] ?? 0, rows.part[i] ?? 0];
      const [x0, x1, fx] = [cols.near[j] ?? 0, cols.far[j] ?? 0, cols.part[j] ?? 0];
      for (let c = 0; c < channels; c++) {
        const at = c * height * width;
        const above = mix(data[at + y0 * width + x0] ?? 0, data[at + y0 * width + x1] ?? 0, fx);
        const below = mix(data[at + y1 * width + x0] ?? 0, data[at + y1 * width + x1] ?? 0, fx);
        result[(c * sizePx + y) * sizePx + x] = mix(above, below, fy);
      }
    }
  }
  return result;
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}

function source(y: number, x: number, size: number, symmetry: number): readonly [number, number] {
  const col = symmetry & 1 ? size - 1 - x : x;
  const row = symmetry & 2 ? size - 1 - y : y;
  return symmetry & 4 ? [col, row] : [row, col];
}

function samples(
  count: number,
  o: { readonly scale: number; readonly start: number; readonly size: number },
) {
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  const part = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const at = o.start + (i + 0.5) / o.scale - 0.5;
    const floor = Math.floor(at);
    near[i] = mirrored(floor, o.size);
    far[i] = mirrored(floor + 1, o.size);
    part[i] = at - floor;
  }
  return { near, far, part };
}

/** …2 1 0 | 0 1 2 … n−1 | n−1 n−2 … */
function mirrored(index: number, size: number): number {
  const period = 2 * size;
  const wrapped = ((index % period) + period) % period;
  return wrapped < size ? wrapped : period - 1 - wrapped;
}
