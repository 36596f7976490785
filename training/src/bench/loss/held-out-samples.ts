import { crop, type Picture } from '../../finetune/picture.ts';
import type { PictureSource } from '../../finetune/sources.ts';
import { Views } from '../../finetune/views.ts';
import { PLACES } from '../bench-images.ts';

/** What of the held-out images a loss is taken on. */
export type Sampling =
  | {
      readonly kind: 'crops';
      /** Of an image, at most. */
      readonly crops: number;
      /** Pixels of a crop for one of the image, more where the image is too small for that. */
      readonly scale: number;
      /** Images of a source, from its beginning; null: all. */
      readonly first: number | null;
    }
  | {
      readonly kind: 'views';
      /** Of all images together, drawn and augmented as a run validates. */
      readonly views: number;
      readonly scales: readonly [least: number, most: number];
      readonly seed: number;
    };

/** An image, or one view, at any size. */
export interface Sample {
  readonly name: string;
  /** @returns squares, each float32 [3, sizePx, sizePx] in 0…1 */
  squares(sizePx: number): Promise<Float32Array[]>;
}

export function countSamples(sources: readonly PictureSource[], o: Sampling): number {
  if (o.kind === 'views') return o.views;
  return sources.reduce((sum, { count }) => sum + Math.min(count, o.first ?? count), 0);
}

/** One after the other; pictures are opened when their turn comes. */
export async function* heldOutSamples(
  sources: readonly PictureSource[],
  o: Sampling,
): AsyncGenerator<Sample, void, void> {
  if (o.kind === 'views') {
    const plain = { ...o, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    for (let n = 0; n < o.views; n++) {
      yield {
        name: `view ${n + 1}`,
        squares: async (sizePx) => [await new Views(sources, { ...plain, sizePx }).view(n)],
      };
    }
    return;
  }
  for (const source of sources) {
    for (let n = 0; n < Math.min(source.count, o.first ?? source.count); n++) {
      const picture = await source.open(n);
      yield { name: source.nameOf(n), squares: async (sizePx) => cropsOf(picture, { ...o, sizePx }) };
    }
  }
}

/** The centre, then corners; a picture without room for more than one gives one. */
function cropsOf(
  picture: Picture,
  o: { readonly crops: number; readonly scale: number; readonly sizePx: number },
): Float32Array[] {
  const { sizePx } = o;
  const scale = Math.max(o.scale, sizePx / Math.min(picture.height, picture.width));
  const room = (size: number): number => Math.max(0, size - sizePx / scale);
  const corners = new Map<string, { readonly top: number; readonly left: number }>();
  for (const [down, across] of PLACES.slice(0, o.crops)) {
    const corner = { top: down * room(picture.height), left: across * room(picture.width) };
    corners.set(`${corner.top.toFixed(3)} ${corner.left.toFixed(3)}`, corner);
  }
  return [...corners.values()].map((corner) =>
    inThree(crop(picture, { ...corner, sizePx, scale, symmetry: 0 }), picture.channels),
  );
}

/** Grey as red, green and blue; black and white where the picture's points are, as the encoder is shown them. */
function inThree(values: Float32Array, channels: number): Float32Array {
  const count = values.length / channels;
  return Float32Array.from({ length: 3 * count }, (_, i) =>
    Math.min(1, Math.max(0, values[channels === 1 ? i % count : i] ?? 0)),
  );
}
