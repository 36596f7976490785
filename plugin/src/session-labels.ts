import type { LazyArray } from './array/lazy-array.ts';
import { AlibiError } from './errors.ts';
import { deleteLabel, renameLabel } from './labels/change-label.ts';
import { describePlan } from './labels/describe-plan.ts';
import { type MaterializeInput, materialize } from './labels/materialize.ts';
import { lookAtTarget } from './labels/prepare-save.ts';
import type { Replaced } from './labels/replaced-label.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openLabel } from './ome/open-label.ts';
import type { Progress } from './pipeline/pipeline.ts';
import type { Editing } from './session-editing.ts';
import { labelNames } from './session-image.ts';
import type { Layers } from './session-layers.ts';
import { canonicalLabels, type Objects } from './session-objects.ts';
import { editedProvenance, objectsProvenance, ownTarget, type Savable, saveInput } from './session-saving.ts';
import type { ScoreLayers } from './session-scores.ts';
import type { Layer, SaveForecast, SaveOptions, SaveResult, SaveTarget } from './session-types.ts';
import type { RunTask } from './session-work.ts';
import { isWritable, type WriteStore } from './stores/store.ts';
import type { UnionStore } from './stores/union.ts';

export interface LabelsContext {
  readonly image: () => OmeImage;
  /** The image's list of label images is another one now. */
  readonly relist: (change: (names: readonly string[]) => readonly string[]) => void;
  readonly union: UnionStore;
  readonly sidecar: SaveTarget | undefined;
  readonly layers: Layers;
  readonly scores: ScoreLayers;
  readonly objects: Objects;
  readonly editing: Editing;
  readonly run: RunTask;
}

/** Label images of the image: opened as layers, saved from layers, renamed and deleted. */
export class Labels {
  readonly #context: LabelsContext;

  constructor(context: LabelsContext) {
    this.#context = context;
  }

  open(name: string, options: { readonly signal?: AbortSignal }): Promise<Layer> {
    const { image, layers, run } = this.#context;
    return run(`Opening labels/${name}`, options.signal, async ({ signal }) => {
      const label = await openLabel(image(), name, { signal });
      const colors = new Map<number, readonly [number, number, number]>();
      for (const [id, [red, green, blue]] of label.colors) colors.set(Number(id), [red, green, blue]);
      const coarsest = image().levels.length - 1;
      return layers.add({
        name,
        kind: 'label',
        levels: label.pyramid.map((pixels, index) => ({ pixels, imageLevel: Math.min(index, coarsest) })),
        fit: null,
        colors,
        names: labelNames(label.properties),
      });
    });
  }

  save(layer: Layer, options: SaveOptions): Promise<SaveResult> {
    return this.saveInput(options, (target) => this.#inputOf(layer, target, options));
  }

  /** Save what is made once the target is known. */
  saveInput(
    options: SaveOptions,
    input: (target: SaveTarget) => Promise<MaterializeInput>,
  ): Promise<SaveResult> {
    const { image, union, sidecar, relist, run } = this.#context;
    return run(`Saving labels/${options.name}`, options.signal, async (work) => {
      const target = options.target ?? ownTarget(image(), sidecar);
      const result = await materialize({
        ...(await input(target)),
        signal: work.signal,
        pause: options.pause,
        onProgress: (progress: Progress) => {
          work.onProgress(progress);
          options.onProgress?.(progress);
        },
      });
      const saved = { ...result, location: locationOf(target, options.name) };
      // What waits to be packed is gone in a moment.
      if (target.place === 'archive') return saved;
      if (target.store !== image().store) union.add(target);
      // Of the other version they are labels of nobody who reads the image.
      const isSeen = options.version === undefined || options.version === image().version;
      if (isSeen) relist((names) => [...names.filter((name) => name !== options.name), options.name]);
      return saved;
    });
  }

  async forecast(layer: Layer, options: SaveOptions): Promise<SaveForecast> {
    const { image, sidecar } = this.#context;
    const target = options.target ?? ownTarget(image(), sidecar);
    const input = await this.#inputOf(layer, target, options);
    const found = await lookAtTarget(target.store, target.path, options.name, options.signal);
    return { ...describePlan(input), ...found, location: locationOf(target, options.name) };
  }

  rename(name: string, to: string): Promise<Replaced> {
    const { relist, union, run } = this.#context;
    return run(`Renaming labels/${name}`, undefined, async () => {
      const { store, path } = await this.#placeOf(name);
      const swap = (from: string, by: string) => relist((all) => all.map((one) => (one === from ? by : one)));
      const replaced = await renameLabel({ store, path, name }, to);
      this.#close(name);
      swap(name, to);
      return {
        undo: () => replaced.undo().then(() => swap(to, name)),
        remove: () => replaced.remove().then(() => union.refresh()),
      };
    });
  }

  delete(name: string): Promise<Replaced> {
    const { relist, union, run } = this.#context;
    return run(`Deleting labels/${name}`, undefined, async () => {
      const { store, path } = await this.#placeOf(name);
      const replaced = await deleteLabel({ store, path, name });
      this.#close(name);
      relist((names) => names.filter((one) => one !== name));
      return {
        undo: () => replaced.undo().then(() => relist((names) => [...names, name])),
        remove: () => replaced.remove().then(() => union.refresh()),
      };
    });
  }

  /** Ids of a layer at its full resolution. */
  async of(layer: Layer): Promise<LazyArray> {
    const { scores, objects, editing } = this.#context;
    const parts = scores.partsOf(layer);
    if (parts !== undefined) return scores.fullLabels(parts);
    const made = editing.savable(layer) ?? objects.savable(layer);
    return made?.labels ?? canonicalLabels(layer.levels[0]!.pixels);
  }

  /** Where a label image can be changed. */
  async #placeOf(name: string): Promise<{ readonly store: WriteStore; readonly path: string }> {
    const owner = await this.#context.union.ownerOf(name);
    if (owner !== undefined && isWritable(owner.store)) return { store: owner.store, path: owner.path };
    return ownTarget(this.#context.image(), undefined);
  }

  async #inputOf(layer: Layer, target: SaveTarget, options: SaveOptions): Promise<MaterializeInput> {
    const savable = await this.#savable(layer);
    return saveInput({ image: this.#context.image(), layer, ...savable }, target, options);
  }

  async #savable(layer: Layer): Promise<Savable> {
    const { layers, scores, objects, editing } = this.#context;
    const image = this.#context.image();
    const edited = editing.savable(layer);
    if (edited !== null) {
      const { labels, maxId, origin, revision } = edited;
      // What was opened from a file, or is no longer there, tells of itself only by its fit.
      const isKnown = origin.derived && layers.list.some(({ id }) => id === origin.id);
      const made = isKnown ? (await this.#savable(origin)).provenance : objectsProvenance(image, origin);
      return { labels, maxId, provenance: await editedProvenance(image, origin, made, revision) };
    }
    const instances = objects.savable(layer);
    if (instances !== null) return { ...instances, provenance: objectsProvenance(image, layer) };
    const scored = await scores.savable(layer);
    if (scored !== null) return scored;
    throw new AlibiError('InvalidInput', {
      what: `the layer "${layer.name}" holds no labels to save`,
      where: 'save',
      remedy: 'Save a segmentation, a clustering or objects.',
    });
  }

  /** Its layer, if it is open, reads what is no longer there. */
  #close(name: string): void {
    const { layers } = this.#context;
    const open = layers.list.filter((layer) => layer.kind === 'label' && layer.name === name);
    for (const { id } of open) layers.drop(id);
  }
}

function locationOf({ location }: SaveTarget, name: string): string {
  return `${location.replace(/\/$/, '')}/labels/${name}`;
}
