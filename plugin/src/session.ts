import { axisIndex, type LazyArray } from './array/lazy-array.ts';
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
  Slices,
  WorkOptions,
} from './pipeline/pipeline.ts';
import { pixelGrid } from './pipeline/pixel-grid.ts';
import { defaultWindows, sampleLevel } from './pipeline/sample.ts';
import { type StrokeHistory, strokeHistory } from './segment/strokes.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import { formatHexColor, paletteColor, parseHexColor } from './session-colors.ts';
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
import { openStore } from './stores/open-store.ts';
import { isWritable } from './stores/store.ts';

/** Side of a chunk of a label layer, in pixels: small enough to be quick, large enough to be few. */
const labelChunkPx = 256;
/** Axes of the PCA basis: 3 are drawn, all feed the classifier. */
const pcaComponents = 32;
const debounceMs = 120;
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
}

class ImageSession extends EventTarget implements Session {
  readonly image: OmeImage;
  #encoder: EncoderStatus = { kind: 'none' };
  #pipeline: Promise<Pipeline> | null = null;
  #cost: PipelineCost | null = null;
  #layers: readonly Layer[] = [];
  readonly #derived = new Map<string, DerivedParts>();
  #classes: readonly ClassSpec[] = [];
  #history: StrokeHistory = strokeHistory.empty;
  #work: readonly Work[] = [];
  readonly #lifetime = new AbortController();
  #basis: Promise<PcaFit> | null = null;
  #training: AbortController | null = null;
  #trainTimer: ReturnType<typeof setTimeout> | null = null;
  #trainLevel: number | undefined;
  #nextId = 1;

  constructor(image: OmeImage) {
    super();
    this.image = image;
  }

  get encoder(): EncoderStatus {
    return this.#encoder;
  }
  get layers(): readonly Layer[] {
    return this.#layers;
  }
  get classes(): readonly ClassSpec[] {
    return this.#classes;
  }
  get strokes(): readonly Stroke[] {
    return this.#history.strokes;
  }
  get canUndo(): boolean {
    return strokeHistory.canUndo(this.#history);
  }
  get canRedo(): boolean {
    return strokeHistory.canRedo(this.#history);
  }
  get work(): readonly Work[] {
    return this.#work;
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
      const level = options.level ?? this.#defaultLevel();
      const fit = await pipeline.fitClusters({
        k: options.k,
        level,
        seed: options.seed ?? seed,
        slices: allSlices(this.image),
        ...work,
      });
      const scores = await pipeline.clusterScores(fit, level);
      const ids = Array.from({ length: options.k }, (_, index) => index + 1);
      return this.#addScoresLayer(pipeline, scores, {
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
    this.#classes = [...this.#classes, spec];
    this.#changed('classes');
    return this.#classes.length - 1;
  }

  updateClass(index: number, spec: Partial<ClassSpec>): void {
    this.#classes = this.#classes.map((old, position) => (position === index ? { ...old, ...spec } : old));
    this.#changed('classes');
    this.#scheduleTraining();
  }

  removeClass(index: number): void {
    this.#classes = this.#classes.filter((_, position) => position !== index);
    this.#changed('classes');
    this.#setHistory(strokeHistory.removeClass(this.#history, index));
  }

  stroke(stroke: Omit<Stroke, 'id'>): void {
    this.#setHistory(strokeHistory.add(this.#history, { ...stroke, id: `stroke-${this.#nextId++}` }));
  }
  undo(): void {
    this.#setHistory(strokeHistory.undo(this.#history));
  }
  redo(): void {
    this.#setHistory(strokeHistory.redo(this.#history));
  }
  clearStrokes(): void {
    this.#setHistory(strokeHistory.clear(this.#history));
  }

  async train(
    options: { readonly level?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Layer | null> {
    if (options.level !== undefined) this.#trainLevel = options.level;
    this.#stopTraining();
    const used = new Set(this.strokes.map((stroke) => stroke.classIndex).filter((index) => index !== null));
    if (used.size < 2) {
      this.#dropClassLayer();
      return null;
    }
    const current = new AbortController();
    this.#training = current;
    const signal = options.signal ? AbortSignal.any([options.signal, current.signal]) : current.signal;
    const { classes, strokes } = this;
    return this.#run('Training on strokes', signal, async (work) => {
      const pipeline = await this.#ready();
      const level = this.#trainLevel ?? this.#defaultLevel();
      const pca = await this.#fitBasis(pipeline, {});
      work.signal.throwIfAborted();
      const fit = await pipeline.trainClassifier({ classes, strokes, pca, level, ...work });
      const scores = await pipeline.classScores(fit);
      work.signal.throwIfAborted();
      this.#dropClassLayer();
      return this.#addScoresLayer(pipeline, scores, {
        name: 'Segmentation',
        kind: 'classes',
        imageLevel: level,
        fit,
        colors: new Map(classes.map((spec, index) => [index + 1, parseHexColor(spec.color)])),
        names: new Map(classes.map((spec, index) => [index + 1, spec.name])),
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
          strokes: layer.kind === 'classes' ? this.strokes : [],
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
      return { ...result, location };
    });
  }

  async close(): Promise<void> {
    this.#stopTraining();
    this.#lifetime.abort();
    const pipeline = await this.#pipeline?.catch(() => null);
    // A pipeline that has died is closed already.
    await pipeline?.close().catch(() => undefined);
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

  #fitBasis(pipeline: Pipeline, work: WorkOptions): Promise<PcaFit> {
    this.#basis ??= pipeline
      .fitPca({ components: pcaComponents, seed, slices: allSlices(this.image), ...work })
      .catch((error: unknown) => {
        this.#basis = null;
        throw error;
      });
    return this.#basis;
  }

  #defaultLevel(): number {
    return sampleLevel(this.#cost?.windows ?? [], defaultWindows);
  }

  async #addScoresLayer(
    pipeline: Pipeline,
    scores: LazyArray<'float32'>,
    parts: Omit<Layer, 'id' | 'levels' | 'derived'> & { readonly imageLevel: number },
  ): Promise<Layer> {
    const { imageLevel, ...rest } = parts;
    const pixels = await pipeline.labels(scores, pixelGrid(this.image.pixels[imageLevel]!), labelChunkPx);
    const layer = this.#addLayer({ ...rest, levels: [{ pixels, imageLevel }] });
    this.#derived.set(layer.id, { scores, imageLevel });
    return layer;
  }

  #addLayer(parts: Omit<Layer, 'id' | 'derived'>): Layer {
    const layer: Layer = { ...parts, id: `layer-${this.#nextId++}`, derived: parts.kind !== 'label' };
    this.#layers = [...this.#layers.filter((old) => old.kind !== layer.kind || old.kind === 'label'), layer];
    this.#changed('layers');
    return layer;
  }

  #dropClassLayer(): void {
    for (const layer of this.#layers) if (layer.kind === 'classes') this.removeLayer(layer.id);
  }

  #setHistory(history: StrokeHistory): void {
    this.#history = history;
    this.#changed('strokes');
    this.#scheduleTraining();
  }

  #scheduleTraining(): void {
    this.#stopTraining();
    if (this.#pipeline === null) return;
    this.#trainTimer = setTimeout(() => {
      this.train().catch(() => {
        // Reported by #run; an abort means a newer stroke took over.
      });
    }, debounceMs);
  }

  #stopTraining(): void {
    if (this.#trainTimer !== null) clearTimeout(this.#trainTimer);
    this.#trainTimer = null;
    this.#training?.abort();
    this.#training = null;
  }

  /** One piece of work: listed while it runs, cancellable, its failure announced once and rethrown. */
  async #run<T>(
    title: string,
    signal: AbortSignal | undefined,
    task: (work: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const signals = [controller.signal, this.#lifetime.signal];
    if (signal !== undefined) signals.push(signal);
    const id = `work-${this.#nextId++}`;
    const update = (progress: Progress | null) => {
      const work: Work = { id, title, progress, cancel: () => controller.abort() };
      this.#work = [...this.#work.filter((old) => old.id !== id), work];
      this.#changed('work');
    };
    update(null);
    try {
      return await task({ signal: AbortSignal.any(signals), onProgress: update });
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = asAlibiError(error, title);
      this.#fail(failure);
      throw failure;
    } finally {
      this.#work = this.#work.filter((old) => old.id !== id);
      this.#changed('work');
    }
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

/** Every z and t of the image: what fits sample unless told. */
export function allSlices(image: OmeImage): Slices {
  const count = (name: string) => image.levels[0]?.shape[axisIndex(image.axes, name)] ?? 1;
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  return { z: range(count('z')), t: range(count('t')) };
}

/** Names of ids from `image-label.properties`, whatever the writer called the field. */
function labelNames(
  properties: ReadonlyMap<number | bigint, Readonly<Record<string, unknown>>>,
): Map<number, string> {
  const names = new Map<number, string>();
  for (const [id, entry] of properties) {
    const name = entry.name ?? entry.class ?? entry.label;
    if (typeof name === 'string') names.set(Number(id), name);
  }
  return names;
}
