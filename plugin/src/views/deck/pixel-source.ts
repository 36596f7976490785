import { axisIndex, createData, type LazyArray } from '../../array/lazy-array.ts';
import { type PlaneRegion, readPlane } from '../../array/plane.ts';
import { isAbort } from '../../errors.ts';
import { type DisplayType, displayType, toDisplay } from './display-data.ts';

/** Which plane: indices along z, t and c; an axis the array lacks is ignored. */
export interface PlaneSelection {
  readonly z?: number;
  readonly t?: number;
  readonly c?: number;
}

export interface PixelTile {
  readonly data: DisplayData;
  readonly width: number;
  readonly height: number;
}
type DisplayData = ReturnType<typeof toDisplay>;

/** The part of Viv's `PixelSource` that its layers read. */
export interface LazyPixelSource {
  readonly shape: number[];
  readonly labels: string[];
  readonly dtype: DisplayType;
  readonly tileSize: number;
  readonly meta: { readonly physicalSizes?: Record<string, { size: number; unit: string }> };
  getTile(request: {
    x: number;
    y: number;
    selection: PlaneSelection;
    signal?: AbortSignal;
  }): Promise<PixelTile>;
  getRaster(request: { selection: PlaneSelection; signal?: AbortSignal }): Promise<PixelTile>;
  onTileError(error: Error): void;
}

/**
 * A lazy array as a `PixelSource` of Viv, whatever the order of its axes: tiles are row-major planes
 * (height, width) of one z, t and c. 64-bit integers become floats and booleans bytes, for display only.
 *
 * @param options.tilePx   side of a tile; default: the chunk's side, at least 256 and at most 1024
 * @param options.onError  told of tiles that failed; aborts are not failures
 */
export function asPixelSource(
  lazy: LazyArray,
  options: { readonly tilePx?: number; readonly onError?: (error: Error) => void } = {},
): LazyPixelSource {
  const y = axisIndex(lazy.axes, 'y');
  const x = axisIndex(lazy.axes, 'x');
  const heightPx = lazy.shape[y] ?? 0;
  const widthPx = lazy.shape[x] ?? 0;
  const tileSize = options.tilePx ?? Math.min(1024, Math.max(256, lazy.chunkShape[x] ?? 256));
  const read = async (
    region: PlaneRegion,
    selection: PlaneSelection,
    signal?: AbortSignal,
  ): Promise<PixelTile> => {
    const { data, height, width } = await readPlane(lazy, selection, region, signal ? { signal } : {});
    return { data: toDisplay(data), width, height };
  };
  return {
    // Viv wants y and x last; the planes it gets are row-major whatever the stored order.
    shape: [...lazy.shape.filter((_, axis) => axis !== y && axis !== x), heightPx, widthPx],
    labels: [...lazy.axes.map((axis) => axis.name).filter((name) => name !== 'y' && name !== 'x'), 'y', 'x'],
    dtype: displayType(lazy.dtype),
    tileSize,
    meta: physicalMeta(lazy),
    async getTile({ x: col, y: row, selection, signal }) {
      const y0 = row * tileSize;
      const x0 = col * tileSize;
      if (y0 >= heightPx || x0 >= widthPx || y0 < 0 || x0 < 0) {
        return { data: toDisplay(createData(lazy.dtype, 0)), width: 0, height: 0 };
      }
      const y1 = Math.min(heightPx, y0 + tileSize);
      const x1 = Math.min(widthPx, x0 + tileSize);
      return read({ y0, y1, x0, x1 }, selection, signal);
    },
    getRaster: ({ selection, signal }) =>
      read({ y0: 0, y1: heightPx, x0: 0, x1: widthPx }, selection, signal),
    onTileError(error) {
      if (!isAbort(error)) options.onError?.(error);
    },
  };
}

function physicalMeta(lazy: LazyArray): LazyPixelSource['meta'] {
  const physicalSizes: Record<string, { size: number; unit: string }> = {};
  for (const name of ['x', 'y', 'z']) {
    const axis = axisIndex(lazy.axes, name);
    const unit = lazy.axes[axis]?.unit;
    const size = lazy.transform.scale[axis];
    if (unit !== undefined && size !== undefined) physicalSizes[name] = { size, unit };
  }
  return Object.keys(physicalSizes).length === 0 ? {} : { physicalSizes };
}
