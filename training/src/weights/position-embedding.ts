import { AlibiError } from 'alibi-zarr/checkpoint';
import { reshaped, rowsOf } from './canonical.ts';
import type { PositionEmbedding, Tensor } from './vit-weights.ts';

/**
 * A stored position embedding [1, n, dim], split into CLS's and the patches'.
 *
 * The files do not say the grid. It is taken as square, with CLS where n − 1 is a square and without where n is;
 * `trainedGrid` says it where it is neither.
 */
export function splitPositionEmbedding(
  stored: Tensor,
  o: {
    readonly dim: number;
    readonly where: string;
    readonly trainedGrid?: readonly [number, number] | undefined;
  },
): PositionEmbedding {
  const count = stored.data.length / o.dim;
  const flat = reshaped(stored, [count, o.dim]);
  const grid = o.trainedGrid ?? squareGrid(count) ?? squareGrid(count - 1);
  const patches = grid === null ? 0 : grid[0] * grid[1];
  if (grid === null || (patches !== count && patches !== count - 1)) {
    throw new AlibiError('InvalidInput', {
      what: `the position embedding holds ${count} tokens, which is ${grid === null ? 'no square grid' : `not ${grid[0]}×${grid[1]}`} with or without CLS`,
      where: o.where,
      remedy: 'Give the grid it was trained on with --trained-grid rows,cols.',
    });
  }
  const withCls = patches === count - 1;
  return {
    grid,
    patches: withCls ? rowsOf(flat, 1, count) : flat,
    cls: withCls ? reshaped(rowsOf(flat, 0, 1), [o.dim]) : null,
  };
}

function squareGrid(count: number): readonly [number, number] | null {
  const side = Math.round(Math.sqrt(count));
  return side > 0 && side * side === count ? [side, side] : null;
}
