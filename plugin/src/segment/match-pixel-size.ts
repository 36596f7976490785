import type { LazyPyramid } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { sizeUm } from './feature-source.ts';
import type { ClassifierFit } from './types.ts';

/** A level of an image, enlarged by `factor`: where features are computed. */
export interface Place {
  readonly level: number;
  /** New pixels per pixel of the level; absent: the level as it is. */
  readonly factor?: { readonly y: number; readonly x: number };
}

/** Sizes that differ by less are the same: rounding in the file. */
const sameWithin = 0.01;
/** Enlarged more, an image shows less than what the classifier learned from. */
const largestEnlargement = 2;
/** Slices this much further apart or closer hold another neighbourhood along z. */
const sameSpacingWithin = 0.1;

/**
 * Where an image has the pixel size that a classifier was trained at: the nearest level, resampled where it is not
 * the size itself.
 *
 * @param level  what the person named instead; then sizes are not compared
 * @throws AlibiError InvalidInput  the sizes cannot be compared, the image is too coarse, or slices are spaced otherwise and
 *                                  the classifier looks along z
 */
export function matchPixelSize(
  pixels: LazyPyramid,
  fit: Pick<ClassifierFit, 'pixelSizeUm' | 'level' | 'recipe'>,
  level?: number,
): Place {
  if (level !== undefined) return { level };
  const sizes = pixels.map((array) => sizeUm(array));
  const wanted = fit.pixelSizeUm;
  if (wanted === null) {
    if (sizes[0] === null && fit.level < pixels.length) return { level: fit.level };
    throw refuse(
      sizes[0] === null
        ? `the classifier was trained on level ${fit.level}, and the image has ${pixels.length}`
        : 'the classifier was trained on an image without a pixel size, and this one has one',
      'Name the level whose pixels are as large as those it was trained on (--level).',
    );
  }
  const known = sizes.filter((size) => size !== null);
  if (known.length < sizes.length) {
    throw refuse(
      `the classifier was trained at ${describe(wanted)}, and the image states no pixel size`,
      'State the unit and scale in the image, or name a level (--level).',
    );
  }
  const distance = known.map((size) => Math.abs(Math.log(size.x / wanted.x)));
  const nearest = distance.indexOf(Math.min(...distance));
  const size = known[nearest]!;
  const factor = { y: size.y / wanted.y, x: size.x / wanted.x };
  if (Math.max(factor.y, factor.x) > largestEnlargement * (1 + sameWithin)) {
    throw refuse(
      `the classifier was trained at ${describe(wanted)}, and the finest the image has is ${describe(known[0]!)}`,
      'Use an image of finer pixels, or train on this one.',
    );
  }
  assertSpacing(fit, size.z, wanted.z);
  const isSame = [factor.y, factor.x].every((value) => Math.abs(value - 1) <= sameWithin);
  return isSame ? { level: nearest } : { level: nearest, factor };
}

function assertSpacing(
  { recipe }: Pick<ClassifierFit, 'recipe'>,
  z: number | null,
  wanted: number | null,
): void {
  if (recipe.classical?.zContext !== true || wanted === null) return;
  if (z !== null && Math.abs(z / wanted - 1) <= sameSpacingWithin) return;
  throw refuse(
    `the classifier looks along z and was trained on slices ${wanted} µm apart, here they are ${z === null ? 'unknown' : `${z} µm`}`,
    'Train one without features along z.',
  );
}

function describe({ y, x }: { readonly y: number; readonly x: number }): string {
  const short = (value: number) => String(Number(value.toPrecision(4)));
  return Math.abs(y / x - 1) <= sameWithin
    ? `${short(x)} µm a pixel`
    : `${short(x)} × ${short(y)} µm a pixel`;
}

function refuse(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'classifier', remedy });
}
