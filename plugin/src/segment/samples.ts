import type { ChunkOptions, LazyArray } from '../array/lazy-array.ts';
import { createPacer } from '../array/pacer.ts';
import { createRandom, sampleIndices } from '../array/random.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import { AlibiError } from '../errors.ts';
import { createFeatureSource, scaleAlong } from './feature-source.ts';
import { featureRows, readFeatureBlock } from './pixel-features.ts';
import { type FeatureRecipe, featureCount } from './recipe.ts';
import { type LabelledTile, paintStrokes } from './strokes.ts';
import type { FeatureInput, SliceRegion, Stroke } from './types.ts';

/** Painted pixels with their features: what a classifier learns from. Plain data. */
export interface Samples {
  /** float32 [n, features] */
  readonly values: Float32Array;
  /** Class index of each. */
  readonly labels: Uint16Array;
  /** Number of the group of strokes each belongs to. */
  readonly groups: Int32Array;
  /** Painted pixels of each class, before any were left out. */
  readonly painted: Int32Array;
}

export interface SampleOptions extends FeatureInput {
  /** Length of the class list that strokes name. */
  readonly classes: number;
  readonly strokes: readonly Stroke[];
  readonly recipe: FeatureRecipe;
  /** What the encoder sees. */
  readonly normalisation: Normalisation;
  /** The level that strokes are painted on; only its axes and transform are read. */
  readonly finest: Pick<LazyArray, 'axes' | 'transform'>;
  /** Draws the pixels of a class that has more than `pixelsPerClass`. */
  readonly seed: number;
  /** Painted pixels read per class at most. Default 5,000. */
  readonly pixelsPerClass?: number;
  readonly signal?: AbortSignal;
  /** Default: computes all of them. */
  readonly readRows?: ReadRows;
  /** Tiles of painted pixels read, and to read. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Features of a tile's painted pixels, float32 [pixels, features]; may keep some from one training to the next.
 *
 * @param pixels   positions in the tile's mask, rising
 * @param compute  the same of any of these pixels
 */
export type ReadRows = (
  tile: LabelledTile,
  pixels: Int32Array,
  compute: (pixels: Int32Array) => Promise<Float32Array>,
) => Promise<Float32Array>;

/** Beyond this, more pixels of the same strokes cost time and add next to nothing. */
export const defaultPixelsPerClass = 5000;

/**
 * Features of the pixels a person painted. Reads tokens and pixels near strokes only.
 *
 * @throws AlibiError InvalidInput  a stroke names a class that is not in the list
 */
export async function paintedSamples(options: SampleOptions): Promise<Samples> {
  const { classes, recipe, normalisation, signal, onProgress, readRows = readAll } = options;
  const pause = createPacer(signal);
  await pause();
  const source = createFeatureSource(options);
  assertClasses(options);
  const tiles = paintStrokes(onLevel(options), {
    heightPx: source.heightPx,
    widthPx: source.widthPx,
    scaleY: scaleAlong(options.pixels, 'y') / scaleAlong(options.finest, 'y'),
    scaleX: scaleAlong(options.pixels, 'x') / scaleAlong(options.finest, 'x'),
  });
  const painted = new Int32Array(classes);
  for (const { mask } of tiles) {
    for (const label of mask) if (label > 0) painted[label - 1] = painted[label - 1]! + 1;
  }
  const chosen = choosePixels(tiles, painted, options);
  const total = chosen.reduce((sum, pixels) => sum + pixels.length, 0);
  const dim = featureCount(recipe);
  const values = new Float32Array(total * dim);
  const labels = new Uint16Array(total);
  const groups = new Int32Array(total);
  const read: ChunkOptions = signal === undefined ? {} : { signal };
  const compute = async (tile: LabelledTile, pixels: Int32Array) => {
    const region = boundsOf(tile, pixels);
    const block = await readFeatureBlock(source, recipe, region, normalisation, read);
    return featureRows(block, recipe, inRegion(tile, region, pixels));
  };
  let row = 0;
  for (const [i, tile] of tiles.entries()) {
    await pause();
    const pixels = chosen[i]!;
    if (pixels.length > 0) values.set(await readRows(tile, pixels, (some) => compute(tile, some)), row * dim);
    for (const pixel of pixels) {
      labels[row] = tile.mask[pixel]! - 1;
      groups[row++] = tile.groups[pixel]!;
    }
    onProgress?.({ done: i + 1, total: tiles.length });
  }
  return { values, labels, groups, painted };
}

const readAll: ReadRows = (_tile, pixels, compute) => compute(pixels);

/** Samples of several images as of one; their strokes stay apart. */
export function joinSamples(parts: readonly Samples[]): Samples {
  const total = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const classes = Math.max(0, ...parts.map(({ painted }) => painted.length));
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  const joined = {
    values,
    labels: new Uint16Array(total),
    groups: new Int32Array(total),
    painted: new Int32Array(classes),
  };
  let row = 0;
  let value = 0;
  let firstGroup = 0;
  for (const part of parts) {
    joined.values.set(part.values, value);
    joined.labels.set(part.labels, row);
    let last = -1;
    part.groups.forEach((group, i) => {
      joined.groups[row + i] = firstGroup + group;
      last = Math.max(last, group);
    });
    part.painted.forEach((count, index) => {
      joined.painted[index] = joined.painted[index]! + count;
    });
    row += part.labels.length;
    value += part.values.length;
    firstGroup += last + 1;
  }
  return joined;
}

function assertClasses({ strokes, classes }: SampleOptions): void {
  for (const { classIndex, id } of strokes) {
    if (classIndex !== null && !(classIndex >= 0 && classIndex < classes)) {
      throw new AlibiError('InvalidInput', {
        what: `stroke ${id} names class ${classIndex} of ${classes}`,
        where: 'classifier training',
        remedy: 'Add the class or remove the stroke.',
      });
    }
  }
}

/** The strokes with z in slices of the level; a level coarser in z shares a slice among several. */
function onLevel({ strokes, pixels, finest }: SampleOptions): Stroke[] {
  const factor = scaleAlong(pixels, 'z') / scaleAlong(finest, 'z');
  const depth = pixels.shape[pixels.axes.findIndex((axis) => axis.name === 'z')] ?? 1;
  return strokes.map((stroke) => ({
    ...stroke,
    z: Math.min(Math.floor(stroke.z / factor + 1e-9), depth - 1),
  }));
}

/** Positions in each tile's mask to train on: all of a class, or a seeded draw of it spread over its pixels. */
function choosePixels(
  tiles: readonly LabelledTile[],
  painted: Int32Array,
  { seed, pixelsPerClass = defaultPixelsPerClass }: SampleOptions,
): Int32Array[] {
  const kept = Array.from(painted, (count, index) =>
    sampleIndices(count, pixelsPerClass, createRandom(seed + index)),
  );
  const seen = new Int32Array(painted.length);
  const next = new Int32Array(painted.length);
  return tiles.map(({ mask }) => {
    const pixels: number[] = [];
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const label = mask[pixel]!;
      if (label === 0) continue;
      const index = label - 1;
      const ordinal = seen[index]!;
      seen[index] = ordinal + 1;
      if (kept[index]![next[index]!] !== ordinal) continue;
      next[index] = next[index]! + 1;
      pixels.push(pixel);
    }
    return Int32Array.from(pixels);
  });
}

/** Positions in a tile's mask as positions in a region of the level. */
function inRegion(tile: LabelledTile, region: SliceRegion, pixels: Int32Array): Int32Array {
  const width = region.x1 - region.x0;
  return pixels.map((pixel) => {
    const y = Math.floor(pixel / tile.widthPx) + tile.y0 - region.y0;
    return y * width + (pixel % tile.widthPx) + tile.x0 - region.x0;
  });
}

function boundsOf(tile: LabelledTile, pixels: Int32Array): SliceRegion {
  let x0 = tile.widthPx;
  let x1 = 0;
  for (const pixel of pixels) {
    x0 = Math.min(x0, pixel % tile.widthPx);
    x1 = Math.max(x1, (pixel % tile.widthPx) + 1);
  }
  // Positions rise, so the first and the last are in the first and the last row.
  const y0 = Math.floor(pixels[0]! / tile.widthPx);
  const y1 = Math.floor(pixels.at(-1)! / tile.widthPx) + 1;
  return { t: tile.t, z: tile.z, y0: tile.y0 + y0, y1: tile.y0 + y1, x0: tile.x0 + x0, x1: tile.x0 + x1 };
}
