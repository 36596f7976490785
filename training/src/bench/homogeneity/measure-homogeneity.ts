import type { BenchMap, HomogeneityResult } from 'alibi-zarr-schemas';
import { benchMap } from '../bench-map.ts';
import type { BenchSubject } from '../bench-subject.ts';
import { type EncodedImage, encodeImages } from '../encode-images.ts';
import { counted, figure } from '../figure.ts';
import { resample } from '../resize.ts';
import type { BenchContext } from '../run-bench.ts';
import { clusterMap } from './cluster-maps.ts';
import { componentMaps } from './component-maps.ts';
import { similarityMaps } from './similarity-maps.ts';

export interface HomogeneityOptions {
  readonly sizePx: number;
  /** Numbers of clusters, each 2 or more. */
  readonly clusters: readonly number[];
  readonly seed: number;
}

type ImageResult = HomogeneityResult['images'][number];

/** Of the picture beside the maps: pixels along a token. */
const PICTURE_PX = 4;

/** How much of what is drawn of an image that is the same everywhere is position. */
export async function measureHomogeneity(
  subject: BenchSubject,
  context: BenchContext,
  options: HomogeneityOptions,
): Promise<HomogeneityResult> {
  context.expect(2 * context.images.length);
  const images: ImageResult[] = [];
  let { sizePx } = options;
  for await (const image of encodeImages(subject, context, {
    sizePx: options.sizePx,
    outputs: ['features'],
  })) {
    images.push(await measureImage(image, context, options));
    sizePx = image.sizePx;
    await context.step();
  }
  return {
    format: 'alibi-train/homogeneity/1',
    model: subject.model,
    command: context.command,
    figures: figuresOf(images, options, sizePx),
    sizePx,
    seed: options.seed,
    images,
  };
}

async function measureImage(
  image: EncodedImage,
  { signal }: BenchContext,
  { clusters, seed }: HomogeneityOptions,
): Promise<ImageResult> {
  const [tokens] = image.grids;
  if (tokens === undefined) throw new TypeError('an encoded image has the outputs asked for');
  const { rows, cols } = tokens;
  const maps: ImageResult['clusters'] = [];
  for (const k of clusters) maps.push(await clusterMap(tokens, { k, seed, signal }));
  return {
    name: image.name,
    rows,
    cols,
    image: pictureOf(image, { rows: rows * PICTURE_PX, cols: cols * PICTURE_PX }),
    similarity: similarityMaps(tokens),
    clusters: maps,
    pca: await componentMaps(tokens, { signal }),
  };
}

/** The mean of the normalised channels, made smaller. */
function pictureOf(
  { pixels }: EncodedImage,
  { rows, cols }: { readonly rows: number; readonly cols: number },
): BenchMap {
  const { height, width, data } = pixels;
  const grey = Float32Array.from(
    { length: height * width },
    (_, i) => (data[i]! + data[height * width + i]! + data[2 * height * width + i]!) / 3,
  );
  const small = resample(
    { height, width, channels: 1, data: grey },
    { count: rows, start: 0, step: height / rows },
    { count: cols, start: 0, step: width / cols },
  );
  return benchMap(small, { rows, cols });
}

function figuresOf(
  images: readonly ImageResult[],
  { clusters }: HomogeneityOptions,
  sizePx: number,
): HomogeneityResult['figures'] {
  const note = `mean over ${counted(images.length, 'image')} of ${sizePx}×${sizePx} px`;
  const mean = (pick: (image: ImageResult) => number): number =>
    images.reduce((sum, image) => sum + pick(image), 0) / images.length;
  const similarity = (['centre', 'corner'] as const).map((to) =>
    figure(
      `position in similarity to the ${to}`,
      mean((image) => image.similarity.find((map) => map.to === to)?.position ?? 0),
      note,
    ),
  );
  const byClusters = clusters.map((k, i) =>
    figure(
      `position in ${k} clusters`,
      mean((image) => image.clusters[i]?.position ?? 0),
      note,
    ),
  );
  const gradient = figure(
    'spatial-gradient score of PCA',
    mean((image) => image.pca.gradient),
    note,
  );
  return [...similarity, ...byClusters, gradient];
}
