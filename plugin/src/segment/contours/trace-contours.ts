import { inOrder } from '../../array/in-order.ts';
import type { LazyArray } from '../../array/lazy-array.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';
import type { Region } from '../../array/region.ts';
import { Outline, type Polygon } from '../../raster/outline.ts';
import { allBlocks, type Block, blockCount, blockGrid, volumeSize } from '../instances/blocks.ts';
import { labelVolumes } from '../instances/label-volumes.ts';

/** The outline of one object in one slice. */
export interface Contour {
  readonly id: number | bigint;
  readonly t: number;
  readonly z: number;
  /** Corners in pixels of the labels: pixel (0, 0) is the square from (0, 0) to (1, 1). */
  readonly polygons: readonly Polygon[];
}

const readAhead = 3;

/**
 * The outlines of all objects of a label image, slice by slice, along the edges of pixels and whole across chunks. By rising t and
 * z, then id. Memory: a few blocks, and the outlines of the slices that one block spans.
 */
export async function* traceContours(
  labels: LazyArray,
  { signal, onProgress }: WorkOptions = {},
): AsyncGenerator<Contour> {
  const volumes = labelVolumes(labels);
  const grid = blockGrid(volumes.size, 3);
  const progress = createProgress(blockCount(grid), onProgress);
  const options = signal === undefined ? {} : { signal };
  const read = ({ region }: Block) => volumes.read(withBorder(region, volumes.size), options);
  let slices: Map<number, Outline>[] = [];
  let last: Block | undefined;
  for await (const { item: block, result } of inOrder(allBlocks(grid), readAhead, read)) {
    signal?.throwIfAborted();
    if (last !== undefined && (last.index[0] !== block.index[0] || last.index[1] !== block.index[1])) {
      yield* contoursOf(slices, last, volumes.idOf);
      slices = [];
    }
    last = block;
    const window = withBorder(block.region, volumes.size);
    for (let z = 0; z < volumeSize(block.region)[0]; z++) {
      slices[z] ??= new Map();
      addEdges(slices[z]!, result, { region: block.region, window, z });
    }
    progress.step();
  }
  if (last !== undefined) yield* contoursOf(slices, last, volumes.idOf);
}

function* contoursOf(
  slices: readonly Map<number, Outline>[],
  { region }: Block,
  idOf: (number: number) => number | bigint,
): Generator<Contour> {
  for (const [offset, outlines] of slices.entries()) {
    const named = [...outlines].map(([number, outline]) => ({ id: idOf(number), outline }));
    named.sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { id, outline } of named) {
      yield { id, t: region.start[0]!, z: region.start[1]! + offset, polygons: outline.polygons() };
    }
  }
}

/** One more pixel on every side along y and x, as far as the image goes. */
function withBorder({ start, stop }: Region, size: readonly number[]): Region {
  return {
    start: start.map((begin, axis) => (axis < 2 ? begin : Math.max(0, begin - 1))),
    stop: stop.map((end, axis) => (axis < 2 ? end : Math.min(size[axis]!, end + 1))),
  };
}

function addEdges(
  outlines: Map<number, Outline>,
  ids: Uint32Array,
  { region, window, z }: { readonly region: Region; readonly window: Region; readonly z: number },
): void {
  const [, rows, columns] = volumeSize(window);
  const [y0 = 0, x0 = 0, y1 = 0, x1 = 0] = [region.start[2], region.start[3], region.stop[2], region.stop[3]];
  const [top = 0, left = 0] = [window.start[2], window.start[3]];
  const at = (y: number, x: number): number => {
    const [row, column] = [y - top, x - left];
    return row < 0 || column < 0 || row >= rows || column >= columns
      ? 0
      : ids[(z * rows + row) * columns + column]!;
  };
  const outlineOf = (id: number): Outline => {
    const known = outlines.get(id) ?? new Outline();
    outlines.set(id, known);
    return known;
  };
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; ) {
      const id = at(y, x);
      const start = x++;
      while (x < x1 && at(y, x) === id) x++;
      if (id === 0) continue;
      outlineOf(id).addRun(y, start, x, (row, column) => at(row, column) === id);
    }
  }
}
