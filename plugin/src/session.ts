import type { Project } from 'alibi-zarr-schemas';
import type { AlibiError } from './errors.ts';
import { publicLocation } from './labels/provenance.ts';
import type { Replaced } from './labels/replaced-label.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { openImage } from './ome/open-image.ts';
import { objectsInWorker } from './pipeline/connect-objects.ts';
import { inWorker } from './pipeline/connect-pipeline.ts';
import { withImageCache } from './pipeline/image-cache.ts';
import { createObjectsEngine, type ObjectsEngine } from './pipeline/objects.ts';
import type { OpenPipeline, Pipeline } from './pipeline/pipeline.ts';
import type { OpenedClassifier } from './segment/portable.ts';
import type { Suggestion } from './segment/suggest-places.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import type { UncertaintyKind } from './segment/uncertainty.ts';
import type { ClassifierFiles } from './session-classifier.ts';
import { Clustering } from './session-clustering.ts';
import { Clusters } from './session-clusters.ts';
import { Editing } from './session-editing.ts';
import { type ModelChoice, SessionEncoder } from './session-encoder.ts';
import { SessionFits } from './session-fits.ts';
import { Guidance } from './session-guidance.ts';
import { allSlices } from './session-image.ts';
import { Labels } from './session-labels.ts';
import { type LayerParts, Layers } from './session-layers.ts';
import { LiveProject } from './session-live-project.ts';
import { Objects } from './session-objects.ts';
import { Painting } from './session-painting.ts';
import { withImage } from './session-project.ts';
import { ProjectMemory } from './session-project-memory.ts';
import { type OpenedRegion, openRegion, type RegionOfInterest } from './session-region.ts';
import { Review } from './session-review.ts';
import { ScoreLayers } from './session-scores.ts';
import { Scribbles } from './session-scribbles.ts';
import { Similarity } from './session-similarity.ts';
import { Training } from './session-training.ts';
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
import { Unsure } from './session-unsure.ts';
import { type RunTask, WorkList } from './session-work.ts';
import { openStore } from './stores/open-store.ts';
import type { Signer } from './stores/signer.ts';
import { createUnion, type UnionStore } from './stores/union.ts';

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
  {
    source,
    model,
    channels,
    precision,
    sign,
    sidecar,
    memory = new ProjectMemory(),
    signal,
  }: OpenSessionOptions,
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
  memory.visit(publicLocation(image.location), image);
  const parts = { union, sidecar: place, engine, memory, sign };
  const session = new ImageSession(withImageCache(image), parts);
  if (model !== undefined) session.start(openPipeline, { manifest: String(model), channels, precision });
  return session;
}

/** The parts of a session, joined: each tells of its changes, and this announces them. */
class ImageSession extends EventTarget implements Session {
  #image: OmeImage;
  #region: OpenedRegion | null = null;
  readonly #lifetime = new AbortController();
  readonly #works = new WorkList(this.#lifetime.signal, {
    changed: () => this.#changed('work'),
    failed: (error) => this.#fail(error),
  });
  readonly #run: RunTask = (title, signal, task) =>
    this.#works.run(title, signal, task).finally(() => void this.#encoder.refreshCost());
  /** What every part may ask for. */
  readonly #shared = {
    image: () => this.#image,
    lifetime: this.#lifetime.signal,
    works: this.#works,
    run: this.#run,
    region: () => this.#region,
    ready: (): Promise<Pipeline> => this.#encoder.ready(),
    addLayer: (parts: LayerParts): Layer => this.#layers.add(parts),
    labelsOf: (layer: Layer) => this.#labels.of(layer),
  };
  readonly #encoder = new SessionEncoder({
    ...this.#shared,
    changed: () => this.#changed('encoder'),
    failed: (error) => this.#fail(error),
  });
  readonly #layers = new Layers({
    changed: () => this.#changed('layers'),
    forgotten: (id) => this.#forget(id),
  });
  readonly #painting = new Painting({
    changed: (what) => this.#changed(what),
    outdated: () => this.#training.outdated(),
    train: (signal) => (this.#encoder.isNamed ? this.#training.again(signal) : Promise.resolve()),
  });
  readonly #fits = new SessionFits(this.#shared);
  readonly #scores = new ScoreLayers({ ...this.#shared, layers: this.#layers });
  readonly #clusters = new Clusters({
    ...this.#shared,
    layers: this.#layers,
    scores: this.#scores,
    fits: this.#fits,
  });
  readonly clustering = new Clustering({
    ...this.#shared,
    layers: this.#layers,
    scores: this.#scores,
    painting: this.#painting,
  });
  readonly similarity = new Similarity({
    ...this.#shared,
    layers: this.#layers,
    fits: this.#fits,
    painting: this.#painting,
    changed: () => this.#changed('layers'),
  });
  readonly guidance = new Guidance({
    changed: () => this.#changed('guidance'),
    layer: (kind, signal) => this.uncertainty({ kind, signal }),
    removeLayer: () => this.#layers.dropKind('uncertainty'),
    look: ({ isSettled, ...options }) =>
      this.suggest({
        ...options,
        isSettled: (place) => isSettled(place) || this.review.has(place),
      }),
  });
  readonly scribbles = new Scribbles({
    ...this.#shared,
    painting: this.#painting,
    failed: (error) => this.#fail(error),
    save: (options, input) => this.#labels.saveInput(options, input),
  });
  readonly editing = new Editing({
    ...this.#shared,
    finest: () => this.#image.pixels[0]!,
    largestId: (layer, labels, work) => this.objects.largestId(layer, labels, work),
    changed: () => this.#changed('layers'),
  });
  readonly objects: Objects;
  readonly review: Review;
  readonly project: LiveProject;
  readonly #training: Training;
  readonly #unsure: Unsure;
  readonly #labels: Labels;

  constructor(
    image: OmeImage,
    {
      union,
      sidecar,
      engine,
      memory,
      sign,
    }: {
      readonly union: UnionStore;
      readonly sidecar: SaveTarget | undefined;
      readonly engine: ObjectsEngine;
      readonly memory: ProjectMemory;
      readonly sign: Signer | undefined;
    },
  ) {
    super();
    this.#image = image;
    const parts = { ...this.#shared, layers: this.#layers, scores: this.#scores };
    this.objects = new Objects({ ...parts, engine, changed: () => this.#changed('objects') });
    const { z, t } = allSlices(image);
    this.review = new Review({ depth: z.length, times: t.length }, () => this.#changed('project'));
    this.project = new LiveProject({
      ...parts,
      ...{ painting: this.#painting, fits: this.#fits, review: this.review, memory, sign },
      setRegion: (region) => void this.setRegion(region).catch(() => undefined),
      learning: () => this.learning,
      setLearning: (learning) => this.#training.setLearning(learning),
      changed: () => this.#changed('project'),
    });
    this.#training = new Training({
      ...parts,
      painting: this.#painting,
      project: this.project,
      guidance: this.guidance,
      objects: this.objects,
    });
    this.#unsure = new Unsure({
      ...parts,
      painting: this.#painting,
      classifier: () => this.#training.classifier,
    });
    this.#labels = new Labels({
      ...parts,
      union,
      sidecar,
      relist: (change) => {
        union.refresh();
        this.#relist(change);
      },
      objects: this.objects,
      editing: this.editing,
    });
  }

  get image(): OmeImage {
    return this.#image;
  }
  get encoder(): EncoderStatus {
    return this.#encoder.status;
  }
  get layers(): readonly Layer[] {
    return this.#layers.list;
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
    return this.#encoder.windowsPerLevel;
  }
  get learning(): Learning {
    return this.#training.learning;
  }
  get classifier(): OpenedClassifier | null {
    return this.#training.classifier;
  }

  /** Load the model in the background; looking at the image never waits for it. */
  start(openPipeline: OpenPipeline, choice: ModelChoice): void {
    this.#encoder.start(openPipeline, choice);
  }

  async pca(options: { readonly signal?: AbortSignal } = {}): Promise<Layer> {
    return this.#clusters.pca(options);
  }
  async clusters(options: Parameters<Session['clusters']>[0]): Promise<Layer> {
    return this.#clusters.fit(options);
  }
  async openLabel(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Layer> {
    return this.#labels.open(name, options);
  }
  removeLayer(id: string): void {
    const layer = this.layers.find((one) => one.id === id);
    if (layer?.kind === 'uncertainty') this.guidance.layerRemoved();
    if (layer?.kind === 'similarity') this.similarity.layerRemoved();
    this.#layers.drop(id);
  }

  addClass(spec: ClassSpec): number {
    return this.#painting.addClass(spec);
  }
  updateClass(index: number, spec: Partial<ClassSpec>): void {
    this.#painting.updateClass(index, spec);
    this.#training.showClasses();
  }
  removeClass(index: number): void {
    this.project.parts.classRemoved(index);
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
      await this.#scores.showRegion();
      await this.similarity.showRegion();
      for (const layer of this.layers) if (layer.kind === 'uncertainty') this.removeLayer(layer.id);
      this.#painting.touch();
    });
  }

  async train(options: TrainOptions = {}): Promise<Layer | null> {
    return this.#training.train(options);
  }
  exportClassifier(): ClassifierFiles {
    return this.#training.export();
  }
  importClassifier(
    text: string,
    options: { readonly where: string; readonly signal?: AbortSignal },
  ): Promise<Layer> {
    return this.#training.import(text, options);
  }

  addToProject(project: Project | null): Project {
    const { channels } = this.classifier?.fit.normalisation ?? {};
    const layer = this.layers.find(({ kind }) => kind === 'classes');
    const { image, classes, strokes } = this;
    return withImage(project, {
      ...{ image, classes, strokes, channels, level: layer?.levels[0]?.imageLevel },
      ...{ region: this.region, learning: this.learning },
    });
  }
  openProject(project: Project): number | null {
    return this.project.open(project);
  }

  async uncertainty(
    options: { readonly kind?: UncertaintyKind; readonly signal?: AbortSignal } = {},
  ): Promise<Layer> {
    return this.#unsure.layer(options);
  }
  async suggest(options: SuggestPlacesOptions): Promise<readonly Suggestion[]> {
    return this.#unsure.suggest(options);
  }

  async save(layer: Layer, options: SaveOptions): Promise<SaveResult> {
    return this.#labels.save(layer, options);
  }
  async forecast(layer: Layer, options: SaveOptions): Promise<SaveForecast> {
    return this.#labels.forecast(layer, options);
  }
  async renameLabel(name: string, to: string): Promise<Replaced> {
    return this.#labels.rename(name, to);
  }
  async deleteLabel(name: string): Promise<Replaced> {
    return this.#labels.delete(name);
  }

  async close(): Promise<void> {
    this.#painting.stop();
    this.guidance.stop();
    this.#lifetime.abort();
    this.objects.close();
    await this.#encoder.close();
  }

  #relist(change: (names: readonly string[]) => readonly string[]): void {
    const names = change(this.#image.labels.map(({ name }) => name));
    this.#image = { ...this.#image, labels: names.map((name) => ({ name, path: `labels/${name}` })) };
    this.#changed('layers');
  }

  #forget(id: string): void {
    this.#scores.forget(id);
    this.objects.forget(id);
    this.editing.forget(id);
  }

  #changed(what: SessionEvents['change']['detail']['what']): void {
    this.dispatchEvent(new CustomEvent('change', { detail: { what } }));
  }

  #fail(error: AlibiError): void {
    this.dispatchEvent(new CustomEvent('error', { detail: { error } }));
  }
}
