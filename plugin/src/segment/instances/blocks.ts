import { chunkCounts, elementCount } from '../../array/lazy-array.ts';
import { chunkRegion, type Region } from '../../array/region.ts';
import type { Size3 } from '../../raster/volume.ts';
import type { Size4 } from './label-volumes.ts';

/** The grid of boxes in which labels become instances; the instances' chunks. */
export interface BlockGrid {
  readonly shape: Size4;
  readonly chunkShape: Size4;
}

export interface Block {
  /** Position in C order. */
  readonly number: number;
  readonly index: Size4;
  readonly region: Region;
}

const planeBlock = [1, 1, 512, 512] as const;
const volumeBlock = [1, 32, 128, 128] as const;

/** Blocks that suit the memory of one worker; `dims` 2 keeps slices apart. */
export function blockGrid(shape: Size4, dims: 2 | 3, blockShape?: Size4): BlockGrid {
  const [t, z, y, x] = blockShape ?? (dims === 3 && shape[1] > 1 ? volumeBlock : planeBlock);
  const clipped = (size: number, axis: 1 | 2 | 3) => Math.max(1, Math.min(size, shape[axis]));
  return { shape, chunkShape: [t, dims === 2 ? 1 : clipped(z, 1), clipped(y, 2), clipped(x, 3)] };
}

export function blockCount(grid: BlockGrid): number {
  return elementCount(chunkCounts(grid));
}

/** All blocks, C order. */
export function* allBlocks(grid: BlockGrid): Generator<Block> {
  const [ts = 0, zs = 0, ys = 0, xs = 0] = chunkCounts(grid);
  let number = 0;
  for (let t = 0; t < ts; t++) {
    for (let z = 0; z < zs; z++) {
      for (let y = 0; y < ys; y++) {
        for (let x = 0; x < xs; x++) {
          const index = [t, z, y, x] as const;
          yield { number: number++, index, region: chunkRegion(grid, index) };
        }
      }
    }
  }
}

export function blockAt(grid: BlockGrid, index: readonly number[]): Block {
  const counts = chunkCounts(grid);
  const [t = 0, z = 0, y = 0, x = 0] = index;
  const number = [t, z, y, x].reduce((sum, position, axis) => sum * counts[axis]! + position, 0);
  return { number, index: [t, z, y, x], region: chunkRegion(grid, [t, z, y, x]) };
}

/** Size along z, y, x of a region of one time point. */
export function volumeSize({ start, stop }: Region): Size3 {
  return [stop[1]! - start[1]!, stop[2]! - start[2]!, stop[3]! - start[3]!];
}

/** Position in the whole array, C order, of the element `offset` (C order) of a region of one time point. */
export function globalPosition(
  [, depth, height, width]: Size4,
  { start, stop }: Region,
  offset: number,
): number {
  const [rows, columns] = [stop[2]! - start[2]!, stop[3]! - start[3]!];
  const x = start[3]! + (offset % columns);
  const y = start[2]! + (Math.floor(offset / columns) % rows);
  const z = start[1]! + Math.floor(offset / (columns * rows));
  return ((start[0]! * depth + z) * height + y) * width + x;
}
