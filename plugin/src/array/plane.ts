import { AlibiError } from '../errors.ts';
import {
  type ChunkData,
  type ChunkOptions,
  createData,
  type DataType,
  type LazyArray,
} from './lazy-array.ts';
import { reflectIndex } from './reflect.ts';
import { readRegion } from './region.ts';

/** Which plane of an image: an index along each axis other than y and x; absent means 0. */
export interface PlaneIndex {
  readonly z?: number;
  readonly t?: number;
  readonly c?: number;
}

/** Half-open rectangle in pixels of the array's level. */
export interface PlaneRegion {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

export interface Plane<T extends DataType> {
  /** [height, width], row-major; the caller owns the buffer. */
  readonly data: ChunkData[T];
  readonly height: number;
  readonly width: number;
}

/**
 * Read a rectangle of one plane, whatever the order of the stored axes and whatever chunks it spans.
 *
 * @param lazy    has axes called y and x; an index is ignored where the array lacks that axis
 * @param region  must lie inside the array; see {@link readPlaneReflected} for one that does not
 * @throws AlibiError InvalidInput  no y or x axis, or the region or an index outside the array
 */
export async function readPlane<T extends DataType>(
  lazy: LazyArray<T>,
  index: PlaneIndex,
  region: PlaneRegion,
  options: ChunkOptions,
): Promise<Plane<T>> {
  const start: number[] = [];
  const stop: number[] = [];
  lazy.axes.forEach(({ name }, axis) => {
    const begin = name === 'y' ? region.y0 : name === 'x' ? region.x0 : indexAlong(index, name);
    const end = name === 'y' ? region.y1 : name === 'x' ? region.x1 : begin + 1;
    if (begin < 0 || end > lazy.shape[axis]! || begin >= end) {
      throw invalid(`${name} ${begin}:${end} is not inside 0:${lazy.shape[axis]}`);
    }
    start.push(begin);
    stop.push(end);
  });
  const yAxis = lazy.axes.findIndex((axis) => axis.name === 'y');
  const xAxis = lazy.axes.findIndex((axis) => axis.name === 'x');
  if (yAxis < 0 || xAxis < 0) throw invalid('the array has no axes called y and x');
  const { data } = await readRegion(lazy, { start, stop }, options);
  const height = region.y1 - region.y0;
  const width = region.x1 - region.x0;
  if (yAxis < xAxis) return { data, height, width };
  // Every other axis has length one, so what was read is [width, height].
  const flipped = createData(lazy.dtype, data.length);
  const source = data as Uint8Array; // one concrete element type to index both sides with
  const target = flipped as Uint8Array;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) target[y * width + x] = source[x * height + y]!;
  }
  return { data: flipped, height, width };
}

/** As {@link readPlane}, but the region may reach beyond the array, which is continued by reflection. */
export async function readPlaneReflected<T extends DataType>(
  lazy: LazyArray<T>,
  index: PlaneIndex,
  region: PlaneRegion,
  options: ChunkOptions,
): Promise<Plane<T>> {
  const rows = reflectedPositions(region.y0, region.y1, sizeAlong(lazy, 'y'));
  const cols = reflectedPositions(region.x0, region.x1, sizeAlong(lazy, 'x'));
  const inner = { y0: rows.least, y1: rows.most + 1, x0: cols.least, x1: cols.most + 1 };
  const read = await readPlane(lazy, index, inner, options);
  const height = region.y1 - region.y0;
  const width = region.x1 - region.x0;
  if (read.height === height && read.width === width && rows.straight && cols.straight) return read;
  const data = createData(lazy.dtype, height * width);
  const source = read.data as Uint8Array; // one concrete element type to index both sides with
  const target = data as Uint8Array;
  for (let y = 0; y < height; y++) {
    const line = (rows.positions[y]! - rows.least) * read.width - cols.least;
    for (let x = 0; x < width; x++) target[y * width + x] = source[line + cols.positions[x]!]!;
  }
  return { data, height, width };
}

function reflectedPositions(start: number, stop: number, size: number) {
  const positions = Int32Array.from({ length: stop - start }, (_, i) => reflectIndex(start + i, size));
  let least = Number.POSITIVE_INFINITY;
  let most = -1;
  for (const position of positions) {
    least = Math.min(least, position);
    most = Math.max(most, position);
  }
  return { positions, least, most, straight: start >= 0 && stop <= size };
}

function sizeAlong(lazy: LazyArray, name: string): number {
  const axis = lazy.axes.findIndex((candidate) => candidate.name === name);
  if (axis < 0) throw invalid('the array has no axes called y and x');
  return lazy.shape[axis]!;
}

function indexAlong(index: PlaneIndex, name: string): number {
  return (name === 'z' ? index.z : name === 't' ? index.t : name === 'c' ? index.c : 0) ?? 0;
}

function invalid(what: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where: 'readPlane',
    remedy: 'Ask for a region inside the array.',
  });
}
