import { Deck, type Layer, OrthographicView } from '@deck.gl/core';
import type { AlibiError } from '../../errors.ts';
import { type ChannelView, ChunkedImageLayer } from './chunked-image-layer.ts';
import { ChunkedOverlayLayer } from './chunked-overlay-layer.ts';
import type { Box, DrawLevel } from './draw-level.ts';
import type { Rgb } from './id-colors.ts';

/** Where the camera is in the plane that is drawn (see `Box`), and log2 of screen pixels a unit of it. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface SceneOverlay {
  readonly id: string;
  readonly content: 'colors' | 'ids';
  readonly levels: readonly DrawLevel[];
  readonly visible: boolean;
  /** 0 to 1. */
  readonly opacity: number;
  readonly colors: ReadonlyMap<number, Rgb>;
  readonly contourPx: number;
  /** Grows with every edit of its levels. */
  readonly revision: number;
}

export interface SceneContent {
  readonly camera: Camera;
  readonly z: number;
  readonly t: number;
  readonly levels: readonly DrawLevel[];
  readonly channels: readonly ChannelView[];
  /** Bottom first. */
  readonly overlays: readonly SceneOverlay[];
}

export interface SceneOptions {
  readonly canvas: HTMLCanvasElement;
  /** Runs after each frame, for what is drawn on top of it by other means. */
  readonly onFrame?: () => void;
  /** Tiles in view that are not there yet, by layer id (`image` or an overlay's). */
  readonly onPending?: (layerId: string, pending: number) => void;
  readonly onTileError?: (layerId: string, error: AlibiError) => void;
  readonly onFailure?: (error: Error) => void;
}

export interface PointValues {
  /** Channel index → stored value. */
  readonly channels: ReadonlyMap<number, number | bigint>;
  /** Overlay id → label id. */
  readonly ids: ReadonlyMap<string, number | bigint>;
}

export interface Scene {
  update(content: SceneContent): void;
  /** What lies at a place of the plane that is drawn. */
  valuesAt(x: number, y: number): PointValues;
  /** Ask again for tiles that failed. */
  retry(): void;
  close(): void;
}

/** An image with layers on top of it on a canvas; the camera is the caller's. */
export function createScene(options: SceneOptions): Scene {
  let image: ChunkedImageLayer | null = null;
  let overlays: readonly ChunkedOverlayLayer[] = [];
  // One function a layer: a new one each frame would look like a change.
  const callbacks = new Map<
    string,
    { onTileError: (error: AlibiError) => void; onPending: (n: number) => void }
  >();
  const callbacksOf = (id: string) => {
    const known = callbacks.get(id) ?? {
      onTileError: (error: AlibiError) => options.onTileError?.(id, error),
      onPending: (pending: number) => options.onPending?.(id, pending),
    };
    callbacks.set(id, known);
    return known;
  };
  const deck = new Deck({
    canvas: options.canvas,
    views: [new OrthographicView({ id: 'image', flipY: true, controller: false, near: -1, far: 1 })],
    viewState: { image: { target: [0, 0, 0], zoom: 0 } },
    layers: [],
    style: { position: 'absolute', inset: '0' },
    parameters: { depthCompare: 'always', depthWriteEnabled: false },
    getCursor: () => 'inherit',
    onAfterRender: () => options.onFrame?.(),
    onError: (error) => options.onFailure?.(error),
  });
  return {
    update({ camera, z, t, levels, channels, overlays: shown }) {
      image = new ChunkedImageLayer({ id: 'image', levels, channels, z, t, ...callbacksOf('image') });
      overlays = shown
        .filter((overlay) => overlay.visible)
        .map(
          ({ id, content, levels: layerLevels, opacity, colors, contourPx, revision }) =>
            new ChunkedOverlayLayer({
              id,
              content,
              levels: layerLevels,
              alpha: opacity,
              colors,
              contourPx,
              revision,
              z,
              t,
              clip: extent(levels),
              byteLimit: 64 * 2 ** 20,
              ...callbacksOf(id),
            }),
        );
      const layers: Layer[] = [image, ...overlays];
      deck.setProps({ layers, viewState: { image: { target: [camera.x, camera.y, 0], zoom: camera.zoom } } });
    },
    valuesAt(x, y) {
      const ids = new Map<string, number | bigint>();
      for (const layer of overlays) {
        const id = current(layer)?.idAt(x, y);
        if (id !== undefined) ids.set(layer.id, id);
      }
      return { channels: (image && current(image)?.valuesAt(x, y)) ?? new Map(), ids };
    },
    retry() {
      image && current(image)?.retry();
      for (const layer of overlays) current(layer)?.retry();
    },
    close: () => deck.finalize(),
  };
}

function extent(levels: readonly DrawLevel[]): Box {
  const finest = levels[0];
  return finest === undefined
    ? [0, 0, 0, 0]
    : [0, 0, finest.widthPx * finest.scaleX, finest.heightPx * finest.scaleY];
}

/** The instance deck.gl works with: ours may not have been drawn yet, or have been replaced. */
function current<L extends Layer>(layer: L): L | null {
  return layer.state ? (layer.getCurrentLayer() as L | null) : null; // same class by construction
}
