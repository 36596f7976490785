import { createPriorityHeap } from './priority-heap.ts';
import { descendingOrder } from './sort-keys.ts';
import { UnionFind } from './union-find.ts';
import { neighbourSteps, type Reach, type Size3 } from './volume.ts';

export interface WatershedInput {
  /** [z, y, x], C order; basins do not cross from one id to another, 0 belongs to none. */
  readonly ids: Uint32Array;
  /** Height of each element: basins spread from the peaks downwards. No NaN where `ids` is not 0. */
  readonly landscape: Float32Array;
  readonly size: Size3;
  readonly reach: Reach;
  /** A peak must rise this far above the pass to a higher one (its dynamics) to be an object of its own. */
  readonly depth: number;
}

export interface Basins {
  /** Basin of each element: 1, 2, … in the order of {@link peaks}; 0 where `ids` is 0. */
  readonly labels: Uint32Array;
  /** Index of the first highest element of each basin, rising. */
  readonly peaks: Uint32Array;
}

/**
 * Split each id's elements into the basins of its peaks: a watershed without lines, from markers that are the
 * h-maxima of the landscape. Elements are flooded highest first, equals in the order they were reached, the peaks
 * before them in C order; so a basin depends on nothing but the basins around it.
 *
 * Equals `skimage.segmentation.watershed(-landscape, markers, connectivity=reach, mask=ids > 0)` where no heights are equal.
 *
 * Source: Meyer, Un algorithme optimal pour la ligne de partage des eaux, 1991; dynamics: Grimaud 1992
 */
export function watershed(input: WatershedInput): Basins {
  const { ids, landscape } = input;
  const order = descendingOrder(landscape, elementsOf(ids));
  const rank = new Uint32Array(ids.length);
  order.forEach((element, position) => {
    const before = order[position - 1];
    const same = before !== undefined && landscape[before] === landscape[element];
    rank[element] = same ? rank[before]! : position;
  });
  const neighbours = neighbourWalk(input);
  const peaks = findPeaks(input, order, neighbours);
  return { labels: flood(input, rank, peaks, neighbours), peaks };
}

function elementsOf(ids: Uint32Array): Uint32Array {
  let count = 0;
  for (const id of ids) if (id !== 0) count++;
  const elements = new Uint32Array(count);
  let at = 0;
  ids.forEach((id, element) => {
    if (id !== 0) elements[at++] = element;
  });
  return elements;
}

type Walk = (element: number, visit: (neighbour: number) => void) => void;

/** Visits the neighbours of an element that have its id. */
function neighbourWalk({ ids, size: [depth, height, width], reach }: WatershedInput): Walk {
  const steps = neighbourSteps(reach).filter(
    ([z, y, x]) => (depth > 1 || z === 0) && (height > 1 || y === 0) && (width > 1 || x === 0),
  );
  const offsets = steps.map(([z, y, x]) => (z * height + y) * width + x);
  return (element, visit) => {
    const x = element % width;
    const y = Math.floor(element / width) % height;
    const z = Math.floor(element / (width * height));
    const inner =
      x > 0 && x < width - 1 && y > 0 && y < height - 1 && (depth === 1 || (z > 0 && z < depth - 1));
    for (let n = 0; n < steps.length; n++) {
      if (!inner) {
        const [dz, dy, dx] = steps[n]!;
        const outside = x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height;
        if (outside || z + dz < 0 || z + dz >= depth) continue;
      }
      const neighbour = element + offsets[n]!;
      if (ids[neighbour] === ids[element]) visit(neighbour);
    }
  };
}

/** First elements of the peaks that are deep enough, rising: the landscape emerges from the top, islands meet at passes. */
function findPeaks({ landscape, depth }: WatershedInput, order: Uint32Array, neighbours: Walk): Uint32Array {
  // Sets of positions in `order`: the smallest member of a set is the top of its island.
  const islands = new UnionFind(order.length);
  islands.grow(order.length);
  const positionOf = new Uint32Array(landscape.length);
  const isPeak = new Uint8Array(order.length);
  order.forEach((element, position) => {
    positionOf[element] = position + 1;
    isPeak[position] = 1;
    neighbours(element, (neighbour) => {
      const other = positionOf[neighbour]!;
      if (other === 0) return;
      const [a, b] = [islands.find(position), islands.find(other - 1)];
      if (a === b) return;
      const lower = Math.max(a, b);
      const rise = landscape[order[lower]!]! - landscape[element]!;
      if (!(rise > 0 && rise >= depth)) isPeak[lower] = 0;
      islands.union(a, b);
    });
  });
  return order.filter((_, position) => isPeak[position] === 1).sort();
}

function flood(
  { ids }: WatershedInput,
  rank: Uint32Array,
  peaks: Uint32Array,
  neighbours: Walk,
): Uint32Array {
  const labels = new Uint32Array(ids.length);
  const queue = createPriorityHeap(ids.length);
  peaks.forEach((peak, n) => {
    labels[peak] = n + 1;
    queue.push(peak, rank[peak]!);
  });
  while (queue.size > 0) {
    const element = queue.pop();
    neighbours(element, (neighbour) => {
      if (labels[neighbour] !== 0) return;
      labels[neighbour] = labels[element]!;
      queue.push(neighbour, rank[neighbour]!);
    });
  }
  return labels;
}
