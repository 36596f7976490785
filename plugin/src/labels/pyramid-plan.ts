import { type Axis, axisIndex, elementCount, type LazyArray, type Transform } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { WritableVersion } from '../ome/write.ts';

/** What kind of place the arrays go to; it decides how large the stored objects are. */
export type SavePlace = 'folder' | 'server' | 'archive';

/** How the arrays are stored; what is absent is chosen for the image and the place. */
export interface SaveEncoding {
  /** Default: the image's. */
  readonly version?: WritableVersion;
  /** Default: where the image is sharded, and where there would be many objects for the place. */
  readonly sharded?: boolean;
  /** Default: zstd. */
  readonly compression?: 'blosc' | 'zstd' | 'none';
  /** Default: folder. */
  readonly place?: SavePlace;
}

/**
 * Elements of the finest level from which shards pay, and chunks of labels along y and along x of one: files of a folder
 * cost little, a request to a server some ten milliseconds, an archive's entry lies in a directory that is read as a whole.
 */
const shardPolicy: Readonly<
  Record<SavePlace, { readonly fromElements: number; readonly chunksPerSide: number }>
> = {
  folder: { fromElements: 2 ** 24, chunksPerSide: 4 },
  server: { fromElements: 2 ** 21, chunksPerSide: 8 },
  archive: { fromElements: 0, chunksPerSide: 16 },
};
/** Without shards a server gets chunks of this many of the labels' own along y and along x. */
const serverChunkFactor = 4;

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
  readonly compression: 'blosc' | 'zstd' | 'none';
  readonly levels: readonly PlannedLevel[];
}

/**
 * The arrays to write for labels of an image: from the level whose size they have down to the coarsest,
 * with that image's own sizes and transformations.
 *
 * @throws AlibiError InvalidInput  no level has the labels' axes and size, or shards are asked of OME-Zarr 0.4
 */
export function planPyramid(image: OmeImage, labels: LazyArray, encoding: SaveEncoding = {}): PyramidPlan {
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
  const { place = 'folder', compression = 'zstd' } = encoding;
  const zarrFormat = encoding.version === undefined ? image.zarrFormat : encoding.version === '0.4' ? 2 : 3;
  const sharded = isSharded(image, labels, zarrFormat, encoding);
  const factor = place === 'server' && !sharded ? serverChunkFactor : 1;
  const inPlane = axes.map(({ name }) => name === 'y' || name === 'x');
  const chunkShape = order.map(
    (axis, position) => labels.chunkShape[axis]! * (inPlane[position] ? factor : 1),
  );
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
      ...(sharded ? { shardShape: shardShape(inPlane, level.shape, chunks, place) } : {}),
      ...(finest === undefined ? {} : { factors: scaleFactors(finest, level) }),
    };
  });
  return { axes, zarrFormat, compression, levels };
}

function isSharded(
  image: OmeImage,
  labels: LazyArray,
  zarrFormat: 2 | 3,
  { sharded, place = 'folder' }: SaveEncoding,
): boolean {
  if (sharded === true && zarrFormat === 2) {
    throw new AlibiError('InvalidInput', {
      what: 'OME-Zarr 0.4 has no shards',
      where: image.location,
      remedy: 'Save as 0.5, or without shards.',
    });
  }
  const pays =
    image.levels[0]?.shards !== undefined || elementCount(labels.shape) >= shardPolicy[place].fromElements;
  return zarrFormat === 3 && (sharded ?? pays);
}

function shardShape(
  inPlane: readonly boolean[],
  shape: readonly number[],
  chunks: readonly number[],
  place: SavePlace,
): number[] {
  return chunks.map((size, axis) => {
    const most = inPlane[axis] ? shardPolicy[place].chunksPerSide : 1;
    return size * Math.min(most, Math.max(1, Math.ceil(shape[axis]! / size)));
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
