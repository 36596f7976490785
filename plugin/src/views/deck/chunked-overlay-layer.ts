import type { Layer, UpdateParameters } from '@deck.gl/core';
import { axisIndex, type DataType, type LazyArray } from '../../array/lazy-array.ts';
import { readPlane } from '../../array/plane.ts';
import { readRegion } from '../../array/region.ts';
import { AlibiError } from '../../errors.ts';
import { aroundTile, type ColorPixels, withBorder } from './color-border.ts';
import { coverView } from './cover-view.ts';
import { type Box, sliceOf } from './draw-level.ts';
import type { Rgb } from './id-colors.ts';
import { type TileRef, tileKey } from './plan-tiles.ts';
import { type IdData, type PixelQuad, type QuadPixels, QuadsLayer } from './quads-layer.ts';
import type { TileLoad, TileWish } from './tile-store.ts';
import { TiledLayer, type TiledLayerProps } from './tiled-layer.ts';

export interface ChunkedOverlayLayerProps extends TiledLayerProps {
  /** `colors`: uint8 […, y, x, c = 3 or, with opacity, 4], filtered linearly; `ids`: integers […, y, x], exact. */
  content: 'colors' | 'ids';
  z: number;
  t: number;
  /** The image: nothing is drawn outside. */
  clip: Box;
  /** 0 to 1. */
  alpha: number;
  colors: ReadonlyMap<number, Rgb>;
  /** Grows when an edit changes what tiles hold: they are asked for again, and the old ones are drawn until the new are there. */
  revision: number;
  /** Width of outlines in screen pixels; 0 fills. */
  contourPx: number;
}

/**
 * A derived layer over the image: feature colours or labels. Tiles are drawn without overlap, the nearest
 * coarser level in the place of what is missing; tiles being computed are framed, failed ones hatched.
 */
export class ChunkedOverlayLayer extends TiledLayer<QuadPixels, ChunkedOverlayLayerProps> {
  static override layerName = 'ChunkedOverlayLayer';
  static override defaultProps = {
    pickable: false,
    colors: { type: 'object', value: new Map() },
    contourPx: 0,
    alpha: 1,
    revision: 0,
  };
  protected override readonly planOptions = { through: 'all', tileLimit: 400, prefetch: false } as const;
  /** Enough to keep one transformer busy; the order stays ours to change as the view moves. */
  protected override readonly slots = 4;

  protected override tileBytes({ data }: QuadPixels): number {
    return data.byteLength;
  }

  protected override isStale({ props, oldProps }: UpdateParameters<this>): boolean {
    return props.levels !== oldProps.levels;
  }

  protected override wishes(tile: TileRef): readonly TileWish<QuadPixels>[] {
    return [{ key: this.#key(tile), load: (options) => this.#load(tile, options) }];
  }

  async #load(tile: TileRef, options: TileLoad): Promise<QuadPixels> {
    const level = this.props.levels[tile.level]!;
    const { t, content } = this.props;
    const z = sliceOf(level, this.props.z);
    const x0 = tile.col * level.tileWidthPx;
    const y0 = tile.row * level.tileHeightPx;
    const x1 = Math.min(level.widthPx, x0 + level.tileWidthPx);
    const y1 = Math.min(level.heightPx, y0 + level.tileHeightPx);
    const size = { widthPx: x1 - x0, heightPx: y1 - y0 };
    if (content === 'ids') {
      const { data } = await readPlane(level.pixels, { z, t }, { x0, y0, x1, y1 }, options);
      return { kind: 'ids', data: asIds(data), ...size };
    }
    const data = await readColors(level.pixels, { z, t, x0, y0, x1, y1 }, options);
    return { kind: 'colors', data, ...size };
  }

  /** The id under a position, from the finest tile that is there. */
  idAt(x: number, y: number): number | bigint | undefined {
    for (const [index, level] of this.props.levels.entries()) {
      const column = Math.floor((x - level.offsetX) / level.scaleX);
      const line = Math.floor((y - level.offsetY) / level.scaleY);
      if (column < 0 || line < 0 || column >= level.widthPx || line >= level.heightPx) continue;
      const col = Math.floor(column / level.tileWidthPx);
      const row = Math.floor(line / level.tileHeightPx);
      const state = this.state.store.get(this.#key({ level: index, col, row }));
      if (state?.kind !== 'ready' || state.data.kind !== 'ids') continue;
      const { data, widthPx } = state.data;
      return data[(line - row * level.tileHeightPx) * widthPx + column - col * level.tileWidthPx];
    }
    return undefined;
  }

  override renderLayers(): Layer[] {
    const { content, alpha, colors, contourPx, levels } = this.props;
    const isReady = (tile: TileRef) => this.#shownKey(tile) !== null;
    const quads = coverView(levels, this.state.plan, { isReady, clip: this.props.clip }).flatMap(
      ({ tile, box, uv }): PixelQuad[] => {
        const pixels = this.state.store.ready(this.#shownKey(tile) ?? '');
        if (pixels === undefined) return [];
        return [pixels.kind === 'ids' ? { pixels, box, uv } : { ...this.#bordered(tile, pixels, uv), box }];
      },
    );
    const inState = (kind: string) =>
      this.state.plan.wanted.filter((tile) => this.state.store.get(this.#key(tile))?.kind === kind);
    return [
      new QuadsLayer(this.getSubLayerProps({ id: 'tiles' }), { content, quads, alpha, colors, contourPx }),
      new QuadsLayer(this.getSubLayerProps({ id: 'running' }), {
        content: 'mark',
        quads: inState('running'),
        markColor: [120, 200, 215],
        hatched: false,
        alpha: 0.5,
      }),
      new QuadsLayer(this.getSubLayerProps({ id: 'failed' }), { content: 'mark', quads: inState('failed') }),
    ];
  }

  /** Colours with a border taken from the neighbours that are there: filtering then shows no seams. */
  #bordered(tile: TileRef, pixels: ColorPixels, uv: Box): { pixels: QuadPixels; uv: Box } {
    const neighbours = aroundTile.map(([dx, dy]) => {
      const state = this.state.store.get(
        this.#key({ level: tile.level, col: tile.col + dx, row: tile.row + dy }),
      );
      return state?.kind === 'ready' && state.data.kind === 'colors' ? state.data : null;
    });
    return withBorder(pixels, neighbours, uv);
  }

  /** Key of what is drawn of a tile: the tile itself, or as it was before an edit; null where there is neither. */
  #shownKey(tile: TileRef): string | null {
    const { store } = this.state;
    const shown = shownKeys.get(store) ?? new Map<string, string>();
    shownKeys.set(store, shown);
    const key = this.#key(tile);
    const place = key.slice(0, key.lastIndexOf('&'));
    if (store.get(key)?.kind === 'ready') {
      shown.set(place, key);
      return key;
    }
    const before = shown.get(place);
    return before !== undefined && store.get(before)?.kind === 'ready' ? before : null;
  }

  #key(tile: Pick<TileRef, 'level' | 'col' | 'row'>): string {
    const { levels, z, t } = this.props;
    const level = levels[tile.level]!;
    return `${tileKey(tile)}?z=${sliceOf(level, z)}&t=${t}&revision=${level.pixels.revision}`;
  }
}

/** Of each store, the key that was drawn last of each tile. Beside deck.gl's own state, which it hands on as it is. */
const shownKeys = new WeakMap<object, Map<string, string>>();

/** Integers as they are; a bool is one too. */
function asIds(data: IdData | Float32Array | Float64Array): IdData {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return data;
  throw new AlibiError('UnsupportedFormat', {
    what: 'labels are stored as floating-point numbers',
    where: 'label layer',
    remedy: 'Store them as integers.',
  });
}

/** A rectangle of a canonical colour array, row-major RGB. */
async function readColors(
  array: LazyArray<DataType>,
  at: { z: number; t: number; x0: number; y0: number; x1: number; y1: number },
  options: TileLoad,
): Promise<Uint8Array> {
  const box: Readonly<Record<string, readonly [number, number]>> = {
    x: [at.x0, at.x1],
    y: [at.y0, at.y1],
    c: [0, array.shape[axisIndex(array.axes, 'c')] ?? 3],
    z: [at.z, at.z + 1],
    t: [at.t, at.t + 1],
  };
  const start = array.axes.map(({ name }) => box[name]?.[0] ?? 0);
  const stop = array.axes.map(({ name }) => box[name]?.[1] ?? 1);
  const { data } = await readRegion(array, { start, stop }, options);
  if (data instanceof Uint8Array) return (box.c?.[1] ?? 3) === 4 ? data : withAlpha(data);
  throw new AlibiError('InvalidInput', {
    what: `colours are ${array.dtype}, not uint8`,
    where: 'feature layer',
    remedy: 'Give colours as bytes.',
  });
}

function withAlpha(rgb: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!;
    rgba[to + 1] = rgb[from + 1]!;
    rgba[to + 2] = rgb[from + 2]!;
    rgba[to + 3] = 255;
  }
  return rgba;
}
