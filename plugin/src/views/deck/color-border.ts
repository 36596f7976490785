import type { Box } from './draw-level.ts';

/** RGBA bytes of a tile, row-major. */
export interface ColorPixels {
  readonly kind: 'colors';
  readonly data: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Steps (columns, rows) to the eight neighbours of a tile, row by row. */
export const aroundTile = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

interface Bordered {
  readonly neighbours: readonly (ColorPixels | null)[];
  readonly pixels: ColorPixels;
}
/** The same object as long as the neighbours are the same: it stands for a texture. */
const borderedOf = new WeakMap<ColorPixels, Bordered>();

/**
 * A tile with one more pixel on every side, from its neighbours where they are there and else from its own
 * edge, and the part of that which shows what `uv` showed of the tile alone.
 *
 * @param neighbours  in the order of {@link aroundTile}
 */
export function withBorder(
  pixels: ColorPixels,
  neighbours: readonly (ColorPixels | null)[],
  uv: Box,
): { pixels: ColorPixels; uv: Box } {
  const { widthPx, heightPx } = pixels;
  let known = borderedOf.get(pixels);
  if (known === undefined || known.neighbours.some((old, i) => old !== neighbours[i])) {
    known = { neighbours, pixels: border(pixels, neighbours) };
    borderedOf.set(pixels, known);
  }
  const u = (value: number) => (1 + value * widthPx) / (widthPx + 2);
  const v = (value: number) => (1 + value * heightPx) / (heightPx + 2);
  return { pixels: known.pixels, uv: [u(uv[0]), v(uv[1]), u(uv[2]), v(uv[3])] };
}

function border(pixels: ColorPixels, neighbours: readonly (ColorPixels | null)[]): ColorPixels {
  const { widthPx, heightPx } = pixels;
  const width = widthPx + 2;
  const data = new Uint8Array(width * (heightPx + 2) * 4);
  const side = (position: number, size: number): -1 | 0 | 1 => (position < 0 ? -1 : position >= size ? 1 : 0);
  for (let y = -1; y <= heightPx; y++) {
    for (let x = -1; x <= widthPx; x++) {
      const dx = side(x, widthPx);
      const dy = side(y, heightPx);
      const index = aroundTile.findIndex(([stepX, stepY]) => stepX === dx && stepY === dy);
      const from = neighbours[index] ?? pixels;
      // Across a border the neighbour's first or last row or column is next to ours; without one, our own edge.
      const column =
        from === pixels ? clamp(x, widthPx) : dx < 0 ? from.widthPx - 1 : dx > 0 ? 0 : clamp(x, from.widthPx);
      const row =
        from === pixels
          ? clamp(y, heightPx)
          : dy < 0
            ? from.heightPx - 1
            : dy > 0
              ? 0
              : clamp(y, from.heightPx);
      const source = (row * from.widthPx + column) * 4;
      data.set(from.data.subarray(source, source + 4), ((y + 1) * width + x + 1) * 4);
    }
  }
  return { kind: 'colors', data, widthPx: width, heightPx: heightPx + 2 };
}

function clamp(position: number, size: number): number {
  return Math.min(size - 1, Math.max(0, position));
}
