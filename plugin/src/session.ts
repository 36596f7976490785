import type { Project } from 'alibi-zarr-schemas';
import type { DataType, LabelType, LazyArray } from './array/lazy-array.ts';
import { wrapped } from './array/wrapped.ts';
import type { Normalisation } from './encoder/encoder.ts';
import { AlibiError, asAlibiError, isAbort } from './errors.ts';
import type { PcaFit } from './features/fits.ts';
import { deleteLabel, renameLabel } from './labels/change-label.ts';
import { describePlan } from './labels/describe-plan.ts';
import { type MaterializeInput, materialize } from './labels/materialize.ts';
import { lookAtTarget } from './labels/prepare-save.ts';
import type { ProvenanceFacts } from './labels/provenance.ts';
import type { Replaced } from './labels/replaced-label.ts';
import { defaultNormalisation } from './ome/normalisation.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openImage } from './ome/open-image.ts';
import { openLabel } from './ome/open-label.ts';
import { objectsInWorker } from './pipeline/connect-objects.ts';
import { inWorker } from './pipeline/connect-pipeline.ts';
import { withImageCache } from './pipeline/image-cache.ts';
import { createObjectsEngine, type ObjectsEngine } from './pipeline/objects.ts';
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
import { scaleAlong } from './segment/feature-source.ts';
import type { ClassifierChoice } from './segment/fit-models.ts';
import type { Place } from './segment/match-pixel-size.ts';
import type { OpenedClassifier } from './segment/portable.ts';
import type { FeatureRecipe, RecipeChoice } from './segment/recipe.ts';
import { type Suggestion, suggestPlaces } from './segment/suggest-places.ts';
import type { ClassifierFit, ClassSpec, Stroke } from './segment/types.ts';
import type { UncertaintyKind } from './segment/uncertainty.ts';
import { type ClassifierFiles, classifierFiles, importClassifier } from './session-classifier.ts';
import { paletteColor, parseHexColor } from './session-colors.ts';
import { Editing } from './session-editing.ts';
import { Guidance } from './session-guidance.ts';
import { allSlices, labelNames } from './session-image.ts';
import { canonicalLabels, Objects } from './session-objects.ts';
import { Painting } from './session-painting.ts';
import { openInto, withImage } from './session-project.ts';
import { type OpenedRegion, openRegion, type RegionOfInterest } from './session-region.ts';
import {
  editedProvenance,
  objectsProvenance,
  ownTarget,
  type Savable,
  saveInput,
  scoresProvenance,
} from './session-saving.ts';
import { Scribbles } from './session-scribbles.ts';
import type {
  EncoderStatus,
  Layer,
  Learning,
  OpenSessionOptions,
  SaveForecast,
  SaveOptions,
  SaveResult,
  SaveTarget,
  Session,
  SessionEvents,
  SuggestPlacesOptions,
  TrainOptions,
  Work,
} from './session-types.ts';
import { type Task, WorkList } from './session-work.ts';
import { openStore } from './stores/open-store.ts';
import { isWritable, type WriteStore } from './stores/store.ts';
import { createUnion, type UnionStore } from './stores/union.ts';

/** Side of a chunk of a label layer, in pixels: small enough to be quick, large enough to be few. */
const labelChunkPx = 256;
/** Axes of the PCA basis: 3 are drawn, all feed the classifier. */
const pcaComponents = 32;
/** What a person waits for a whole slice before the level is too fine to be the default. */
const patienceMs = 60_000;
const seed = 0;

/** What of the session's options the encoder is opened with. */
interface ModelChoice extends Pick<OpenSessionOptions, 'channels' | 'precision'> {
  readonly manifest: string;
}

/**
 * Open an image and, where a model is named, start its pipeline in a worker beside it. The image can be
 * looked at while the model loads.
 *
 * @throws AlibiError  the image cannot be opened; trouble with the model is announced by `error` instead
 */
export function openSession(options: OpenSessionOptions): Promise<Session> {
  // A literal, so that bundlers see the worker's entry.
  const createWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const createObjectsWorker = () =>
    new Worker(new URL('./objects-worker.js', import.meta.url), { type: 'module' });
  return openSessionWith(options, inWorker(createWorker), objectsInWorker(createObjectsWorker));
}

/** The same with a pipeline of the caller's choice: Node has it in the process. */
export async function openSessionWith(
  { source, model, channels, precision, sign, sidecar, signal }: OpenSessionOptions,
  openPipeline: OpenPipeline,
  engine: ObjectsEngine = createObjectsEngine(),
): Promise<Session> {
  const options = signal ? { signal } : {};
  const opened = await openStore(source, { ...options, ...(sign ? { sign } : {}) });
  const union = createUnion(opened.store, opened.path);
  let image = await openImage({ ...opened, store: union.store }, options);
  const place = await sidecar?.(image);
  if (place !== undefined) {
    union.add(place);
    image = await openImage({ ...opened, store: union.store }, options);
  }
  const session = new ImageSession(withImageCache(image), union, place, engine);
  if (model !== undefined) session.start(openPipeline, { manifest: String(model), channels, precision });
  return session;
}

/** What saving a layer needs and drawing it does not. */
interface DerivedParts {
  readonly scores: LazyArray<'float32'>;
  readonly imageLevel: number;
  /** What it was trained on. */
  readonly strokes: readonly Stroke[];
  readonly method: NonNullable<ProvenanceFacts['method']>;
  readonly factor?: Place['factor'];
  readonly normalisation?: Normalisation;
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
  readonly guidance = new Guidance({
    changed: () => this.#changed('guidance'),
    layer: (kind, signal) => this.uncertainty({ kind, signal }),
    removeLayer: () => this.#dropLayers('uncertainty'),
    look: (options) => this.suggest(options),
  });
  readonly scribbles = new Scribbles({
    image: () => this.#image,
    painting: this.#painting,
    failed: (error) => this.#fail(error),
    run: (title, signal, task) => this.#run(title, signal, task),
    save: (options, input) => this.#saveLabels(options, input),
  });
  readonly #lifetime = new AbortController();
  readonly #works = new WorkList(this.#lifetime.signal, {
    changed: () => this.#changed('work'),
    failed: (error) => this.#fail(error),
  });
  readonly objects: Objects;
  readonly editing: Editing;
  #basis: Promise<PcaFit> | null = null;
  readonly #recipes = new Map<string, Promise<FeatureRecipe>>();
  #learning: Learning = {};
  #classifier: OpenedClassifier | null = null;
  /** The classifier came from a file: it needs no strokes. */
  #isImported = false;
  #region: OpenedRegion | null = null;
  #trainLevel: number | 'auto' = 'auto';
  #nextId = 1;

  readonly #union: UnionStore;
  readonly #sidecar: SaveTarget | undefined;

  constructor(image: OmeImage, union: UnionStore, sidecar: SaveTarget | undefined, engine: ObjectsEngine) {
    super();
    this.objects = new Objects({
      engine,
      image: () => this.#image,
      works: this.#works,
      labelsOf: (layer) => this.#labelsOf(layer),
      addLayer: (parts) => this.#addLayer(parts),
      changed: () => this.#changed('objects'),
    });
    this.editing = new Editing({
      works: this.#works,
      finest: () => this.#image.pixels[0]!,
      labelsOf: (layer) => this.#labelsOf(layer),
      largestId: (layer, labels, work) => this.objects.largestId(layer, labels, work),
      addLayer: (parts) => this.#addLayer(parts),
      changed: () => this.#changed('layers'),
    });
    this.#image = image;
    this.#union = union;
    this.#sidecar = sidecar;
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
  get region(): RegionOfInterest | null {
    return this.#region?.region ?? null;
  }
  get work(): readonly Work[] {
    return this.#works.list;
  }
  get windowsPerLevel(): readonly number[] {
    return this.#cost?.windows ?? [];
  }

  /** Load the model in the background; looking at the image never waits for it. */
  start(openPipeline: OpenPipeline, choice: ModelChoice): void {
    const opening = this.#open(openPipeline, choice);
    this.#pipeline = opening;
    opening.catch((error: unknown) => {
      if (isAbort(error)) return;
      const failure = asAlibiError(error, choice.manifest);
      this.#setEncoder({ kind: 'failed', error: failure });
      this.#fail(failure);
    });
  }

  async #open(openPipeline: OpenPipeline, { manifest, channels, precision }: ModelChoice): Promise<Pipeline> {
    const signal = this.#lifetime.signal;
    this.#setEncoder({ kind: 'loading', bytes: 0, totalBytes: 0 });
    const normalisation = await defaultNormalisation(this.image, channels, { signal });
    const pipeline = await openPipeline(
      { pixels: this.image.pixels, normalisation, manifest, ...(precision ? { precision } : {}) },
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
        method: { kind: 'kmeans', k: options.k, seed: options.seed ?? seed },
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
    if (this.#layers.find((layer) => layer.id === id)?.kind === 'uncertainty') this.guidance.layerRemoved();
    this.#dropLayer(id);
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

  async setRegion(
    region: RegionOfInterest | null,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.#run('Opening the region', options.signal, async ({ signal }) => {
      const opened = region === null ? null : await openRegion(region, this.image, { signal });
      signal.throwIfAborted();
      this.#region = opened;
      this.#changed('strokes');
      await this.#showRegion();
      this.#painting.touch();
    });
  }

  /** What is there already, inside the region only. */
  async #showRegion(): Promise<void> {
    if (this.#derived.size === 0) return;
    const pipeline = await this.#ready();
    for (const [id, parts] of [...this.#derived]) {
      const layer = this.#layers.find((candidate) => candidate.id === id);
      if (layer !== undefined) await this.#addScoresLayer(pipeline, { ...layer, ...parts });
    }
    for (const layer of this.#layers) if (layer.kind === 'uncertainty') this.removeLayer(layer.id);
  }

  async train(options: TrainOptions = {}): Promise<Layer | null> {
    const { signal, level, ...learning } = options;
    if (level !== undefined) this.#trainLevel = level;
    if (Object.keys(learning).length > 0) this.#learning = { ...this.#learning, ...learning };
    this.guidance.outdated();
    const begun = this.#painting.begin();
    return this.#train(signal ? AbortSignal.any([signal, begun]) : begun);
  }

  async #train(signal: AbortSignal): Promise<Layer | null> {
    if (!this.#painting.isTrainable) {
      // What was made with a classifier of a file is as good as before.
      if (this.#isImported) {
        this.#changeClassLayer((layer) => ({ ...layer, outdated: false }));
        this.guidance.trained();
      } else this.#dropLayers('classes');
      return null;
    }
    this.#outdateObjects();
    const { classes } = this;
    const { classifier: choice = {}, validation = 'none', recipe: features = {} } = this.#learning;
    return this.#run('Training on strokes', signal, async (work) => {
      const pipeline = await this.#ready();
      const level = this.#trainLevel === 'auto' ? await this.#defaultLevel(pipeline, work) : this.#trainLevel;
      const recipe = await this.#recipe(pipeline, level, features, work);
      const strokes = (await this.#region?.strokes(this.strokes, work.signal)) ?? this.strokes;
      const common = { classes, strokes, recipe, place: { level }, seed, ...work };
      const show = async (fit: ClassifierFit, quicker: Layer['levels']): Promise<Layer> => {
        const scores = await pipeline.classScores(fit);
        work.signal.throwIfAborted();
        this.#classifier = { fit, model: recipe.tokens.length === 0 ? null : pipeline.model };
        this.#isImported = false;
        const method = {
          kind: 'strokes' as const,
          seed,
          classes: classes.map((spec) => ({ ...spec })),
          recipe: recipeFacts(recipe, features),
          classifier: classifierFacts(choice),
          validation,
        };
        const shown = { name: 'Segmentation', kind: 'classes' as const, fit, ...classDisplay(classes) };
        return this.#addScoresLayer(pipeline, {
          ...shown,
          imageLevel: level,
          scores,
          strokes,
          method,
          quicker,
        });
      };
      // The linear model answers at once; what takes its place, tile by tile, is better and slower.
      const quick = await pipeline.trainClassifier({ ...common, choice: { ...choice, kind: 'linear' } });
      const first = await show(quick, []);
      if (choice.kind === 'linear' && validation === 'none') return first;
      return show(await pipeline.trainClassifier({ ...common, choice, validation }), first.levels);
    }).then((layer) => {
      this.guidance.trained();
      return layer;
    });
  }

  get learning(): Learning {
    return this.#learning;
  }

  get classifier(): OpenedClassifier | null {
    return this.#classifier;
  }

  exportClassifier(): ClassifierFiles {
    const isOutdated = !this.layers.some(({ kind, outdated }) => kind === 'classes' && !outdated);
    return classifierFiles(this.#classifier, { isOutdated });
  }

  importClassifier(
    text: string,
    { where, signal }: { readonly where: string; readonly signal?: AbortSignal },
  ): Promise<Layer> {
    return this.#run(`Opening ${where}`, signal, async (work) => {
      const pipeline = await this.#ready();
      const context = { image: this.image, pipeline, painted: this.#painting };
      const { opened, place, method } = await importClassifier(text, where, context);
      const { fit } = opened;
      const scores = await pipeline.classScores(fit, place);
      work.signal.throwIfAborted();
      this.#painting.stop();
      this.#painting.replaceClasses(fit.classes);
      this.#classifier = opened;
      this.#isImported = true;
      this.#outdateObjects();
      const layer = await this.#addScoresLayer(pipeline, {
        ...{ name: 'Segmentation', kind: 'classes', fit, ...classDisplay(fit.classes) },
        ...{ imageLevel: place.level, factor: place.factor, normalisation: fit.normalisation },
        ...{ scores, strokes: [], method },
      });
      this.guidance.trained();
      return layer;
    });
  }

  addToProject(project: Project | null): Project {
    const { channels } = this.#classifier?.fit.normalisation ?? {};
    const layer = this.layers.find(({ kind }) => kind === 'classes');
    const { image, classes, strokes } = this;
    const { recipe = {}, classifier = {} } = this.#learning;
    return withImage(project, {
      ...{ image, classes, strokes, channels, level: layer?.levels[0]?.imageLevel },
      ...{ recipe: { tokenScales: [1], ...recipe }, classifier },
    });
  }

  openProject(project: Project): number | null {
    return openInto(this.#painting, project, this.image);
  }

  async uncertainty(
    options: { readonly kind?: UncertaintyKind; readonly signal?: AbortSignal } = {},
  ): Promise<Layer> {
    const { kind = 'margin', signal } = options;
    return this.#run('Finding where it is unsure', signal, async () => {
      const pipeline = await this.#ready();
      const { parts, active } = this.#classScores();
      const everywhere = await pipeline.uncertainty(parts.scores, kind, active);
      const pixels = this.#region?.labels(everywhere, parts.imageLevel) ?? everywhere;
      return this.#addLayer({
        name: kind === 'margin' ? 'Uncertainty (margin)' : 'Uncertainty (entropy)',
        kind: 'uncertainty',
        levels: [{ pixels, imageLevel: parts.imageLevel }],
        fit: this.#classifier?.fit ?? null,
        colors: heatColors,
        names: new Map(),
      });
    });
  }

  async suggest(options: SuggestPlacesOptions): Promise<readonly Suggestion[]> {
    return this.#run('Looking where to label next', options.signal, async ({ signal }) => {
      const { parts, active } = this.#classScores();
      const level = this.image.pixels[parts.imageLevel]!;
      const place = (at: Suggestion): Suggestion => inFinest(at, level, this.image.pixels[0]!);
      let best: readonly Suggestion[] = [];
      const { count, chunkLimit, isSettled } = options;
      const scores = this.#region?.scores(parts.scores, parts.imageLevel) ?? parts.scores;
      const lists = suggestPlaces(inBackground(scores), {
        count,
        active,
        slices: allSlices(this.image),
        ...(isSettled === undefined
          ? {}
          : { isPainted: (at) => isSettled(place({ ...at, uncertainty: 0 })) }),
        ...(chunkLimit === undefined ? {} : { chunkLimit }),
        signal,
      });
      for await (const list of lists) {
        // Nothing is asked of what lies outside the region: it is certain there.
        best = list.filter(({ uncertainty }) => this.#region === null || uncertainty > 0).map(place);
        options.onList?.(best);
      }
      return best;
    });
  }

  /** @throws AlibiError InvalidInput  nothing is trained, or strokes have changed since */
  #classScores() {
    const layer = this.layers.find(({ kind, outdated }) => kind === 'classes' && !outdated);
    const parts = layer === undefined ? undefined : this.#derived.get(layer.id);
    if (parts !== undefined && this.#classifier !== null) {
      return { parts, active: this.#classifier.fit.counts.filter((count) => count > 0).length };
    }
    throw new AlibiError('InvalidInput', {
      what: 'there is no classifier of the present strokes',
      where: 'session',
      remedy: 'Paint a stroke of each of two classes and wait for the segmentation.',
    });
  }

  async save(layer: Layer, options: SaveOptions): Promise<SaveResult> {
    return this.#saveLabels(options, (target) => this.#saveInput(layer, target, options));
  }

  #saveLabels(
    options: SaveOptions,
    input: (target: SaveTarget) => Promise<MaterializeInput>,
  ): Promise<SaveResult> {
    return this.#run(`Saving labels/${options.name}`, options.signal, async (work) => {
      const target = options.target ?? ownTarget(this.image, this.#sidecar);
      const result = await materialize({
        ...(await input(target)),
        signal: work.signal,
        onProgress: (progress: Progress) => {
          work.onProgress(progress);
          options.onProgress?.(progress);
        },
      });
      if (target.store !== this.#image.store) this.#union.add(target);
      // Of the other version they are labels of nobody who reads the image.
      const isSeen = options.version === undefined || options.version === this.image.version;
      if (isSeen) this.#relist((names) => [...names.filter((name) => name !== options.name), options.name]);
      return { ...result, location: locationOf(target, options.name) };
    });
  }

  async forecast(layer: Layer, options: SaveOptions): Promise<SaveForecast> {
    const target = options.target ?? ownTarget(this.image, this.#sidecar);
    const input = await this.#saveInput(layer, target, options);
    const found = await lookAtTarget(target.store, target.path, options.name, options.signal);
    return { ...describePlan(input), ...found, location: locationOf(target, options.name) };
  }

  async renameLabel(name: string, to: string): Promise<Replaced> {
    return this.#run(`Renaming labels/${name}`, undefined, async () => {
      const { store, path } = await this.#placeOf(name);
      const swap = (from: string, by: string) =>
        this.#relist((all) => all.map((one) => (one === from ? by : one)));
      const replaced = await renameLabel({ store, path, name }, to);
      this.#closeLabel(name);
      swap(name, to);
      return { ...replaced, undo: () => replaced.undo().then(() => swap(to, name)) };
    });
  }

  async deleteLabel(name: string): Promise<Replaced> {
    return this.#run(`Deleting labels/${name}`, undefined, async () => {
      const { store, path } = await this.#placeOf(name);
      const replaced = await deleteLabel({ store, path, name });
      this.#closeLabel(name);
      this.#relist((names) => names.filter((one) => one !== name));
      return {
        ...replaced,
        undo: () => replaced.undo().then(() => this.#relist((names) => [...names, name])),
      };
    });
  }

  /** Where a label image can be changed. */
  async #placeOf(name: string): Promise<{ readonly store: WriteStore; readonly path: string }> {
    const owner = await this.#union.ownerOf(name);
    if (owner !== undefined && isWritable(owner.store)) return { store: owner.store, path: owner.path };
    return ownTarget(this.image, undefined);
  }

  async #saveInput(layer: Layer, target: SaveTarget, options: SaveOptions): Promise<MaterializeInput> {
    const savable = await this.#savable(layer);
    return saveInput({ image: this.image, layer, ...savable }, target, options);
  }

  async #savable(layer: Layer): Promise<Savable> {
    const edited = this.editing.savable(layer);
    if (edited !== null) {
      const { labels, maxId, origin, revision } = edited;
      // What was opened from a file, or is no longer there, tells of itself only by its fit.
      const isKnown = origin.derived && this.#layers.some(({ id }) => id === origin.id);
      const made = isKnown ? (await this.#savable(origin)).provenance : objectsProvenance(this.image, origin);
      return { labels, maxId, provenance: await editedProvenance(this.image, origin, made, revision) };
    }
    const instances = this.objects.savable(layer);
    if (instances !== null) return { ...instances, provenance: objectsProvenance(this.image, layer) };
    const parts = this.#derived.get(layer.id);
    if (parts === undefined) {
      throw new AlibiError('InvalidInput', {
        what: `the layer "${layer.name}" holds no labels to save`,
        where: 'save',
        remedy: 'Save a segmentation, a clustering or objects.',
      });
    }
    const pipeline = await this.#ready();
    return {
      labels: await this.#fullLabels(pipeline, parts),
      maxId: Math.max(0, ...layer.names.keys()),
      provenance: scoresProvenance({ image: this.image, layer, pipeline, region: this.region, ...parts }),
    };
  }

  /** Inside the region only. */
  async #fullLabels(pipeline: Pipeline, { scores }: DerivedParts): Promise<LazyArray<LabelType>> {
    const everywhere = await pipeline.labels(scores, pixelGrid(this.image.pixels[0]!), labelChunkPx);
    return this.#region?.labels(everywhere, 0) ?? everywhere;
  }

  /** Ids of a layer at its full resolution. */
  async #labelsOf(layer: Layer): Promise<LazyArray> {
    const parts = this.#derived.get(layer.id);
    if (parts !== undefined) return this.#fullLabels(await this.#ready(), parts);
    const made = this.editing.savable(layer) ?? this.objects.savable(layer);
    return made?.labels ?? canonicalLabels(layer.levels[0]!.pixels);
  }

  async close(): Promise<void> {
    this.#painting.stop();
    this.guidance.stop();
    this.#lifetime.abort();
    this.objects.close();
    const pipeline = await this.#pipeline?.catch(() => null);
    // A pipeline that has died is closed already.
    await pipeline?.close().catch(() => undefined);
  }

  /** Its layer, if it is open, reads what is no longer there. */
  #closeLabel(name: string): void {
    const open = this.#layers.filter((layer) => layer.kind === 'label' && layer.name === name);
    for (const { id } of open) this.#dropLayer(id);
  }

  #relist(change: (names: readonly string[]) => readonly string[]): void {
    const names = change(this.#image.labels.map(({ name }) => name));
    this.#image = { ...this.#image, labels: names.map((name) => ({ name, path: `labels/${name}` })) };
    this.#changed('layers');
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
  #recipe(
    pipeline: Pipeline,
    level: number,
    choice: RecipeChoice,
    { signal, onProgress }: WorkOptions,
  ): Promise<FeatureRecipe> {
    const key = `${level}/${JSON.stringify(choice)}`;
    const known = this.#recipes.get(key);
    if (known !== undefined) return untilAborted(known, signal);
    const made = this.#fitBasis(pipeline, { signal: this.#lifetime.signal }).then((basis) =>
      pipeline.recipe({
        // Enlarging the image costs four times the windows and more: it is done where somebody asks for it.
        choice: { tokenScales: [1], ...(choice.components === undefined ? { basis } : {}), ...choice },
        place: { level },
        seed,
        slices: allSlices(this.image),
        signal: this.#lifetime.signal,
        ...(onProgress ? { onProgress } : {}),
      }),
    );
    this.#recipes.set(key, made);
    made.catch(() => this.#recipes.delete(key));
    return untilAborted(made, signal);
  }

  async #addScoresLayer(
    pipeline: Pipeline,
    {
      scores,
      strokes,
      imageLevel,
      method,
      factor,
      normalisation,
      quicker = [],
      ...shown
    }: DerivedParts &
      Omit<Layer, 'id' | 'levels' | 'derived' | 'outdated'> & { readonly quicker?: Layer['levels'] },
  ): Promise<Layer> {
    const everywhere = await pipeline.labels(scores, pixelGrid(this.image.pixels[imageLevel]!), labelChunkPx);
    const pixels = this.#region?.labels(everywhere, imageLevel) ?? everywhere;
    const layer = this.#addLayer({ ...shown, levels: [{ pixels, imageLevel }, ...quicker] });
    this.#derived.set(layer.id, {
      ...{ scores, imageLevel, strokes, method },
      ...(factor === undefined ? {} : { factor }),
      ...(normalisation === undefined ? {} : { normalisation }),
    });
    return layer;
  }

  /** There is one layer of each derived kind but edited ones: a new one takes the place of the old. */
  #addLayer(parts: Omit<Layer, 'id' | 'derived' | 'outdated'>): Layer {
    const derived = parts.kind !== 'label';
    const layer: Layer = { ...parts, id: `layer-${this.#nextId++}`, derived, outdated: false };
    const replaced = this.#layers.filter(({ kind }) => derived && kind === layer.kind && kind !== 'edited');
    for (const { id } of replaced) this.#forget(id);
    this.#layers = [...this.#layers.filter((old) => !replaced.includes(old)), layer];
    this.#changed('layers');
    return layer;
  }

  #dropLayer(id: string): void {
    this.#forget(id);
    this.#layers = this.#layers.filter((layer) => layer.id !== id);
    this.#changed('layers');
  }

  #forget(id: string): void {
    this.#derived.delete(id);
    this.objects.forget(id);
    this.editing.forget(id);
  }

  #dropLayers(kind: Layer['kind']): void {
    for (const layer of this.#layers) if (layer.kind === kind) this.#dropLayer(layer.id);
  }

  #markOutdated(): void {
    // What was unsure is another matter now.
    this.#dropLayers('uncertainty');
    this.guidance.outdated();
    this.#outdateObjects();
    this.#changeClassLayer((layer) => ({ ...layer, outdated: true }));
  }

  /** Objects of a segmentation that is about to be another one. */
  #outdateObjects(): void {
    if (!this.#layers.some((layer) => this.objects.isOfClasses(layer) && !layer.outdated)) return;
    this.#layers = this.#layers.map((layer) =>
      this.objects.isOfClasses(layer) ? { ...layer, outdated: true } : layer,
    );
    this.#changed('layers');
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

/** What a provenance tells of the features, so that they can be had again. */
function recipeFacts(
  { tokens }: FeatureRecipe,
  { basis: _basis, tokenScales: _scales, kinds, sigmasPx, classicalNormalisation, ...plain }: RecipeChoice,
) {
  const copy = classicalNormalisation;
  return {
    ...plain,
    tokenScales: tokens.map(({ scale }) => scale),
    ...(kinds === undefined ? {} : { kinds: [...kinds] }),
    ...(sigmasPx === undefined ? {} : { sigmasPx: [...sigmasPx] }),
    ...(copy === undefined
      ? {}
      : {
          classicalNormalisation: {
            channels: [...copy.channels],
            black: [...copy.black],
            white: [...copy.white],
          },
        }),
    ...(plain.components === undefined ? { sharedBasis: true } : {}),
  };
}

function classifierFacts({ classWeights, ...plain }: ClassifierChoice) {
  if (classWeights === undefined) return plain;
  return { ...plain, classWeights: typeof classWeights === 'string' ? classWeights : [...classWeights] };
}

/** Uncertainty 1 to 255 from dark violet to yellow; 0, sure, is not drawn. */
const heatColors: Layer['colors'] = new Map(
  Array.from({ length: 255 }, (_, i) => {
    const share = (i + 1) / 255;
    const red = Math.round(255 * Math.min(1, 0.25 + 1.1 * share));
    const green = Math.round(255 * share * share);
    const blue = Math.round(255 * Math.max(0, 0.5 - 0.5 * share));
    return [i + 1, [red, green, blue]] as const;
  }),
);

/** The same array behind everything on screen: what nobody is looking at can wait. */
function inBackground<T extends DataType>(lazy: LazyArray<T>): LazyArray<T> {
  const later = () => 1e9;
  return wrapped(lazy, (index, options) => lazy.getChunk(index, { ...options, priority: later }));
}

/** A place of a level in pixels of the finest one. */
function inFinest(at: Suggestion, level: LazyArray, finest: LazyArray): Suggestion {
  const ratio = (name: string) => scaleAlong(level, name) / scaleAlong(finest, name);
  return { ...at, y: at.y * ratio('y'), x: at.x * ratio('x'), z: Math.floor(at.z * ratio('z')) };
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

function locationOf({ location }: SaveTarget, name: string): string {
  return `${location.replace(/\/$/, '')}/labels/${name}`;
}
