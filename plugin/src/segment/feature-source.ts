import { axisIndex, type LazyArray } from '../array/lazy-array.ts';
import { micrometersPer } from '../array/length-unit.ts';
import { AlibiError } from '../errors.ts';
import type { FeatureInput, PixelGrid } from './types.ts';

/** A token array of one scale with the geometry that follows from it. */
export interface TokenSource {
  readonly scale: number;
  readonly tokens: LazyArray<'float32'>;
  /** Pixels of the level between two tokens: the patch divided by the scale. */
  readonly pitchPx: number;
}

/** A {@link FeatureInput} with the geometry that follows from it. */
export interface FeatureSource extends Pick<FeatureInput, 'readPlanes'> {
  /** @throws AlibiError InvalidInput  tokens and pixels do not belong together */
  readonly tokens: (scale: number) => TokenSource;
  readonly grid: PixelGrid;
  /** Names of the grid's axes: t?, z?, y, x. */
  readonly axes: LazyArray['axes'];
  readonly heightPx: number;
  readonly widthPx: number;
  readonly depth: number;
  /** Size of a pixel in micrometres; null where the image does not state it. */
  readonly sizeUm: { readonly z: number | null; readonly y: number; readonly x: number } | null;
}

export function createFeatureSource({ tokens, pixels, patchPx, readPlanes }: FeatureInput): FeatureSource {
  const order = ['t', 'z', 'y', 'x']
    .map((name) => axisIndex(pixels.axes, name))
    .filter((axis) => axis !== -1);
  const axes = order.map((axis) => pixels.axes[axis]!);
  const grid = {
    shape: order.map((axis) => pixels.shape[axis]!),
    transform: {
      scale: order.map((axis) => pixels.transform.scale[axis]!),
      translation: order.map((axis) => pixels.transform.translation[axis]!),
    },
  };
  const heightPx = grid.shape.at(-2) ?? 0;
  const widthPx = grid.shape.at(-1) ?? 0;
  const sources = new Map<number, TokenSource>();
  const tokenSource = (scale: number): TokenSource => {
    const known = sources.get(scale);
    if (known !== undefined) return known;
    const source = { scale, tokens: tokens(scale), pitchPx: patchPx / scale };
    assertCover(source, pixels, heightPx, widthPx);
    sources.set(scale, source);
    return source;
  };
  const z = axisIndex(axes, 'z');
  return {
    tokens: tokenSource,
    readPlanes,
    grid,
    axes,
    heightPx,
    widthPx,
    depth: grid.shape[z] ?? 1,
    sizeUm: sizeUm(pixels),
  };
}

function assertCover(
  { tokens, pitchPx, scale }: TokenSource,
  pixels: FeatureInput['pixels'],
  heightPx: number,
  widthPx: number,
): void {
  const [rows, cols] = tokens.shape.slice(-3);
  const fits = (count: number | undefined, size: number) =>
    count !== undefined && Math.abs(count * pitchPx - size) <= pitchPx + scale;
  if (tokens.axes.at(-1)?.name === 'c' && fits(rows, heightPx) && fits(cols, widthPx)) return;
  throw new AlibiError('InvalidInput', {
    what: `tokens of shape ${tokens.shape.join(' × ')} do not cover pixels of ${pixels.shape.join(' × ')}`,
    where: 'pixel features',
    remedy: 'Pass the tokens and the pixels of one level.',
  });
}

/** Size of a pixel in micrometres, null where the file states no unit of length for y and x. */
export function sizeUm(pixels: Pick<LazyArray, 'axes' | 'transform'>): FeatureSource['sizeUm'] {
  const along = (name: string): number | null => {
    const axis = axisIndex(pixels.axes, name);
    const unit = micrometersPer(pixels.axes[axis]?.unit);
    const scale = pixels.transform.scale[axis];
    return unit === undefined || scale === undefined ? null : Math.abs(scale) * unit;
  };
  const y = along('y');
  const x = along('x');
  return y === null || x === null || !(y > 0 && x > 0) ? null : { z: along('z'), y, x };
}

/** Physical size of an element along the axis called `name`; 1 where the array lacks it. */
export function scaleAlong(array: Pick<LazyArray, 'axes' | 'transform'>, name: string): number {
  return array.transform.scale[axisIndex(array.axes, name)] ?? 1;
}
