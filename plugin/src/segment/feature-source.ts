import type { LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { FeatureInput, PixelGrid } from './types.ts';

/** A {@link FeatureInput} with the geometry that follows from it. */
export interface FeatureSource extends Pick<FeatureInput, 'tokens' | 'readNormalised'> {
  readonly patchPx: number;
  readonly grid: PixelGrid;
  readonly heightPx: number;
  readonly widthPx: number;
}

/**
 * @throws AlibiError InvalidInput  tokens and pixels do not belong together
 */
export function createFeatureSource({ tokens, pixels, readNormalised }: FeatureInput): FeatureSource {
  const names = tokens.axes.slice(0, -1).map((axis) => axis.name);
  const order = names.map((name) => pixels.axes.findIndex((axis) => axis.name === name));
  const patchPx = Math.round(scaleAlong(tokens, 'y') / scaleAlong(pixels, 'y'));
  const grid = {
    shape: order.map((axis) => pixels.shape[axis] ?? 0),
    transform: {
      scale: order.map((axis) => pixels.transform.scale[axis] ?? 1),
      translation: order.map((axis) => pixels.transform.translation[axis] ?? 0),
    },
  };
  const heightPx = grid.shape.at(-2) ?? 0;
  const widthPx = grid.shape.at(-1) ?? 0;
  const rows = tokens.shape.at(-3);
  const cols = tokens.shape.at(-2);
  if (
    tokens.axes.at(-1)?.name !== 'c' ||
    order.includes(-1) ||
    !(patchPx >= 1) ||
    rows !== Math.ceil(heightPx / patchPx) ||
    cols !== Math.ceil(widthPx / patchPx)
  ) {
    throw new AlibiError('InvalidInput', {
      what: `tokens of shape ${tokens.shape.join(' × ')} do not cover pixels of ${pixels.shape.join(' × ')}`,
      where: 'pixel features',
      remedy: 'Pass the tokens and the pixels of one level.',
    });
  }
  return { tokens, readNormalised, patchPx, grid, heightPx, widthPx };
}

/** Physical size of an element along the axis called `name`; 1 where the array lacks it. */
export function scaleAlong(array: Pick<LazyArray, 'axes' | 'transform'>, name: string): number {
  return array.transform.scale[array.axes.findIndex((axis) => axis.name === name)] ?? 1;
}
