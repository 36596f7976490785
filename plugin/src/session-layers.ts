import type { Layer } from './session-types.ts';

/** A layer before the list has taken it in. */
export type LayerParts = Omit<Layer, 'id' | 'derived' | 'outdated'>;

export interface LayersEvents {
  readonly changed: () => void;
  /** A layer is gone: drop what is kept for it. */
  readonly forgotten: (id: string) => void;
}

/** The layers of a session, bottom first. */
export class Layers {
  readonly #events: LayersEvents;
  #list: readonly Layer[] = [];
  #nextId = 1;

  constructor(events: LayersEvents) {
    this.#events = events;
  }

  get list(): readonly Layer[] {
    return this.#list;
  }

  /** There is one layer of each derived kind but edited ones: a new one takes the place of the old. */
  add(parts: LayerParts): Layer {
    const derived = parts.kind !== 'label';
    const layer: Layer = { ...parts, id: `layer-${this.#nextId++}`, derived, outdated: false };
    const replaced = this.#list.filter(({ kind }) => derived && kind === layer.kind && kind !== 'edited');
    for (const { id } of replaced) this.#events.forgotten(id);
    this.#list = [...this.#list.filter((old) => !replaced.includes(old)), layer];
    this.#events.changed();
    return layer;
  }

  drop(id: string): void {
    this.#events.forgotten(id);
    this.#list = this.#list.filter((layer) => layer.id !== id);
    this.#events.changed();
  }

  dropKind(kind: Layer['kind']): void {
    for (const layer of this.#list) if (layer.kind === kind) this.drop(layer.id);
  }

  /** Another version of the layers that `which` names, under the same ids; nothing is announced where there is none. */
  change(which: (layer: Layer) => boolean, change: (layer: Layer) => Layer): void {
    if (!this.#list.some(which)) return;
    this.#list = this.#list.map((layer) => (which(layer) ? change(layer) : layer));
    this.#events.changed();
  }
}

export function isClasses({ kind }: Layer): boolean {
  return kind === 'classes';
}

/** Layers of colours and of shades hold none: they are neither saved nor edited, and have no outlines and no objects. */
export function holdsLabels({ kind }: Pick<Layer, 'kind'>): boolean {
  return kind !== 'pca' && kind !== 'similarity' && kind !== 'uncertainty';
}

/** Of pixels that are colours themselves. */
export function holdsColors({ kind }: Pick<Layer, 'kind'>): boolean {
  return kind === 'pca' || kind === 'similarity';
}
