import type { Layer, UpdateParameters } from '@deck.gl/core';
import { ColorPaletteExtension } from '@vivjs/extensions';
import { XRLayer } from '@vivjs/layers';
import type { DataType } from '../../array/lazy-array.ts';
import { type Plane, readPlane } from '../../array/plane.ts';
import { displayType, toDisplay } from './display-data.ts';
import { sliceOf } from './draw-level.ts';
import type { Rgb } from './id-colors.ts';
import { type TileRef, tileKey } from './plan-tiles.ts';
import { QuadsLayer } from './quads-layer.ts';
import type { TileWish } from './tile-store.ts';
import { TiledLayer, type TiledLayerProps } from './tiled-layer.ts';

/** How one channel is shown. */
export interface ChannelView {
  readonly index: number;
  readonly visible: boolean;
  /** 0 to 255 each. */
  readonly color: Rgb;
  /** Stored values drawn black and at full strength. */
  readonly limits: readonly [number, number];
  /** 0 to 1: how much of the channel's light is added. */
  readonly opacity: number;
}

export interface ChunkedImageLayerProps extends TiledLayerProps {
  channels: readonly ChannelView[];
  z: number;
  t: number;
}

/** Channels Viv's shader adds up at most. */
export const channelLimit = 10;

interface ChannelTile {
  readonly plane: Plane<DataType>;
}

interface ChannelData {
  readonly planes: readonly Plane<DataType>[];
  readonly data: readonly unknown[];
  readonly width: number;
  readonly height: number;
}

/** By the first channel's plane: the same data must be the same object, or Viv uploads it again. */
const channelDataOf = new WeakMap<Plane<DataType>, ChannelData>();

function channelData(planes: readonly Plane<DataType>[]): ChannelData {
  const first = planes[0]!;
  const known = channelDataOf.get(first);
  if (known?.planes.length === planes.length && known.planes.every((plane, i) => plane === planes[i]))
    return known;
  const made = {
    planes,
    data: planes.map(({ data }) => toDisplay(data)),
    width: first.width,
    height: first.height,
  };
  channelDataOf.set(first, made);
  return made;
}

const palette = [new ColorPaletteExtension()];

/**
 * An image pyramid with channels, composited by Viv's XRLayer. The image is drawn on black and opaque, so
 * that finer tiles simply cover coarser ones; fading it means adding less of each channel's light.
 */
export class ChunkedImageLayer extends TiledLayer<ChannelTile, ChunkedImageLayerProps> {
  static override layerName = 'ChunkedImageLayer';
  static override defaultProps = { pickable: false };
  protected override readonly planOptions = { through: 'ends', tileLimit: 256, prefetch: true } as const;
  protected override readonly slots = 12;

  get #shown(): readonly ChannelView[] {
    return this.props.channels.filter((channel) => channel.visible).slice(0, channelLimit);
  }

  protected override tileBytes({ plane }: ChannelTile): number {
    return plane.data.byteLength;
  }

  protected override isStale({ props, oldProps }: UpdateParameters<this>): boolean {
    return props.levels !== oldProps.levels;
  }

  protected override wishes(tile: TileRef): readonly TileWish<ChannelTile>[] {
    const level = this.props.levels[tile.level]!;
    const { t } = this.props;
    const z = sliceOf(level, this.props.z);
    const x0 = tile.col * level.tileWidthPx;
    const y0 = tile.row * level.tileHeightPx;
    const x1 = Math.min(level.widthPx, x0 + level.tileWidthPx);
    const y1 = Math.min(level.heightPx, y0 + level.tileHeightPx);
    return this.#shown.map(({ index: c }) => ({
      key: this.#key(tile, c),
      load: async (options) => ({
        plane: await readPlane(level.pixels, { z, t, c }, { x0, y0, x1, y1 }, options),
      }),
    }));
  }

  /**
   * Stored values under a position, from the finest tile that is there.
   *
   * @param x, y  in the plane that is drawn
   * @returns     channel index → value; empty where nothing is loaded
   */
  valuesAt(x: number, y: number): ReadonlyMap<number, number | bigint> {
    const values = new Map<number, number | bigint>();
    this.props.levels.forEach((level, index) => {
      const column = Math.floor((x - level.offsetX) / level.scaleX);
      const line = Math.floor((y - level.offsetY) / level.scaleY);
      if (column < 0 || line < 0 || column >= level.widthPx || line >= level.heightPx) return;
      const col = Math.floor(column / level.tileWidthPx);
      const row = Math.floor(line / level.tileHeightPx);
      for (const channel of this.#shown) {
        if (values.has(channel.index)) continue;
        const state = this.state.store.get(this.#key({ level: index, col, row }, channel.index));
        if (state?.kind !== 'ready') continue;
        const { data, width } = state.data.plane;
        const value = data[(line - row * level.tileHeightPx) * width + column - col * level.tileWidthPx];
        if (value !== undefined) values.set(channel.index, value);
      }
    });
    return values;
  }

  override renderLayers(): Layer[] {
    const shown = this.#shown;
    const layers: Layer[] = [];
    const failed: TileRef[] = [];
    // Coarse first, so that finer tiles cover coarser ones.
    for (const tile of [...this.state.plan.wanted].sort((a, b) => b.level - a.level)) {
      const planes = shown.map(({ index }) => this.state.store.ready(this.#key(tile, index))?.plane);
      if (shown.some(({ index }) => this.state.store.get(this.#key(tile, index))?.kind === 'failed'))
        failed.push(tile);
      if (planes.length === 0 || planes.includes(undefined)) continue;
      layers.push(
        this.#tileLayer(
          tile,
          shown,
          planes.filter((plane) => plane !== undefined),
        ),
      );
    }
    if (failed.length > 0) {
      layers.push(
        new QuadsLayer(this.getSubLayerProps({ id: 'failed' }), { content: 'mark', quads: failed }),
      );
    }
    return layers;
  }

  #tileLayer(tile: TileRef, shown: readonly ChannelView[], planes: readonly Plane<DataType>[]): Layer {
    const [x0, y0, x1, y1] = tile.box;
    const level = this.props.levels[tile.level]!;
    return new XRLayer(this.getSubLayerProps({ id: tileKey(tile) }), {
      channelData: channelData(planes),
      bounds: [x0, y1, x1, y0],
      dtype: displayType(level.pixels.dtype),
      contrastLimits: shown.map(({ limits }) => [...limits]),
      channelsVisible: shown.map(() => true),
      colors: shown.map(({ color, opacity }) => color.map((value) => value * opacity)),
      selections: shown.map(({ index }) => ({ c: index })),
      interpolation: tile.level === 0 ? 'nearest' : 'linear',
      extensions: palette,
      pickable: false,
      opacity: 1,
    });
  }

  #key(tile: Pick<TileRef, 'level' | 'col' | 'row'>, c: number): string {
    const { levels, z, t } = this.props;
    return `${tileKey(tile)}?z=${sliceOf(levels[tile.level]!, z)}&t=${t}&c=${c}`;
  }
}
