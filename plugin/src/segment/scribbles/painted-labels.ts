import type { LabelType, LazyArray } from '../../array/lazy-array.ts';
import { chunkRegion } from '../../array/region.ts';
import { type LabelledTile, paintStrokes } from '../strokes.ts';
import type { PixelGrid, Stroke } from '../types.ts';

const chunkPx = 256;

/**
 * What strokes paint, as labels: 0 where nobody painted, else the class's position plus one. Memory: the painted places.
 *
 * @param grid  the finest level
 * @param axes  its axes, canonical: t?, z?, y, x
 */
export function paintedLabels(
  strokes: readonly Stroke[],
  grid: PixelGrid,
  axes: LazyArray['axes'],
): LazyArray<LabelType> {
  const [heightPx = 1, widthPx = 1] = grid.shape.slice(-2);
  const tiles = new Map<string, LabelledTile[]>();
  for (const tile of paintStrokes(strokes, { heightPx, widthPx, scaleY: 1, scaleX: 1 })) {
    const key = `${tile.t}/${tile.z}/${Math.floor(tile.y0 / chunkPx)}/${Math.floor(tile.x0 / chunkPx)}`;
    const known = tiles.get(key);
    if (known === undefined) tiles.set(key, [tile]);
    else known.push(tile);
  }
  const isPlane = axes.map(({ name }) => name === 'y' || name === 'x');
  const chunkShape = axes.map((_, axis) => (isPlane[axis] ? chunkPx : 1));
  const { shape } = grid;
  const isWide = strokes.some(({ classIndex }) => (classIndex ?? 0) > 254);
  return {
    axes,
    shape,
    chunkShape,
    dtype: isWide ? 'uint16' : 'uint8',
    fillValue: 0,
    transform: grid.transform,
    revision: 0,
    async getChunk(index, { signal }) {
      signal?.throwIfAborted();
      const { start, stop } = chunkRegion({ shape, chunkShape }, index);
      const size = start.map((from, axis) => stop[axis]! - from);
      const [rows = 1, columns = 1] = size.slice(-2);
      const data = new (isWide ? Uint16Array : Uint8Array)(rows * columns);
      const along = (name: string) => start[axes.findIndex((axis) => axis.name === name)] ?? 0;
      const [y0, x0] = [along('y'), along('x')];
      const key = `${along('t')}/${along('z')}/${y0 / chunkPx}/${x0 / chunkPx}`;
      // A tile lies within one chunk: its side divides the chunk's.
      for (const tile of tiles.get(key) ?? []) {
        for (let row = 0; row < tile.heightPx; row++) {
          const line = tile.mask.subarray(row * tile.widthPx, (row + 1) * tile.widthPx);
          data.set(line, (tile.y0 - y0 + row) * columns + tile.x0 - x0);
        }
      }
      return { data, shape: size };
    },
  };
}
