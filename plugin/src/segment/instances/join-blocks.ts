import { chunkCounts } from '../../array/lazy-array.ts';
import { neighbourSteps, type Reach, type Size3 } from '../../raster/volume.ts';
import type { Block, BlockGrid } from './blocks.ts';
import { cutSlab, type PackedSlab, packSlab, type Slab, touchingPairs, unpackSlab } from './faces.ts';

/** The last layers of a block along z, y and x: what blocks after it can touch. */
type LastFaces = readonly [PackedSlab, PackedSlab, PackedSlab];

/**
 * Finds the labels that touch across the borders of blocks. Blocks come in C order; of those before, the last layers are kept
 * as long as a later block can touch them: in a plane a row of blocks, in a volume a slice of them.
 *
 * @param visit  two touching labels of different blocks; a pair may come more than once
 */
export function createBlockJoiner(
  grid: BlockGrid,
  { dims, reach }: { readonly dims: 2 | 3; readonly reach: Reach },
  visit: (a: number, b: number) => void,
) {
  const [, zs = 1, ys = 1, xs = 1] = chunkCounts(grid);
  // To the blocks before, in C order.
  const steps = neighbourSteps(reach).filter(
    ([z, y, x]) => (z < 0 || (z === 0 && (y < 0 || (y === 0 && x < 0)))) && (dims === 3 || z === 0),
  );
  const farthest = (dims === 3 ? ys * xs : 0) + xs + 1;
  const kept = new Map<number, LastFaces>();
  const needed: readonly [boolean, boolean, boolean] = [dims === 3 && zs > 1, ys > 1, xs > 1];

  return {
    /** @param slab  the block's labels, unlike those of any other block; 0 for none */
    add({ number, index }: Block, slab: Slab): void {
      const [, z, y, x] = index;
      for (const step of steps) {
        const [dz, dy, dx] = step;
        if (z + dz < 0 || y + dy < 0 || x + dx < 0 || y + dy >= ys || x + dx >= xs) continue;
        const faces = kept.get(number + (dz * ys + dy) * xs + dx);
        if (faces === undefined) continue;
        joinPair(faces, slab, step);
      }
      kept.delete(number - farthest);
      kept.set(number, lastFaces(slab));
    },
  };

  function joinPair(faces: LastFaces, slab: Slab, step: Size3): void {
    const axis = step.findIndex((change) => change !== 0);
    // One layer thick along `axis` already: its first is its last.
    const before = cutSlab(unpackSlab(faces[axis]!), cutsTowards(step, 'last', 'first'));
    const here = cutSlab(slab, cutsTowards(step, 'first', 'last'));
    touchingPairs(before, here, { step, reach }, visit);
  }

  function lastFaces(slab: Slab): LastFaces {
    const face = (axis: 0 | 1 | 2): PackedSlab => {
      if (!needed[axis]) return { runs: new Uint32Array(0), size: [0, 0, 0] };
      const cut = (at: number) => (at === axis ? 'last' : 'all');
      return packSlab(cutSlab(slab, [cut(0), cut(1), cut(2)]));
    };
    return [face(0), face(1), face(2)];
  }
}

/** The layer that touches along each axis: `back` where the step leads back, `forth` where it leads forth. */
function cutsTowards(step: Size3, back: 'first' | 'last', forth: 'first' | 'last') {
  const cut = (change: number) => (change === 0 ? 'all' : change < 0 ? back : forth);
  return [cut(step[0]), cut(step[1]), cut(step[2])] as const;
}
