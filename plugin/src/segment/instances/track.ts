import { elementCount, type LazyArray } from '../../array/lazy-array.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';
import { assign } from '../../raster/assignment.ts';
import { allBlocks, type BlockGrid, blockCount } from './blocks.ts';

/**
 * Ids that stay with an object over time: from each time point to the next, objects are assigned one to one so that the sum
 * of their overlaps (elements in both over elements in either) is largest; what is assigned to nothing begins a new id.
 *
 * @param objects  [t, z, y, x] of ids 1, 2, …, each in one time point, rising with time
 * @param sizes    elements of each object, by id − 1
 * @returns        id over time by id; 0 for 0. Numbered 1, 2, … in the order of first appearance
 */
export async function trackObjects(
  objects: LazyArray<'uint32'>,
  sizes: Float64Array,
  work: WorkOptions,
): Promise<Uint32Array> {
  const overlaps = await countOverlaps(objects, work);
  const tracks = new Uint32Array(sizes.length + 1);
  const before = assignAll(overlaps, sizes);
  let count = 0;
  for (let id = 1; id <= sizes.length; id++) {
    const previous = before.get(id);
    tracks[id] = previous === undefined ? ++count : tracks[previous]!;
  }
  return tracks;
}

/** Elements in both, by earlier and later object. */
type Overlaps = Map<number, Map<number, number>>;

async function countOverlaps(
  objects: LazyArray<'uint32'>,
  { signal, onProgress }: WorkOptions,
): Promise<Overlaps[]> {
  const [times = 1, ...space] = objects.shape;
  const grid: BlockGrid = {
    shape: [1, space[0]!, space[1]!, space[2]!],
    chunkShape: [1, objects.chunkShape[1]!, objects.chunkShape[2]!, objects.chunkShape[3]!],
  };
  const overlaps: Overlaps[] = Array.from({ length: Math.max(0, times - 1) }, () => new Map());
  const progress = createProgress(blockCount(grid) * times, onProgress);
  const options = signal === undefined ? {} : { signal };
  // Each place through all time, so that every chunk is made once.
  for (const { index, region } of allBlocks(grid)) {
    let earlier = new Uint32Array(
      elementCount(region.start.map((start, axis) => region.stop[axis]! - start)),
    );
    for (let t = 0; t < times; t++) {
      signal?.throwIfAborted();
      const { data } = await objects.getChunk([t, index[1], index[2], index[3]], options);
      if (t > 0) addOverlaps(overlaps[t - 1]!, earlier, data);
      earlier = data.slice();
      progress.step();
    }
  }
  return overlaps;
}

function addOverlaps(overlaps: Overlaps, earlier: Uint32Array, later: Uint32Array): void {
  for (let i = 0; i < earlier.length; ) {
    const [a, b] = [earlier[i]!, later[i]!];
    const start = i++;
    while (i < earlier.length && earlier[i] === a && later[i] === b) i++;
    if (a === 0 || b === 0) continue;
    const row = overlaps.get(a) ?? new Map<number, number>();
    row.set(b, (row.get(b) ?? 0) + i - start);
    overlaps.set(a, row);
  }
}

/** The earlier object of each later one that has one. */
function assignAll(overlaps: readonly Overlaps[], sizes: Float64Array): Map<number, number> {
  const before = new Map<number, number>();
  for (const pairs of overlaps) {
    const earlier = [...pairs.keys()].sort((a, b) => a - b);
    const later = [...new Set(earlier.flatMap((id) => [...pairs.get(id)!.keys()]))].sort((a, b) => a - b);
    const columnOf = new Map(later.map((id, column) => [id, column]));
    const starts = [0];
    const columns: number[] = [];
    const weights: number[] = [];
    for (const id of earlier) {
      for (const [other, both] of [...pairs.get(id)!].sort(([a], [b]) => a - b)) {
        columns.push(columnOf.get(other)!);
        weights.push(both / (sizes[id - 1]! + sizes[other - 1]! - both));
      }
      starts.push(columns.length);
    }
    const assigned = assign({
      starts: Uint32Array.from(starts),
      columns: Uint32Array.from(columns),
      weights: Float64Array.from(weights),
      columnCount: later.length,
    });
    assigned.forEach((column, row) => {
      if (column !== -1) before.set(later[column]!, earlier[row]!);
    });
  }
  return before;
}
