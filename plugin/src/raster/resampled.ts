import { axisIndex, type createData, type DataType, type LazyArray } from '../array/lazy-array.ts';
import { readPlane } from '../array/plane.ts';
import { chunkRegion } from '../array/region.ts';

/** Edge of a chunk of resampled pixels. */
const chunkPx = 512;

/**
 * The planes of an array enlarged or made smaller, as a lazy array: a triangle filter, which between two pixels is
 * linear interpolation and over several their weighted mean (Pillow's and torch's antialiased bilinear). Corners stay where they are. A
 * pixel's value does not depend on the chunks.
 *
 * @param factor  new pixels per old one along y and x
 * @returns       float32, the axes of `lazy`; 64-bit integers are exact up to 2^24, as float32 is
 */
export function resampled(
  lazy: LazyArray,
  factor: { readonly y: number; readonly x: number },
): LazyArray<'float32'> {
  const yAxis = axisIndex(lazy.axes, 'y');
  const xAxis = axisIndex(lazy.axes, 'x');
  const factorOf = (axis: number) => (axis === yAxis ? factor.y : axis === xAxis ? factor.x : 1);
  const shape = lazy.shape.map((size, axis) => Math.max(1, Math.round(size * factorOf(axis))));
  const chunkShape = lazy.shape.map((_, axis) =>
    axis === yAxis || axis === xAxis ? Math.min(chunkPx, shape[axis]!) : 1,
  );
  const scale = lazy.transform.scale.map((size, axis) => size / factorOf(axis));
  const translation = lazy.transform.translation.map(
    (start, axis) => start + 0.5 * (scale[axis]! - lazy.transform.scale[axis]!),
  );
  const geometry = { axes: lazy.axes, shape, chunkShape, transform: { scale, translation } };
  return {
    ...geometry,
    dtype: 'float32',
    fillValue: 0,
    get revision() {
      return lazy.revision;
    },
    async getChunk(index, options) {
      options.signal?.throwIfAborted();
      const { start, stop } = chunkRegion(geometry, index);
      const rows = triangleTaps(start[yAxis]!, stop[yAxis]!, factor.y, lazy.shape[yAxis]!);
      const cols = triangleTaps(start[xAxis]!, stop[xAxis]!, factor.x, lazy.shape[xAxis]!);
      const along = (name: string) => start[axisIndex(lazy.axes, name)] ?? 0;
      const plane = await readPlane(
        lazy,
        { t: along('t'), z: along('z'), c: along('c') },
        { y0: rows.start, y1: rows.stop, x0: cols.start, x1: cols.stop },
        options,
      );
      options.signal?.throwIfAborted();
      const data = blend(toFloat32(plane.data), plane.width, rows, cols);
      // Every axis but y and x has length one, so only their order matters.
      const ordered = yAxis < xAxis ? data : flip(data, cols.count);
      return { data: ordered, shape: start.map((from, axis) => stop[axis]! - from) };
    },
  };
}

interface Taps {
  /** Half-open range of source pixels read. */
  readonly start: number;
  readonly stop: number;
  readonly count: number;
  /** Source pixels a target reads, from `first[i]` on (relative to `start`), `width` of them with their weights. */
  readonly width: number;
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

function triangleTaps(from: number, to: number, factor: number, size: number): Taps {
  const reach = Math.max(1, 1 / factor);
  const count = to - from;
  const width = Math.ceil(2 * reach) + 1;
  const firsts = Array.from({ length: count }, (_, i) => Math.ceil((from + i + 0.5) / factor - 0.5 - reach));
  const clamp = (position: number) => Math.min(size - 1, Math.max(0, position));
  const start = clamp(firsts[0]!);
  const stop = clamp(firsts.at(-1)! + width - 1) + 1;
  const first = new Int32Array(count);
  const weights = new Float64Array(count * width);
  for (let i = 0; i < count; i++) {
    const centre = (from + i + 0.5) / factor - 0.5;
    first[i] = Math.min(clamp(firsts[i]!), Math.max(start, stop - width)) - start;
    let total = 0;
    for (let tap = 0; tap < width; tap++) {
      const position = firsts[i]! + tap;
      const weight = 1 - Math.abs(position - centre) / reach;
      if (weight <= 0 || position < 0 || position >= size) continue;
      weights[i * width + position - start - first[i]!] = weight;
      total += weight;
    }
    for (let tap = 0; tap < width; tap++) weights[i * width + tap] = weights[i * width + tap]! / total;
  }
  return { start, stop, count, width, first, weights };
}

function blend(source: Float32Array, stride: number, rows: Taps, cols: Taps): Float32Array {
  const out = new Float32Array(rows.count * cols.count);
  const line = new Float64Array(stride);
  for (let y = 0; y < rows.count; y++) {
    line.fill(0);
    for (let tap = 0; tap < rows.width; tap++) {
      const weight = rows.weights[y * rows.width + tap]!;
      // Beyond the edge there is nothing to read.
      if (weight === 0) continue;
      const base = (rows.first[y]! + tap) * stride;
      for (let x = 0; x < stride; x++) line[x] = line[x]! + weight * source[base + x]!;
    }
    for (let x = 0; x < cols.count; x++) {
      let sum = 0;
      for (let tap = 0; tap < cols.width; tap++) {
        const weight = cols.weights[x * cols.width + tap]!;
        if (weight !== 0) sum += weight * line[cols.first[x]! + tap]!;
      }
      out[y * cols.count + x] = sum;
    }
  }
  return out;
}

function toFloat32(data: ReturnType<typeof createData<DataType>>): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

/** [height, width] as [width, height]. */
function flip(data: Float32Array, width: number): Float32Array {
  const height = data.length / width;
  return Float32Array.from(
    { length: data.length },
    (_, i) => data[(i % height) * width + Math.floor(i / height)]!,
  );
}
