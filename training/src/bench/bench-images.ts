import type { Triple } from '../manifest.ts';
import type { ColourImage } from './png.ts';
import { resample, type Span } from './resize.ts';
import type { Pixels } from './tokens.ts';

/** How the encoder wants its pixels. */
export interface Normalisation {
  readonly mean: Triple;
  readonly std: Triple;
}

/** Where a crop lies in an image that is larger than it: the centre first, then opposite corners. */
export const PLACES = [
  [0.5, 0.5],
  [0, 0],
  [1, 1],
  [0, 1],
  [1, 0],
] as const;

/** The most crops of one image. */
export const CROP_LIMIT = PLACES.length;

/**
 * Squares of a micrograph as the encoder sees them in the viewer: of `sizePx`, grey (the mean of the channels) between
 * their 0.1 and 99.9 percentiles, normalised. The image is enlarged `scale` times, and further where it is still smaller.
 *
 * @param crops  at most this many, from 1 to {@link CROP_LIMIT}: the centre, then corners; an image without room for
 *               more than one gives one
 */
export function squaresOf(
  image: ColourImage,
  o: Normalisation & { readonly sizePx: number; readonly scale?: number; readonly crops?: number },
): Pixels[] {
  const grey = greyOf(image);
  const step = Math.min(1 / (o.scale ?? 1), Math.min(image.height, image.width) / o.sizePx);
  const seen = new Set<string>();
  const squares: Pixels[] = [];
  for (const [down, across] of PLACES.slice(0, o.crops ?? 1)) {
    const rows = span(o.sizePx, step, { size: image.height, place: down });
    const cols = span(o.sizePx, step, { size: image.width, place: across });
    const key = `${rows.start.toFixed(3)} ${cols.start.toFixed(3)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    squares.push(asPixels(stretched(resample(grey, rows, cols), image.white), { ...o, channels: 1 }));
  }
  return squares;
}

/**
 * The whole image resized to a square, its proportions given up: what the reference feeds its probe. Colours of 8 bits as
 * stored; finer ones each between their 0.1 and 99.9 percentiles, since cameras use a part of 16 bits alone.
 */
export function resizedSquare(image: ColourImage, o: Normalisation & { readonly sizePx: number }): Pixels {
  const along = (size: number): Span => ({ count: o.sizePx, start: 0, step: size / o.sizePx });
  const { channels } = image;
  const shown = image.white > 255 ? stretchedColours(image) : image;
  return asPixels(resample(shown, along(image.height), along(image.width)), { ...o, channels });
}

function span(count: number, step: number, { size, place }: { size: number; place: number }): Span {
  return { count, step, start: place * (size - count * step) };
}

function greyOf(image: ColourImage): ColourImage {
  if (image.channels === 1) return image;
  const data = Float32Array.from(
    { length: image.height * image.width },
    (_, i) => (image.data[3 * i]! + image.data[3 * i + 1]! + image.data[3 * i + 2]!) / 3,
  );
  return { ...image, channels: 1, data };
}

/** 0 at the 0.1 percentile, 1 at the 99.9; no range smaller than one step of the file is stretched. */
function stretched(grey: Float32Array, white: number): Float32Array {
  const sorted = grey.slice().sort();
  const low = sorted[Math.floor(0.001 * (sorted.length - 1))] ?? 0;
  const high = Math.max(low + 1 / white, sorted[Math.ceil(0.999 * (sorted.length - 1))] ?? 1);
  return grey.map((value) => Math.max(0, Math.min(1, (value - low) / (high - low))));
}

function stretchedColours(image: ColourImage): ColourImage {
  const { channels, white } = image;
  const data = new Float32Array(image.data.length);
  for (let c = 0; c < channels; c++) {
    const own = Float32Array.from(
      { length: data.length / channels },
      (_, i) => image.data[i * channels + c] ?? 0,
    );
    for (const [i, value] of stretched(own, white).entries()) data[i * channels + c] = value;
  }
  return { ...image, data };
}

/** [sizePx, sizePx, channels] in 0…1 → normalised [3, sizePx, sizePx] */
function asPixels(
  values: Float32Array,
  o: Normalisation & { readonly sizePx: number; readonly channels: number },
): Pixels {
  const pixels = o.sizePx ** 2;
  const data = new Float32Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    const from = Math.min(c, o.channels - 1);
    for (let i = 0; i < pixels; i++) {
      data[c * pixels + i] = (values[i * o.channels + from]! - o.mean[c]!) / o.std[c]!;
    }
  }
  return { height: o.sizePx, width: o.sizePx, data };
}
