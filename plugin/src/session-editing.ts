import { cached } from './array/cached.ts';
import { type EditableType, Edits } from './array/edited.ts';
import { axisIndex, type LabelType, type LazyArray } from './array/lazy-array.ts';
import type { WorkOptions } from './array/progress.ts';
import { shared } from './array/shared.ts';
import { AlibiError } from './errors.ts';
import { strokeRuns } from './raster/brush.ts';
import { flood, idAtPixel } from './segment/editing/flood.ts';
import { splitByLine } from './segment/editing/split.ts';
import { canonicalLabels, pixelRatio } from './session-objects.ts';
import type { Layer } from './session-types.ts';
import type { WorkList } from './session-work.ts';

/** A place in pixels of the image's finest level. */
export interface EditPlace {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly t: number;
}

/** A brush stroke or a line, in pixels of the finest level. */
export interface EditLine {
  /** x0, y0, x1, y1, … */
  readonly points: readonly number[];
  readonly z: number;
  readonly t: number;
}

/** Labels that are being edited by hand. All operations but `merge` and `remove` work on one slice. */
export interface LabelEditing {
  /** The layer that shows the edits; saving it writes them, on all levels. */
  readonly layerId: string;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Bytes the edits and their undo take. */
  readonly byteLength: number;
  /** Oldest steps that can no longer be undone. */
  readonly dropped: number;
  /** An id that nothing has; each call another. */
  newId(): number;
  idAt(place: EditPlace): Promise<number>;
  /** Paint with an id; 0 erases. */
  brush(line: EditLine & { readonly radiusPx: number }, id: number): Promise<void>;
  /** Give the connected pixels of one id another one. */
  fill(place: EditPlace, id: number): Promise<void>;
  /** Make one object part of another, everywhere. */
  merge(from: number, into: number): Promise<void>;
  /** Cut the object under a line in pieces. @returns the new ids */
  split(line: EditLine): Promise<readonly number[]>;
  /** Delete an object, everywhere. */
  remove(id: number): Promise<void>;
  undo(): void;
  redo(): void;
}

export interface SessionEditing {
  /** What is being edited; null: nothing. */
  readonly current: LabelEditing | null;
  /**
   * Begin to edit the labels of a layer by hand, or go on with one that was begun: a layer of its own over them.
   *
   * @throws AlibiError InvalidInput  no labels, ids of 64 bits, or too many pixels to look for the largest id
   */
  start(layer: Layer, options?: { readonly signal?: AbortSignal }): Promise<Layer>;
  /** End it; the layer stays. */
  stop(): void;
}

export interface EditingContext {
  readonly works: WorkList;
  readonly finest: () => LazyArray;
  readonly labelsOf: (layer: Layer) => Promise<LazyArray>;
  /** The largest id of a layer's labels. */
  readonly largestId: (layer: Layer, labels: LazyArray, work: WorkOptions) => Promise<number>;
  readonly addLayer: (parts: Omit<Layer, 'id' | 'derived' | 'outdated'>) => Layer;
  readonly changed: () => void;
}

/** Chunks of the labels beneath that are kept: a stroke draws its surroundings again. */
const cacheBytes = 128 * 2 ** 20;

export class Editing implements SessionEditing {
  readonly #context: EditingContext;
  readonly #begun = new Map<string, Edited>();
  #current: Edited | null = null;

  constructor(context: EditingContext) {
    this.#context = context;
  }

  get current(): LabelEditing | null {
    return this.#current;
  }

  async start(layer: Layer, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Layer> {
    const known = this.#begun.get(layer.id);
    if (known !== undefined) {
      this.#current = known;
      this.#context.changed();
      return layer;
    }
    return this.#context.works.run(`Opening ${layer.name} for editing`, signal, async (work) => {
      const labels = await this.#context.labelsOf(layer);
      assertEditable(layer, labels);
      const largest = await this.#context.largestId(layer, labels, work);
      const edits = new Edits(cached(shared(labels), { byteLimit: cacheBytes }));
      // What the layer shows when it is far away; its finest level may be coarser than its labels.
      const { shape } = labels;
      const coarser = layer.levels
        .map(({ pixels, imageLevel }) => ({ pixels: canonicalLabels(pixels), imageLevel }))
        .filter(({ pixels }) => pixels.shape.at(-1)! < shape.at(-1)!);
      const made = this.#context.addLayer({
        name: `${layer.name}, edited`,
        kind: 'edited',
        levels: [
          {
            pixels: edits.array,
            imageLevel: layer.kind === 'label' ? (layer.levels[0]?.imageLevel ?? 0) : 0,
          },
          ...coarser.flatMap(({ pixels, imageLevel }) =>
            hasType(pixels, labels.dtype) ? [{ pixels: edits.over(pixels), imageLevel }] : [],
          ),
        ],
        fit: layer.fit,
        colors: layer.colors,
        names: layer.names,
      });
      const { works, finest, changed } = this.#context;
      const edited = new Edited({ layerId: made.id, origin: layer, edits, largest, works, finest, changed });
      this.#begun.set(made.id, edited);
      this.#current = edited;
      changed();
      return made;
    });
  }

  stop(): void {
    this.#current = null;
    this.#context.changed();
  }

  /** The edited labels of a layer, and what they were made of; null for other layers. */
  savable(layer: Layer): {
    readonly labels: LazyArray<LabelType>;
    readonly maxId: number;
    readonly origin: Layer;
    readonly revision: number;
  } | null {
    const edited = this.#begun.get(layer.id);
    if (edited === undefined) return null;
    const { edits, largest, origin } = edited;
    return { labels: edits.array, maxId: largest, origin, revision: edits.revision };
  }

  forget(layerId: string): void {
    if (this.#current?.layerId === layerId) this.#current = null;
    this.#begun.delete(layerId);
  }
}

interface EditedParts {
  readonly layerId: string;
  readonly origin: Layer;
  readonly edits: Edits<EditableType>;
  readonly largest: number;
  readonly works: WorkList;
  readonly finest: () => LazyArray;
  readonly changed: () => void;
}

class Edited implements LabelEditing {
  readonly layerId: string;
  readonly origin: Layer;
  readonly edits: Edits<EditableType>;
  readonly #parts: EditedParts;
  #largest: number;
  /** One operation after another: each reads what the one before has written. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: EditedParts) {
    this.#parts = parts;
    this.layerId = parts.layerId;
    this.origin = parts.origin;
    this.edits = parts.edits;
    this.#largest = parts.largest;
  }

  get canUndo(): boolean {
    return this.edits.canUndo;
  }
  get canRedo(): boolean {
    return this.edits.canRedo;
  }
  get byteLength(): number {
    return this.edits.byteLength;
  }
  get dropped(): number {
    return this.edits.dropped;
  }
  /** Largest id there can be. */
  get largest(): number {
    return this.#largest;
  }

  newId(): number {
    this.#largest++;
    return this.#largest;
  }

  idAt(place: EditPlace): Promise<number> {
    return idAtPixel(this.#slice(place), this.#pixel(place));
  }

  brush({ radiusPx, points, ...at }: EditLine & { readonly radiusPx: number }, id: number): Promise<void> {
    return this.#run('Painting', async () => {
      const { lead } = this.#slice(at);
      const [heightPx = 0, widthPx = 0] = this.edits.array.shape.slice(-2);
      const { x: scaleX, y: scaleY } = this.#ratio;
      this.edits.write(lead, [
        { runs: strokeRuns(points, radiusPx, { heightPx, widthPx, scaleX, scaleY }), id },
      ]);
      this.#largest = Math.max(this.#largest, id);
    });
  }

  fill(place: EditPlace, id: number): Promise<void> {
    return this.#run('Filling', async (signal) => {
      const slice = this.#slice(place);
      const { runs } = await flood({ ...slice, signal }, this.#pixel(place));
      this.edits.write(slice.lead, [{ runs, id }]);
      this.#largest = Math.max(this.#largest, id);
    });
  }

  merge(from: number, into: number): Promise<void> {
    return this.#run('Merging', async () => this.edits.replace(from, into));
  }

  split({ points, ...at }: EditLine): Promise<readonly number[]> {
    return this.#run('Splitting', async (signal) => {
      const slice = this.#slice(at);
      const { x, y } = this.#ratio;
      const own = points.map((value, i) => value / (i % 2 === 0 ? x : y));
      const pieces = await splitByLine({ ...slice, signal }, own);
      const named = pieces.map((runs) => ({ runs, id: this.newId() }));
      this.edits.write(slice.lead, named);
      return named.map(({ id }) => id);
    });
  }

  remove(id: number): Promise<void> {
    return this.#run('Deleting', async () => this.edits.replace(id, 0));
  }

  undo(): void {
    this.edits.undo();
    this.#parts.changed();
  }

  redo(): void {
    this.edits.redo();
    this.#parts.changed();
  }

  #run<T>(title: string, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() =>
      this.#parts.works.run(title, undefined, ({ signal }) => task(signal)),
    );
    this.#queue = turn.catch(() => undefined);
    return turn.finally(this.#parts.changed);
  }

  /** Pixels of the finest level a pixel of the labels. */
  get #ratio() {
    const finest = this.#parts.finest();
    const along = (name: string) => pixelRatio(finest, this.edits.array, name);
    return { x: along('x'), y: along('y'), z: along('z') };
  }

  #pixel({ x, y }: Pick<EditPlace, 'x' | 'y'>) {
    const ratio = this.#ratio;
    return { x: Math.floor(x / ratio.x), y: Math.floor(y / ratio.y) };
  }

  #slice({ z, t }: { readonly z: number; readonly t: number }) {
    const labels = this.edits.array;
    const at = { t, z: Math.floor((z + 0.5) / this.#ratio.z) };
    const lead = labels.axes.slice(0, -2).map(({ name }, axis) => {
      const index = name === 't' ? at.t : name === 'z' ? at.z : 0;
      return Math.min(labels.shape[axis]! - 1, Math.max(0, index));
    });
    return { labels, lead };
  }
}

function hasType<T extends EditableType>(array: LazyArray, dtype: T): array is LazyArray<T> {
  return array.dtype === dtype;
}

function assertEditable(layer: Layer, labels: LazyArray): asserts labels is LazyArray<EditableType> {
  const isEditable = ['uint8', 'uint16', 'uint32'].includes(labels.dtype);
  if (isEditable && axisIndex(labels.axes, 'x') === labels.axes.length - 1 && !layer.outdated) return;
  throw new AlibiError('InvalidInput', {
    what: layer.outdated
      ? `the layer "${layer.name}" is of strokes that have changed since`
      : `the layer "${layer.name}" holds ids of ${labels.dtype}`,
    where: 'editing labels',
    remedy: layer.outdated
      ? 'Wait for the next segmentation.'
      : 'Make objects of it first: their ids are uint32.',
  });
}
