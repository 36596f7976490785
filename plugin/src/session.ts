import type { LazyArray } from './array/lazy-array.ts';
import { AlibiError, asAlibiError, isAbort } from './errors.ts';
import type { PcaFit } from './features/fits.ts';
import { materialize } from './labels/materialize.ts';
import { defaultNormalisation } from './ome/normalisation.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openImage } from './ome/open-image.ts';
import { openLabel } from './ome/open-label.ts';
import { inWorker } from './pipeline/connect-pipeline.ts';
import { withImageCache } from './pipeline/image-cache.ts';
import type {
  OpeningStage,
  OpenPipeline,
  Pipeline,
  PipelineCost,
  Progress,
  WorkOptions,
} from './pipeline/pipeline.ts';
import { pixelGrid } from './pipeline/pixel-grid.ts';
import { defaultWindows, pcaWindows, sampleLevel } from './pipeline/sample.ts';
import type { FeatureRecipe } from './segment/recipe.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import { formatHexColor, paletteColor, parseHexColor } from './session-colors.ts';
import { allSlices, labelNames } from './session-image.ts';
import { Painting } from './session-painting.ts';
import type {
  EncoderStatus,
  Layer,
  OpenSessionOptions,
  SaveOptions,
  SaveResult,
  Session,
  SessionEvents,
  Work,
} from './session-types.ts';
import { type Task, WorkList } from './session-work.ts';
import { openStore } from './stores/open-store.ts';
import { isWritable } from './stores/store.ts';

/** Side of a chunk of a label layer, in pixels: small enough to be quick, large enough to be few. */
const labelChunkPx = 256;
/** Axes of the PCA basis: 3 are drawn, all feed the classifier. */
const pcaComponents = 32;
/** What a person waits for a whole slice before the level is too fine to be the default. */
const patienceMs = 60_000;
const seed = 0;

/**
 * Open an image and, where a model is named, start its pipeline in a worker beside it. The image can be
 * looked at while the model loads.
 *
 * @throws AlibiError  the image cannot be opened; trouble with the model is announced by `error` instead
 */
export function openSession(options: OpenSessionOptions): Promise<Session> {
  // A literal, so that bundlers see the worker's entry.
  const createWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return openSessionWith(options, inWorker(createWorker));
}

/** The same with a pipeline of the caller's choice: Node has it in the process. */
export async function openSessionWith(
  { source, model, channels, signal }: OpenSessionOptions,
  openPipeline: OpenPipeline,
): Promise<Session> {
  const opened = await openImage(await openStore(source, signal ? { signal } : {}), signal ? { signal } : {});
  const session = new ImageSession(withImageCache(opened));
  if (model !== undefined) session.start(openPipeline, String(model), channels);
  return session;
}

/** What saving a layer needs and drawing it does not. */
interface DerivedParts {
  readonly scores: LazyArray<'float32'>;
  readonly imageLevel: number;
  /** What it was trained on. */
  readonly strokes: readonly Stroke[];
}

class ImageSession extends EventTarget implements Session {
  #image: OmeImage;
  #encoder: EncoderStatus = { kind: 'none' };
  #pipeline: Promise<Pipeline> | null = null;
  #cost: PipelineCost | null = null;
  #layers: readonly Layer[] = [];
  readonly #derived = new Map<string, DerivedParts>();
  readonly #painting = new Painting({
    changed: (what) => this.#changed(what),
    outdated: () => this.#markOutdated(),
    train: (signal) => (this.#pipeline === null ? Promise.resolve() : this.#train(signal)),
  });
  readonly #lifetime = new AbortController();
  readonly #works = new WorkList(this.#lifetime.signal, {
    changed: () => this.#changed('work'),
    failed: (error) => this.#fail(error),
  });
  #basis: Promise<PcaFit> | null = null;
  readonly #recipes = new Map<number, Promise<FeatureRecipe>>();
  #trainLevel: number | 'auto' = 'auto';
  #nextId = 1;

  constructor(image: OmeImage) {
    super();
    this.#image = image;
  }

  get image(): OmeImage {
    return this.#image;
  }
  get encoder(): EncoderStatus {
    return this.#encoder;
  }
  get layers(): readonly Layer[] {
    return this.#layers;
  }
  get classes(): readonly ClassSpec[] {
    return this.#painting.classes;
  }
  get strokes(): readonly Stroke[] {
    return this.#painting.strokes;
  }
  get canUndo(): boolean {
    return this.#painting.canUndo;
  }
  get canRedo(): boolean {
    return this.#painting.canRedo;
  }
  get work(): readonly Work[] {
    return this.#works.list;
  }
  get windowsPerLevel(): readonly number[] {
    return this.#cost?.windows ?? [];
  }

  /** Load the model in the background; looking at the image never waits for it. */
  start(openPipeline: OpenPipeline, manifest: string, channels: readonly number[] | undefined): void {
    const opening = this.#open(openPipeline, manifest, channels);
    this.#pipeline = opening;
    opening.catch((error: unknown) => {
      if (isAbort(error)) return;
      const failure = asAlibiError(error, manifest);
      this.#setEncoder({ kind: 'failed', error: failure });
      this.#fail(failure);
    });
  }

  async #open(
    openPipeline: OpenPipeline,
    manifest: string,
    channels: readonly number[] | undefined,
  ): Promise<Pipeline> {
    const signal = this.#lifetime.signal;
    this.#setEncoder({ kind: 'loading', bytes: 0, totalBytes: 0 });
    const normalisation = await defaultNormalisation(this.image, channels, { signal });
    const pipeline = await openPipeline(
      { pixels: this.image.pixels, normalisation, manifest },
      { signal, onStage: (stage) => this.#onStage(stage) },
    );
    this.#cost = await pipeline.cost();
    const { chosen } = pipeline.provider;
    this.#setEncoder({
      kind: 'ready',
      provider: chosen,
      report: pipeline.provider,
      windowMs: this.#cost.windowMs,
    });
    return pipeline;
  }

  #onStage(stage: OpeningStage): void {
    if (stage.kind !== 'provider') this.#setEncoder(stage);
    else if (this.#encoder.kind === 'ready') {
      this.#setEncoder({ ...this.#encoder, provider: stage.report.chosen, report: stage.report });
    }
  }

  async #ready(): Promise<Pipeline> {
    if (this.#pipeline === null) {
      throw new AlibiError('InvalidInput', {
        what: 'no model is open',
        where: 'session',
        remedy: 'Open the session with a model.',
      });
    }
    return this.#pipeline;
  }

  async pca(options: { readonly signal?: AbortSignal } = {}): Promise<Layer> {
    return this.#run('Fitting feature colours', options.signal, async (work) => {
      const pipeline = await this.#ready();
      const fit = await this.#fitBasis(pipeline, work);
      const levels = await Promise.all(
        this.image.levels.map(async (_, imageLevel) => ({
          pixels: await pipeline.pca(fit, imageLevel),
          imageLevel,
        })),
      );
      return this.#addLayer({
        name: 'Features',
        kind: 'pca',
        levels,
        fit,
        colors: new Map(),
        names: new Map(),
      });
    });
  }

  async clusters(options: {
    readonly k: number;
    readonly level?: number;
    readonly seed?: number;
    readonly signal?: AbortSignal;
  }): Promise<Layer> {
    return this.#run(`Clustering into ${options.k}`, options.signal, async (work) => {
      const pipeline = await this.#ready();
      const level = options.level ?? (await this.#defaultLevel(pipeline, work));
      const fit = await pipeline.fitClusters({
        k: options.k,
        level,
        seed: options.seed ?? seed,
        slices: allSlices(this.image),
        ...work,
      });
      const scores = await pipeline.clusterScores(fit, level);
      const ids = Array.from({ length: options.k }, (_, index) => index + 1);
      return this.#addScoresLayer(pipeline, {
        scores,
        strokes: [],
        name: `Clusters (${options.k})`,
        kind: 'clusters',
        imageLevel: level,
        fit,
        colors: new Map(ids.map((id) => [id, paletteColor(id)])),
        names: new Map(ids.map((id) => [id, `Cluster ${id}`])),
      });
    });
  }

  async openLabel(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Layer> {
    return this.#run(`Opening labels/${name}`, options.signal, async ({ signal }) => {
      const label = await openLabel(this.image, name, { signal });
      const colors = new Map<number, readonly [number, number, number]>();
      for (const [id, [red, green, blue]] of label.colors) colors.set(Number(id), [red, green, blue]);
      return this.#addLayer({
        name,
        kind: 'label',
        levels: label.pyramid.map((pixels, index) => ({
          pixels,
          imageLevel: Math.min(index, this.image.levels.length - 1),
        })),
        fit: null,
        colors,
        names: labelNames(label.properties),
      });
    });
  }

  removeLayer(id: string): void {
    this.#derived.delete(id);
    this.#layers = this.#layers.filter((layer) => layer.id !== id);
    this.#changed('layers');
  }

  addClass(spec: ClassSpec): number {
    return this.#painting.addClass(spec);
  }
  updateClass(index: number, spec: Partial<ClassSpec>): void {
    this.#painting.updateClass(index, spec);
    // Names and colours are the display's: nothing is learned anew.
    this.#changeClassLayer((layer) => ({ ...layer, ...classDisplay(this.classes) }));
  }
  removeClass(index: number): void {
    this.#painting.removeClass(index);
  }
  stroke(stroke: Omit<Stroke, 'id'>): void {
    this.#painting.add(stroke);
  }
  undo(): void {
    this.#painting.undo();
  }
  redo(): void {
    this.#painting.redo();
  }
  clearStrokes(): void {
    this.#painting.clear();
  }

  async train(
    options: { readonly level?: number | 'auto'; readonly signal?: AbortSignal } = {},
  ): Promise<Layer | null> {
    if (options.level !== undefined) this.#trainLevel = options.level;
    const begun = this.#painting.begin();
    return this.#train(options.signal ? AbortSignal.any([options.signal, begun]) : begun);
  }

  async #train(signal: AbortSignal): Promise<Layer | null> {
    if (!this.#painting.isTrainable) {
      this.#dropClassLayer();
      return null;
    }
    const { classes, strokes } = this;
    return this.#run('Training on strokes', signal, async (work) => {
      const pipeline = await this.#ready();
      const level = this.#trainLevel === 'auto' ? await this.#defaultLevel(pipeline, work) : this.#trainLevel;
      const recipe = await this.#recipe(pipeline, level, work);
      const place = { level };
      const fit = await pipeline.trainClassifier({ classes, strokes, recipe, place, seed, ...work });
      const scores = await pipeline.classScores(fit);
      work.signal.throwIfAborted();
      return this.#addScoresLayer(pipeline, {
        name: 'Segmentation',
        kind: 'classes',
        imageLevel: level,
        fit,
        scores,
        strokes,
        ...classDisplay(classes),
      });
    });
  }

  async save(layer: Layer, options: SaveOptions): Promise<SaveResult> {
    return this.#run(`Saving labels/${options.name}`, options.signal, async (work) => {
      const target = options.target ?? this.#ownTarget();
      const parts = this.#derived.get(layer.id);
      if (parts === undefined) {
        throw new AlibiError('InvalidInput', {
          what: `the layer "${layer.name}" holds no labels to save`,
          where: 'save',
          remedy: 'Save a segmentation or a clustering.',
        });
      }
      const pipeline = await this.#ready();
      const labels = await pipeline.labels(parts.scores, pixelGrid(this.image.pixels[0]!), labelChunkPx);
      const result = await materialize({
        labels,
        image: this.image,
        target: target.store,
        targetPath: target.path,
        name: options.name,
        overwrite: options.overwrite ?? false,
        classes: [...layer.names].map(([id, name]) => ({
          id,
          name,
          color: formatHexColor(layer.colors.get(id) ?? paletteColor(id)),
        })),
        provenance: {
          model: pipeline.model,
          normalisation: pipeline.normalisation,
          executionProvider: pipeline.provider.chosen,
          fit:
            layer.fit === null ? null : { kind: layer.fit.kind, id: layer.fit.id, source: layer.fit.source },
          strokes: parts.strokes,
          level: parts.imageLevel,
          imageMetadataSha256: this.image.metadataHash,
        },
        signal: work.signal,
        onProgress: (progress: Progress) => {
          work.onProgress(progress);
          options.onProgress?.(progress);
        },
      });
      const location = `${target.location.replace(/\/$/, '')}/labels/${options.name}`;
      if (target.store === this.#image.store && target.path === this.#image.path)
        this.#listLabel(options.name);
      return { ...result, location };
    });
  }

  async close(): Promise<void> {
    this.#painting.stop();
    this.#lifetime.abort();
    const pipeline = await this.#pipeline?.catch(() => null);
    // A pipeline that has died is closed already.
    await pipeline?.close().catch(() => undefined);
  }

  #listLabel(name: string): void {
    const others = this.#image.labels.filter((label) => label.name !== name);
    this.#image = { ...this.#image, labels: [...others, { name, path: `labels/${name}` }] };
    this.#changed('layers');
  }

  #ownTarget() {
    const { store, path, location } = this.image;
    if (isWritable(store)) return { store, path, location };
    throw new AlibiError('PermissionDenied', {
      what: 'the image cannot be written to',
      where: location,
      remedy: 'Choose a folder or the browser storage as the target.',
    });
  }

  /** One basis for colours and classifiers; a caller who leaves does not take it from the others. */
  #fitBasis(pipeline: Pipeline, { signal, onProgress }: WorkOptions): Promise<PcaFit> {
    if (this.#basis === null) {
      this.#basis = pipeline.fitPca({
        components: pcaComponents,
        seed,
        slices: allSlices(this.image),
        signal: this.#lifetime.signal,
        ...(onProgress ? { onProgress } : {}),
      });
      // Whoever waits hears of a failure; the next one who asks tries again.
      this.#basis.catch(() => {
        this.#basis = null;
      });
    }
    return untilAborted(this.#basis, signal);
  }

  /**
   * The finest level whose slice this device does within a minute, and never more than `defaultWindows`
   * windows. The basis comes first: it is needed anyway, and its windows tell how fast the device is.
   */
  async #defaultLevel(pipeline: Pipeline, work: WorkOptions): Promise<number> {
    await this.#fitBasis(pipeline, work);
    const { windows, windowMs } = await pipeline.cost();
    return sampleLevel(windows, Math.max(pcaWindows, Math.min(defaultWindows, patienceMs / windowMs)));
  }

  /** Features of a level, fitted once: what they are does not depend on strokes, so blocks are kept from training to training. */
  #recipe(pipeline: Pipeline, level: number, { signal, onProgress }: WorkOptions): Promise<FeatureRecipe> {
    const known = this.#recipes.get(level);
    if (known !== undefined) return untilAborted(known, signal);
    const made = this.#fitBasis(pipeline, { signal: this.#lifetime.signal }).then((basis) =>
      pipeline.recipe({
        choice: { tokenScales: [1], basis },
        place: { level },
        seed,
        slices: allSlices(this.image),
        signal: this.#lifetime.signal,
        ...(onProgress ? { onProgress } : {}),
      }),
    );
    this.#recipes.set(level, made);
    made.catch(() => this.#recipes.delete(level));
    return untilAborted(made, signal);
  }

  async #addScoresLayer(
    pipeline: Pipeline,
    {
      scores,
      strokes,
      imageLevel,
      ...shown
    }: DerivedParts & Omit<Layer, 'id' | 'levels' | 'derived' | 'outdated'>,
  ): Promise<Layer> {
    const pixels = await pipeline.labels(scores, pixelGrid(this.image.pixels[imageLevel]!), labelChunkPx);
    const layer = this.#addLayer({ ...shown, levels: [{ pixels, imageLevel }] });
    this.#derived.set(layer.id, { scores, imageLevel, strokes });
    return layer;
  }

  /** There is one layer of each derived kind: a new one takes the place of the old. */
  #addLayer(parts: Omit<Layer, 'id' | 'derived' | 'outdated'>): Layer {
    const derived = parts.kind !== 'label';
    const layer: Layer = { ...parts, id: `layer-${this.#nextId++}`, derived, outdated: false };
    const replaced = this.#layers.filter(({ kind }) => derived && kind === layer.kind);
    for (const { id } of replaced) this.#derived.delete(id);
    this.#layers = [...this.#layers.filter((old) => !replaced.includes(old)), layer];
    this.#changed('layers');
    return layer;
  }

  #dropClassLayer(): void {
    for (const layer of this.#layers) if (layer.kind === 'classes') this.removeLayer(layer.id);
  }

  #markOutdated(): void {
    this.#changeClassLayer((layer) => ({ ...layer, outdated: true }));
  }

  #changeClassLayer(change: (layer: Layer) => Layer): void {
    if (!this.#layers.some(({ kind }) => kind === 'classes')) return;
    this.#layers = this.#layers.map((layer) => (layer.kind === 'classes' ? change(layer) : layer));
    this.#changed('layers');
  }

  #run<T>(title: string, signal: AbortSignal | undefined, task: Task<T>): Promise<T> {
    return this.#works.run(title, signal, task).finally(() => void this.#refreshCost());
  }

  /** Windows have been run since: tell how long one takes now. */
  async #refreshCost(): Promise<void> {
    if (this.#pipeline === null || this.#encoder.kind !== 'ready') return;
    try {
      this.#cost = await (await this.#pipeline).cost();
    } catch {
      return; // Closed or dead: whoever needs the pipeline next hears of it.
    }
    if (this.#encoder.kind === 'ready') this.#setEncoder({ ...this.#encoder, windowMs: this.#cost.windowMs });
  }

  #setEncoder(status: EncoderStatus): void {
    this.#encoder = status;
    this.#changed('encoder');
  }

  #changed(what: SessionEvents['change']['detail']['what']): void {
    this.dispatchEvent(new CustomEvent('change', { detail: { what } }));
  }

  #fail(error: AlibiError): void {
    this.dispatchEvent(new CustomEvent('error', { detail: { error } }));
  }
}

function classDisplay(classes: readonly ClassSpec[]): Pick<Layer, 'colors' | 'names'> {
  return {
    colors: new Map(classes.map((spec, index) => [index + 1, parseHexColor(spec.color)])),
    names: new Map(classes.map((spec, index) => [index + 1, spec.name])),
  };
}

/** The promise, or the signal's reason as soon as it aborts; the work itself goes on for others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
