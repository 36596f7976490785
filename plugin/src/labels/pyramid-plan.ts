import { type Axis, axisIndex, elementCount, type LazyArray, type Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';

/** Elements of the finest level from which sharding pays (fewer files than chunks). */
const shardFromElements = 2 ** 24;
/** Chunks along y and along x of one shard. */
const chunksPerShardSide = 4;

/** One array of the pyramid, axes in the image's order without `c`. */
export interface PlannedLevel {
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly shardShape?: readonly number[];
  readonly transform: Transform;
  /** Elements of the finest level that one element of this level covers, an axis each; absent: the finest. */
  readonly factors?: readonly number[];
}

export interface PyramidPlan {
  readonly axes: readonly Axis[];
  readonly zarrFormat: 2 | 3;
  readonly levels: readonly PlannedLevel[];
}

/**
 * The arrays to write for labels of an image: from the level whose size they have down to the coarsest,
 * with that image's own sizes and transformations.
 *
 * @throws AlibiError InvalidInput  no level has the labels' axes and size
 */
export function planPyramid(image: OmeImage, labels: LazyArray): PyramidPlan {
  const kept = image.axes.flatMap((axis, position) =>
    axis.name === 'c' || axis.type === 'channel' ? [] : [position],
  );
  const pick = <V>(values: readonly V[]): V[] => kept.map((position) => values[position]!);
  const axes = pick(image.axes);
  const order = axes.map((axis) => axisIndex(labels.axes, axis.name));
  const shape = order.map((axis) => labels.shape[axis]);
  const first = image.levels.findIndex((level) =>
    pick(level.shape).every((size, axis) => size === shape[axis]),
  );
  if (first === -1 || order.length !== labels.axes.length) {
    throw new AlibiError('InvalidInput', {
      what: `labels of ${describe(labels.axes, labels.shape)} fit no level of the image`,
      where: image.location,
      remedy: `Make labels of the size of one level: ${describe(axes, pick(image.levels[0]?.shape ?? []))}.`,
    });
  }
  const chunkShape = order.map((axis) => labels.chunkShape[axis]!);
  const large = image.levels[0]?.shards !== undefined || elementCount(labels.shape) >= shardFromElements;
  const geometry = image.levels.slice(first).map((level) => ({
    shape: pick(level.shape),
    transform: { scale: pick(level.transform.scale), translation: pick(level.transform.translation) },
  }));
  const levels = geometry.map((level, n): PlannedLevel => {
    const chunks = level.shape.map((size, axis) => Math.min(size, chunkShape[axis]!));
    const finest = n === 0 ? undefined : geometry[0];
    return {
      ...level,
      chunkShape: chunks,
      ...(image.zarrFormat === 3 && large ? { shardShape: shardShape(axes, level.shape, chunks) } : {}),
      ...(finest === undefined ? {} : { factors: scaleFactors(finest, level) }),
    };
  });
  return { axes, zarrFormat: image.zarrFormat, levels };
}

function shardShape(axes: readonly Axis[], shape: readonly number[], chunks: readonly number[]): number[] {
  return chunks.map((size, axis) => {
    const inPlane = axes[axis]?.name === 'y' || axes[axis]?.name === 'x';
    return size * (inPlane ? Math.min(chunksPerShardSide, Math.ceil(shape[axis]! / size)) : 1);
  });
}

interface Geometry {
  readonly shape: readonly number[];
  readonly transform: Transform;
}

/**
 * How many elements of `finer` one of `coarser` stands for: the ratio of their scales; where that cannot
 * be squared with their sizes (old files state the same scale for every level), the ratio of the sizes.
 */
function scaleFactors(finer: Geometry, coarser: Geometry): number[] {
  return coarser.shape.map((size, axis) => {
    const before = finer.shape[axis]!;
    const stated = coarser.transform.scale[axis]! / finer.transform.scale[axis]!;
    const expected = before / stated;
    const fits = stated >= 1 && size >= Math.floor(expected + 1e-6) && size <= Math.ceil(expected - 1e-6);
    const factor = fits ? stated : before / size;
    // Scales are products of decimals: 0.1 · 3 / 0.1 is not quite 3.
    return Math.abs(factor - Math.round(factor)) < 1e-6 ? Math.round(factor) : factor;
  });
}

function describe(axes: readonly Axis[], shape: readonly number[]): string {
  return `${axes.map((axis) => axis.name).join(', ')} ${shape.join(' × ')}`;
}
