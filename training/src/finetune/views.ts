import { createRandom } from 'alibi-zarr/checkpoint';
import type { Triple } from '../manifest.ts';
import { mixedSeed } from '../random.ts';
import { crop, type Picture } from './picture.ts';
import type { PictureSource } from './sources.ts';

export interface ViewOptions {
  readonly seed: number;
  /** Pixels along a side. */
  readonly sizePx: number;
  /** Pixels of a view for one of the picture, drawn evenly on a logarithmic scale. */
  readonly scales: readonly [least: number, most: number];
  readonly mean: Triple;
  readonly std: Triple;
}

/** Pictures opened last; a run goes over few of them many times. */
const PICTURES_KEPT = 400;

/** Augmented squares out of a mixture of sources: view n is a function of n and the options alone. */
export class Views {
  readonly #sources: readonly PictureSource[];
  readonly #options: ViewOptions;
  readonly #pictures = new Map<string, Promise<Picture>>();

  constructor(sources: readonly PictureSource[], options: ViewOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  /** @returns float32 [3, sizePx, sizePx], normalised for the encoder */
  async view(n: number): Promise<Float32Array> {
    const random = createRandom(mixedSeed(this.#options.seed, 0x71e3, n));
    const picture = await this.#draw(random);
    return augmented(picture, random, this.#options);
  }

  #draw(random: () => number): Promise<Picture> {
    let rest = random() * this.#sources.reduce((sum, { weight }) => sum + weight, 0);
    let index = this.#sources.findIndex(({ weight }) => {
      rest -= weight;
      return rest < 0;
    });
    if (index < 0) index = this.#sources.length - 1;
    const source = this.#sources[index];
    if (source === undefined) throw new TypeError('there is at least one source');
    const n = Math.floor(random() * source.count);
    const key = `${index}/${n}`;
    const picture = this.#pictures.get(key) ?? source.open(n);
    this.#pictures.delete(key);
    this.#pictures.set(key, picture);
    const [oldest] = this.#pictures.keys();
    if (this.#pictures.size > PICTURES_KEPT && oldest !== undefined) this.#pictures.delete(oldest);
    return picture;
  }
}

/** Scale, place, one of the eight symmetries, gamma and inversion. */
function augmented(picture: Picture, random: () => number, o: ViewOptions): Float32Array {
  const { sizePx } = o;
  const [least, most] = o.scales;
  // A view no larger than the picture, as far as the scales allow.
  const fits = Math.min(most, Math.max(least, sizePx / Math.min(picture.height, picture.width)));
  const scale = fits * (most / fits) ** random();
  const corner = (size: number): number => random() * Math.max(0, size - sizePx / scale);
  const place = {
    sizePx,
    scale,
    top: corner(picture.height),
    left: corner(picture.width),
    symmetry: Math.floor(8 * random()),
  };
  const pixels = crop(picture, place);
  const gamma = 2 ** (1.4 * (random() - 0.5));
  const [low, high] = [0.1 * (random() - 0.5), 1 + 0.2 * (random() - 0.5)];
  const inverted = random() < 0.3;
  const grey = picture.channels === 3 && random() < 0.5;
  const count = sizePx * sizePx;
  const result = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const mean = ((pixels[i] ?? 0) + (pixels[count + i] ?? 0) + (pixels[2 * count + i] ?? 0)) / 3;
    for (let c = 0; c < 3; c++) {
      const stored = picture.channels === 1 ? (pixels[i] ?? 0) : grey ? mean : (pixels[c * count + i] ?? 0);
      const clipped = Math.min(1, Math.max(0, (stored - low) / (high - low))) ** gamma;
      const value = inverted ? 1 - clipped : clipped;
      result[c * count + i] = (value - (o.mean[c] ?? 0)) / (o.std[c] ?? 1);
    }
  }
  return result;
}
