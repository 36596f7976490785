import { axisIndex } from '../array/lazy-array.ts';
import type { OmeImage } from '../ome/ome-image.ts';
import type { SeedArea } from '../segment/cluster-seeds.ts';

/** How things are looked at. Nothing here reaches the transformer or a saved label. */
export interface ChannelDisplay {
  readonly visible: boolean;
  /** `rrggbb`. */
  readonly color: string;
  readonly limits: readonly [number, number];
  /** 0 to 1. */
  readonly opacity: number;
}

export interface LayerDisplay {
  readonly visible: boolean;
  readonly opacity: number;
  readonly outlines: boolean;
}

export type Tool = 'pan' | 'paint' | 'erase' | 'polygon' | 'fill' | 'pick' | 'region' | 'similar';

/** A place to move the view to, in pixels of the finest level. */
export interface LookPlace {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly t: number;
  /** Side of what is to be seen there. */
  readonly sizePx: number;
}

/** How the objects of a layer are looked at. */
export interface ObjectsView {
  /** The layer whose table is shown. */
  readonly layerId: string | null;
  /** The selected row of its table. */
  readonly row: number | null;
  /** Name of the column that colours them; `null`: each has the colour of its id. */
  readonly colorBy: string | null;
}

/** How labels are edited: with which tool, and the id that it gives. */
export interface EditView {
  readonly tool: EditTool;
  /** `null`: none was chosen yet. */
  readonly id: number | null;
}
export type EditTool = 'pan' | 'brush' | 'erase' | 'fill' | 'pick' | 'merge' | 'split' | 'delete';

export interface DisplayState {
  readonly channels: readonly ChannelDisplay[];
  readonly z: number;
  readonly t: number;
  /** By layer key (see {@link layerKey}). */
  readonly layers: ReadonlyMap<string, LayerDisplay>;
  readonly strokesVisible: boolean;
  readonly tool: Tool;
  readonly activeClass: number;
  /** Pixels of the finest level. */
  readonly brushRadiusPx: number;
  /** Level of the image that clusters and classes are computed on; `null`: the session chooses. */
  readonly detail: number | null;
  /** The place to label next that was moved to last. */
  readonly place: Pick<LookPlace, 'x' | 'y' | 'z' | 't'> | null;
  readonly objects: ObjectsView;
  readonly edit: EditView;
  /** Layer id → tiles in view that are not there yet; `image` is the image. */
  readonly pending: ReadonlyMap<string, number>;
}

export const brushRange = { least: 1, most: 200 } as const;

/** State of one view, shared by canvas and panels; every change is one event. */
export class Display extends EventTarget {
  #state: DisplayState;
  /** What of the slice is in view, in pixels of the finest level; null before anything is. Kept by the canvas, without events. */
  area: SeedArea | null = null;

  constructor(image: OmeImage) {
    super();
    this.#state = {
      channels: image.channels.map(({ active, color, window: { start, end } }) => ({
        visible: active,
        color,
        limits: [start, end],
        opacity: 1,
      })),
      z: Math.floor(sizeAlong(image, 'z') / 2),
      t: 0,
      layers: new Map(),
      strokesVisible: true,
      tool: 'pan',
      activeClass: 0,
      brushRadiusPx: firstBrush(image),
      detail: null,
      place: null,
      objects: { layerId: null, row: null, colorBy: null },
      edit: { tool: 'brush', id: null },
      pending: new Map(),
    };
  }

  get state(): DisplayState {
    return this.#state;
  }

  update(change: Partial<DisplayState>): void {
    this.#state = { ...this.#state, ...change };
    this.dispatchEvent(new Event('change'));
  }

  /** Show a place: its slice here, and canvases that listen for `look` move there. */
  lookAt(place: LookPlace): void {
    this.update({ z: place.z, t: place.t });
    this.dispatchEvent(new CustomEvent<LookPlace>('look', { detail: place }));
  }

  setChannel(index: number, change: Partial<ChannelDisplay>): void {
    const channels = this.#state.channels.map((old, i) => (i === index ? { ...old, ...change } : old));
    this.update({ channels });
  }

  layer(key: string): LayerDisplay {
    return this.#state.layers.get(key) ?? defaultLayerDisplay;
  }

  setLayer(key: string, change: Partial<LayerDisplay>): void {
    const layers = new Map(this.#state.layers);
    layers.set(key, { ...this.layer(key), ...change });
    this.update({ layers });
  }

  setPending(id: string, count: number): void {
    const pending = new Map(this.#state.pending);
    if (count === 0) pending.delete(id);
    else pending.set(id, count);
    this.update({ pending });
  }
}

/** A brush that is a few screen pixels wide when the whole image is on screen. */
function firstBrush(image: OmeImage): number {
  const side = Math.max(sizeAlong(image, 'x'), sizeAlong(image, 'y'));
  return Math.min(64, Math.max(2, Math.round(side / 256)));
}

const defaultLayerDisplay: LayerDisplay = { visible: true, opacity: 0.6, outlines: false };

/** A retrained segmentation is a new layer but the same thing to look at: it keeps how it is shown. */
export function layerKey(layer: { readonly kind: string; readonly name: string }): string {
  return layer.kind === 'label' || layer.kind === 'edited' ? `${layer.kind}/${layer.name}` : layer.kind;
}

/** A class that was chosen is there to be drawn with. */
export function drawingTool(tool: Tool): { readonly tool: Tool } {
  return { tool: tool === 'polygon' || tool === 'fill' ? tool : 'paint' };
}

/** Size along an axis of the finest level; 1 where the image lacks the axis. */
export function sizeAlong(image: OmeImage, axis: string): number {
  return image.levels[0]?.shape[axisIndex(image.axes, axis)] ?? 1;
}
