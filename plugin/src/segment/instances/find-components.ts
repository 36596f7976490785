import { Growable } from '../../array/growable.ts';
import { inOrder } from '../../array/in-order.ts';
import type { WorkOptions } from '../../array/progress.ts';
import { createProgress } from '../../array/progress.ts';
import { labelComponents } from '../../raster/components.ts';
import { UnionFind } from '../../raster/union-find.ts';
import { allBlocks, type Block, type BlockGrid, blockCount, globalPosition, volumeSize } from './blocks.ts';
import { createBlockJoiner } from './join-blocks.ts';
import type { LabelVolumes } from './label-volumes.ts';
import type { FoundObjects } from './number-objects.ts';
import type { InstanceRecipe } from './types.ts';

/** Blocks read at once: hides the latency of a store. */
const readAhead = 4;

export interface FoundComponents {
  /** First part of each block, with the total at the end. */
  readonly starts: Float64Array;
  /** Object of each part. */
  readonly objectOf: Uint32Array;
  readonly objects: FoundObjects;
}

/**
 * Connected components of labels of any size, block by block: parts are labelled in each block, and parts that touch across a
 * border are united. Memory: a few blocks, the faces of a row (a slice in a volume) of blocks, and some bytes a part.
 */
export async function findComponents(
  labels: LabelVolumes,
  grid: BlockGrid,
  { dims, reach }: Pick<InstanceRecipe, 'dims' | 'reach'>,
  { signal, onProgress }: WorkOptions,
): Promise<FoundComponents> {
  const sets = new UnionFind();
  const idOf = new Growable('uint32');
  const firsts = new Growable('float64');
  const sizes = new Growable('float64');
  const starts = new Float64Array(blockCount(grid) + 1);
  const joiner = createBlockJoiner(grid, { dims, reach }, (a, b) => {
    if (idOf.at(a - 1) === idOf.at(b - 1)) sets.union(a - 1, b - 1);
  });
  const progress = createProgress(blockCount(grid), onProgress);
  const read = ({ region }: Block) => labels.read(region, signal === undefined ? {} : { signal });
  for await (const { item: block, result: ids } of inOrder(allBlocks(grid), readAhead, read)) {
    signal?.throwIfAborted();
    const size = volumeSize(block.region);
    const parts = labelComponents(ids, size, reach);
    const start = sets.size;
    sets.grow(parts.count);
    parts.firsts.forEach((first, n) => {
      idOf.push(ids[first]!);
      firsts.push(globalPosition(labels.size, block.region, first));
      sizes.push(parts.sizes[n]!);
    });
    starts[block.number + 1] = sets.size;
    joiner.add(block, { labels: parts.labels.map((label) => (label === 0 ? 0 : label + start)), size });
    progress.step();
  }
  return { starts, ...gather(sets, firsts.values, sizes.values) };
}

/** Parts of one set as one object, at the first position of all. */
function gather(
  sets: UnionFind,
  firsts: Float64Array,
  sizes: Float64Array,
): Pick<FoundComponents, 'objectOf' | 'objects'> {
  const objectOf = new Uint32Array(sets.size);
  let count = 0;
  for (let part = 0; part < sets.size; part++) {
    const root = sets.find(part);
    objectOf[part] = root === part ? count++ : objectOf[root]!;
  }
  const positions = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const totals = new Float64Array(count);
  objectOf.forEach((object, part) => {
    positions[object] = Math.min(positions[object]!, firsts[part]!);
    totals[object] = totals[object]! + sizes[part]!;
  });
  return { objectOf, objects: { positions, sizes: totals } };
}
