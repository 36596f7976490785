import { Growable } from '../../array/growable.ts';
import { inOrder } from '../../array/in-order.ts';
import { createProgress, type WorkOptions } from '../../array/progress.ts';
import { allBlocks, type Block, type BlockGrid, blockCount } from './blocks.ts';
import type { BoundaryVolumes } from './boundary-volumes.ts';
import type { LabelVolumes } from './label-volumes.ts';
import type { FoundObjects } from './number-objects.ts';
import { type WindowRecipe, watershedBlock } from './watershed-block.ts';

export interface FoundBasins extends FoundObjects {
  /** 1 for objects larger than the halo. */
  readonly unsure: Uint8Array;
}

/** Windows read at once. */
const readAhead = 2;

/** The objects of a watershed of labels of any size, block by block. Memory: a few windows, and some bytes an object. */
export async function findBasins(
  labels: LabelVolumes,
  grid: BlockGrid,
  recipe: WindowRecipe,
  { signal, onProgress, boundary }: WorkOptions & { readonly boundary?: BoundaryVolumes | undefined },
): Promise<FoundBasins> {
  const positions = new Growable('float64');
  const sizes = new Growable('float64');
  const unsure = new Growable('uint32');
  // An object is in few blocks of one time point: what is known of a point need not be kept longer.
  let known = new Map<number, number>();
  let time = -1;
  const progress = createProgress(blockCount(grid), onProgress);
  const options = { boundary, ...(signal === undefined ? {} : { signal }) };
  const compute = (block: Block) => watershedBlock(labels, block, recipe, options);
  for await (const { item: block, result } of inOrder(allBlocks(grid), readAhead, compute)) {
    signal?.throwIfAborted();
    if (block.index[0] !== time) known = new Map();
    time = block.index[0];
    result.peaks.forEach((peak, n) => {
      const object = known.get(peak) ?? positions.length;
      if (object === positions.length) {
        known.set(peak, object);
        positions.push(peak);
        sizes.push(0);
        unsure.push(0);
      }
      sizes.set(object, sizes.at(object) + result.sizes[n]!);
      unsure.set(object, unsure.at(object) | result.unsure[n]!);
    });
    progress.step();
  }
  return { positions: positions.values, sizes: sizes.values, unsure: Uint8Array.from(unsure.values) };
}
