import type { ChunkOptions } from '../../array/lazy-array.ts';
import type { Region } from '../../array/region.ts';
import { distanceToOther } from '../../raster/distance.ts';
import type { Size3 } from '../../raster/volume.ts';
import { watershed } from '../../raster/watershed.ts';
import { type Block, globalPosition, volumeSize } from './blocks.ts';
import type { BoundaryVolumes } from './boundary-volumes.ts';
import type { LabelVolumes } from './label-volumes.ts';
import type { WatershedRecipe } from './types.ts';

export interface WatershedBlock {
  /** Of the block without its halo: 1, 2, … by `peaks`; 0 for none. */
  readonly labels: Uint32Array;
  /** Position of each basin's peak in the whole array. */
  readonly peaks: Float64Array;
  /** Elements of each basin in the block. */
  readonly sizes: Uint32Array;
  /** 1 where a basin, or one beside it, reaches beyond what was looked at. */
  readonly unsure: Uint8Array;
}

/** What a watershed needs to know of one block. */
export type WindowRecipe = Pick<WatershedRecipe, 'dims' | 'reach' | 'depth' | 'halo'>;

/**
 * The basins of one block, seen with its halo. A basin that is not `unsure` is what a watershed of the whole array gives.
 */
export async function watershedBlock(
  labels: LabelVolumes,
  block: Block,
  recipe: WindowRecipe,
  options: ChunkOptions & { readonly boundary?: BoundaryVolumes | undefined },
): Promise<WatershedBlock> {
  const window = withHalo(labels, block.region, recipe);
  const ids = await labels.read(window, options);
  options.signal?.throwIfAborted();
  const size = volumeSize(window);
  const { boundary } = options;
  const landscape =
    boundary === undefined
      ? distanceToOther(ids, size, labels.spacing.zyx)
      : await boundary.read(window, options);
  const basins = watershed({ ids, landscape, size, reach: recipe.reach, depth: recipe.depth });
  const unsure = unsureBasins(basins.labels, boundary === undefined ? landscape : null, labels, window);
  return crop(basins, unsure, block.region, window, labels);
}

function withHalo({ size, spacing }: LabelVolumes, { start, stop }: Region, recipe: WindowRecipe): Region {
  const margin = spacing.zyx.map((element, axis) =>
    axis === 0 && recipe.dims === 2 ? 0 : Math.ceil(recipe.halo / element),
  );
  return {
    start: start.map((begin, axis) => (axis === 0 ? begin : Math.max(0, begin - margin[axis - 1]!))),
    stop: stop.map((end, axis) => (axis === 0 ? end : Math.min(size[axis]!, end + margin[axis - 1]!))),
  };
}

/**
 * Basins with an element whose nearest border may lie outside the window, and those that touch one: of these the window
 * does not tell all.
 *
 * @param distance  to the border; null where another landscape was flooded: then what reaches the window's edge is open
 */
function unsureBasins(
  basins: Uint32Array,
  distance: Float32Array | null,
  labels: LabelVolumes,
  window: Region,
): Set<number> {
  const size = volumeSize(window);
  const cut = cutDistances(labels, window, size);
  const open = new Set<number>();
  const touching = new Map<number, Set<number>>();
  const touch = (a: number, b: number): void => {
    if (b === 0 || a === b) return;
    touching.set(a, (touching.get(a) ?? new Set()).add(b));
    touching.set(b, (touching.get(b) ?? new Set()).add(a));
  };
  const [depth, height, width] = size;
  const layer = labels.spacing.zyx;
  const isEdge = (z: number, y: number, x: number) =>
    cut[0][z]! <= layer[0] || cut[1][y]! <= layer[1] || cut[2][x]! <= layer[2];
  let at = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const near = Math.min(cut[0][z]!, cut[1][y]!);
      for (let x = 0; x < width; x++, at++) {
        const basin = basins[at]!;
        if (basin === 0) continue;
        const isOpen = distance === null ? isEdge(z, y, x) : distance[at]! >= Math.min(near, cut[2][x]!);
        if (isOpen) open.add(basin);
        if (x + 1 < width) touch(basin, basins[at + 1]!);
        if (y + 1 < height) touch(basin, basins[at + width]!);
        if (z + 1 < depth) touch(basin, basins[at + width * height]!);
      }
    }
  }
  for (const basin of [...open]) for (const other of touching.get(basin) ?? []) open.add(other);
  return open;
}

/** Along each axis, the distance from each layer to the nearest one outside the window; infinite where the array ends. */
function cutDistances({ size, spacing }: LabelVolumes, { start, stop }: Region, window: Size3) {
  const along = (axis: 0 | 1 | 2): Float64Array => {
    const before = start[axis + 1]! > 0;
    const after = stop[axis + 1]! < size[axis + 1]!;
    return Float64Array.from({ length: window[axis] }, (_, i) => {
      const back = before ? i + 1 : Number.POSITIVE_INFINITY;
      const forth = after ? window[axis] - i : Number.POSITIVE_INFINITY;
      return Math.min(back, forth) * spacing.zyx[axis];
    });
  };
  return [along(0), along(1), along(2)] as const;
}

function crop(
  basins: { readonly labels: Uint32Array; readonly peaks: Uint32Array },
  open: ReadonlySet<number>,
  region: Region,
  window: Region,
  { size }: LabelVolumes,
): WatershedBlock {
  const [depth, height, width] = volumeSize(region);
  const [, rows, columns] = volumeSize(window);
  const [z0 = 0, y0 = 0, x0 = 0] = [1, 2, 3].map((axis) => region.start[axis]! - window.start[axis]!);
  const labels = new Uint32Array(depth * height * width);
  const numbers = new Uint32Array(basins.peaks.length + 1);
  const found: number[] = [];
  const sizes: number[] = [];
  let at = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = ((z + z0) * rows + y + y0) * columns + x0;
      for (let x = 0; x < width; x++, at++) {
        const basin = basins.labels[from + x]!;
        if (basin === 0) continue;
        if (numbers[basin] === 0) {
          found.push(basin);
          sizes.push(0);
          numbers[basin] = found.length;
        }
        const number = numbers[basin]!;
        labels[at] = number;
        sizes[number - 1]!++;
      }
    }
  }
  return {
    labels,
    peaks: Float64Array.from(found, (basin) => globalPosition(size, window, basins.peaks[basin - 1]!)),
    sizes: Uint32Array.from(sizes),
    unsure: Uint8Array.from(found, (basin) => (open.has(basin) ? 1 : 0)),
  };
}
