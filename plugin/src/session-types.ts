import type { Project } from 'alibi-zarr-schemas';
import type { Fit } from './array/fit.ts';
import type { LazyArray } from './array/lazy-array.ts';
import type { ExecutionProvider, ProviderReport } from './encoder/encoder.ts';
import type { Precision } from './encoder/graph-choice.ts';
import type { AlibiError } from './errors.ts';
import type { SavePlan } from './labels/describe-plan.ts';
import type { MaterializeResult } from './labels/materialize.ts';
import type { Pause } from './labels/pause.ts';
import type { SavePlace } from './labels/pyramid-plan.ts';
import type { Replaced } from './labels/replaced-label.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Progress } from './pipeline/pipeline.ts';
import type { ClassifierChoice } from './segment/fit-models.ts';
import type { OpenedClassifier } from './segment/portable.ts';
import type { RecipeChoice } from './segment/recipe.ts';
import type { Suggestion } from './segment/suggest-places.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import type { UncertaintyKind } from './segment/uncertainty.ts';
import type { ClassifierFiles } from './session-classifier.ts';
import type { SessionClustering } from './session-clustering.ts';
import type { SessionEditing } from './session-editing.ts';
import type { SessionGuidance } from './session-guidance.ts';
import type { SessionProject } from './session-live-project.ts';
import type { SessionObjects } from './session-objects.ts';
import type { ProjectMemory } from './session-project-memory.ts';
import type { RegionOfInterest } from './session-region.ts';
import type { SessionReview } from './session-review.ts';
import type { Scribbles } from './session-scribbles.ts';
import type { SessionSimilarity } from './session-similarity.ts';
import type { Signer } from './stores/signer.ts';
import type { Source, WriteStore } from './stores/store.ts';

/** Where the encoder stands; the image can be looked at in every state. */
export type EncoderStatus =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading'; readonly bytes: number; readonly totalBytes: number }
  | { readonly kind: 'testing' }
  | {
      readonly kind: 'ready';
      readonly provider: ExecutionProvider;
      readonly report: ProviderReport;
      /** Median milliseconds a window. */
      readonly windowMs: number;
    }
  | { readonly kind: 'failed'; readonly error: AlibiError };

export type LayerKind =
  | 'pca'
  | 'similarity'
  | 'clusters'
  | 'classes'
  | 'uncertainty'
  | 'instances'
  | 'edited'
  | 'label';

/** One level a layer can be drawn from, on top of the image's pixels. */
export interface LayerLevel {
  /**
   * Canonical (t?, z?, y, x, …): uint8 […, c = 3] colours for `pca` and `similarity` (inside a
   * region c = 4: with opacity), integer ids for the others. Its
   * transform places it in the image's physical space.
   */
  readonly pixels: LazyArray;
  /** Level of the image it belongs to. */
  readonly imageLevel: number;
}

/** A derived layer: lazy arrays, what they were fitted with, and how they are shown at first. */
export interface Layer {
  readonly id: string;
  readonly name: string;
  readonly kind: LayerKind;
  /** Finest first; of two of one image level the first is the better, the second stands in until it is there. */
  readonly levels: readonly LayerLevel[];
  readonly fit: Fit | null;
  /** Colours of ids, 0 to 255; an id without one is drawn in a hashed colour, 0 never. */
  readonly colors: ReadonlyMap<number, readonly [number, number, number]>;
  /** Names of ids, where they have any. */
  readonly names: ReadonlyMap<number, string>;
  /** True for what the session made and can save; false for labels read from the image. */
  readonly derived: boolean;
  /** Strokes have changed since it was trained; the next training replaces it. Never shown as if it were current. */
  readonly outdated: boolean;
}

/** What is under way, for a progress bar. */
export interface Work {
  readonly id: string;
  /** In words: `Fitting colours`, `Saving labels/phases`. */
  readonly title: string;
  readonly progress: Progress | null;
  readonly cancel: () => void;
}

/** A place that gets `labels/NAME`. */
export interface SaveTarget {
  readonly store: WriteStore;
  /** Group that gets it. */
  readonly path: string;
  /** In words, for people. */
  readonly location: string;
  /** Decides how large the stored objects are; default: a folder. */
  readonly place?: SavePlace;
}

export interface SaveOptions {
  readonly name: string;
  /** Default: the image's own store, where that can be written. */
  readonly target?: SaveTarget;
  /** Of OME-Zarr; default: the image's. */
  readonly version?: '0.4' | '0.5';
  /** Shards of many chunks (0.5); default: where they pay. */
  readonly sharded?: boolean;
  /** Default: zstd. */
  readonly compression?: 'blosc' | 'zstd' | 'none';
  readonly overwrite?: boolean;
  /** Go on with an interrupted save of the same work; with `overwrite` one of other work is thrown away. */
  readonly resume?: boolean;
  /** Keep what is replaced until `replaced` in the result is told what to do. */
  readonly keepReplaced?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Holds the save up while it is paused (`createPause`). */
  readonly pause?: Pause;
}

/** What a save would do, told before it does. */
export interface SaveForecast extends SavePlan {
  /** Where the label image would lie. */
  readonly location: string;
  /** A label image of that name is there. */
  readonly taken: boolean;
  /** An interrupted save of that name is there. */
  readonly unfinished: { readonly started: string; readonly done: number; readonly total: number } | null;
}

export interface SaveResult extends MaterializeResult {
  /** Where the label image lies. */
  readonly location: string;
}

export interface SessionEvents {
  /** Layers, classes, strokes, encoder status, work, guidance, tables of objects or the project changed; read the session again. */
  change: CustomEvent<{
    readonly what: 'layers' | 'strokes' | 'classes' | 'encoder' | 'work' | 'guidance' | 'objects' | 'project';
  }>;
  error: CustomEvent<{ readonly error: AlibiError }>;
}

/** How a classifier learns; what is absent is the default. */
export interface Learning {
  /** Features; by default one token scale, so that painting stays quick. */
  readonly recipe?: RecipeChoice;
  readonly classifier?: ClassifierChoice;
  /** `score`: also how it does on strokes left out; `choose`: let that decide. Default `none`. */
  readonly validation?: 'none' | 'score' | 'choose';
}

export interface TrainOptions extends Learning {
  readonly level?: number | 'auto';
  readonly signal?: AbortSignal;
}

export interface SuggestPlacesOptions {
  readonly count: number;
  /** Chunks of 256 × 256 pixels looked at, at most. Default 64. */
  readonly chunkLimit?: number;
  /** Places that need no look, in pixels of the finest level: they are left out. */
  readonly isSettled?: (place: Pick<Suggestion, 't' | 'z' | 'y' | 'x'>) => boolean;
  /** A better list each time. */
  readonly onList?: (list: readonly Suggestion[]) => void;
  readonly signal?: AbortSignal;
}

/** One image with one encoder: owns the graph, the worker and every lifetime. */
export interface Session extends EventTarget {
  readonly image: OmeImage;
  readonly encoder: EncoderStatus;
  readonly layers: readonly Layer[];
  readonly classes: readonly ClassSpec[];
  readonly strokes: readonly Stroke[];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly work: readonly Work[];
  /** Windows of one slice of each level, to say how long the rest takes; `[]` until the encoder is ready. */
  readonly windowsPerLevel: readonly number[];

  pca(options?: { readonly signal?: AbortSignal }): Promise<Layer>;
  clusters(options: {
    readonly k: number;
    readonly level?: number;
    readonly seed?: number;
    readonly signal?: AbortSignal;
  }): Promise<Layer>;
  /** Clusters merged, renamed, and turned into strokes. */
  readonly clustering: SessionClustering;
  /** What is like places that are pointed at. */
  readonly similarity: SessionSimilarity;
  /** An existing label image of the OME-Zarr as a layer. */
  openLabel(name: string, options?: { readonly signal?: AbortSignal }): Promise<Layer>;
  removeLayer(id: string): void;

  addClass(spec: ClassSpec): number;
  updateClass(index: number, spec: Partial<ClassSpec>): void;
  /** Removes the class and its strokes. */
  removeClass(index: number): void;
  /** Filling, picking, interpolation between slices, import and export of strokes. */
  readonly scribbles: Scribbles;
  /** Where strokes count and labels are made; null is everywhere. */
  readonly region: RegionOfInterest | null;
  /** Learn and label inside a region only: an area, or where a label image of the image is not 0. Retrains. */
  setRegion(region: RegionOfInterest | null, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Adds a stroke and retrains soon after (debounced); never shows a stale result. */
  stroke(stroke: Omit<Stroke, 'id'>): void;
  undo(): void;
  redo(): void;
  clearStrokes(): void;
  /**
   * Train now. `null` where fewer than two classes have strokes. What is given is kept for later trainings; the level
   * `auto` goes back to the finest that the device does within a minute. The linear model's segmentation is shown first,
   * and the better one takes its place tile by tile.
   */
  train(options?: TrainOptions): Promise<Layer | null>;
  /** How trainings are done, as given to {@link train} so far. */
  readonly learning: Learning;
  /** Where the classifier is unsure, kept in step with it. */
  readonly guidance: SessionGuidance;
  /** Objects of label layers, and their measurements. */
  readonly objects: SessionObjects;
  /** Labels edited by hand. */
  readonly editing: SessionEditing;
  /** What the segmentation was made with, to be saved (`writeClassifier`); null before the first training. */
  readonly classifier: OpenedClassifier | null;
  /** The same as files. @throws AlibiError InvalidInput  there is no classifier of the present strokes */
  exportClassifier(): ClassifierFiles;
  /**
   * Segment with a classifier of a file, and take its classes over. Strokes painted then train a new one.
   *
   * @param text  of the JSON
   * @throws AlibiError InvalidInput  it is none, or does not fit the checkpoint, the image's channels or pixel size, or the strokes
   */
  importClassifier(
    text: string,
    options: { readonly where: string; readonly signal?: AbortSignal },
  ): Promise<Layer>;
  /** A project with this image and its strokes, which is not opened; null begins one. @throws AlibiError InvalidInput  fewer than two classes */
  addToProject(project: Project | null): Project;
  /** Slices whose segmentation was found right; nothing there is suggested to label next. */
  readonly review: SessionReview;
  /** The project that is open, from whose images the classifier learns. */
  readonly project: SessionProject;
  /**
   * Take a project's classes over, and its strokes on this image, and learn from all of its images.
   *
   * @returns  strokes brought; null where the project lacks the image
   * @throws AlibiError InvalidInput  there are strokes of other classes
   */
  openProject(project: Project): number | null;
  /**
   * How unsure the classifier is of each pixel, as a layer: ids 0 (sure) to 255. It goes when strokes change.
   *
   * @throws AlibiError InvalidInput  there is no classifier of the present strokes
   */
  uncertainty(options?: { readonly kind?: UncertaintyKind; readonly signal?: AbortSignal }): Promise<Layer>;
  /**
   * "Label here next": places in pixels of the finest level, what would tell most first, those near strokes last.
   *
   * @throws AlibiError InvalidInput  there is no classifier of the present strokes
   */
  suggest(options: SuggestPlacesOptions): Promise<readonly Suggestion[]>;

  save(layer: Layer, options: SaveOptions): Promise<SaveResult>;
  /** What {@link save} would write, and what it would find there. */
  forecast(layer: Layer, options: SaveOptions): Promise<SaveForecast>;
  /** Give a label image of ours another name; the old chunks stay until the answer's `remove`. */
  renameLabel(name: string, to: string): Promise<Replaced>;
  /** Take a label image of ours off the list; its chunks stay until the answer's `remove`. */
  deleteLabel(name: string): Promise<Replaced>;
  close(): Promise<void>;

  addEventListener<K extends keyof SessionEvents>(
    type: K,
    listener: (event: SessionEvents[K]) => void,
    options?: AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener<K extends keyof SessionEvents>(
    type: K,
    listener: (event: SessionEvents[K]) => void,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions | boolean,
  ): void;
}

export interface OpenSessionOptions {
  readonly source: Source;
  /** URL of a manifest.json; absent: the image can be looked at, nothing is computed. */
  readonly model?: string | URL;
  /** Only the model's graphs of this precision; default: the one that suits the device. */
  readonly precision?: Precision | undefined;
  readonly channels?: readonly number[] | undefined;
  /** Asked before every request to the image's server for what makes it accept that request. */
  readonly sign?: Signer;
  /**
   * Where labels of an image lie that cannot be written to: they are shown as if they lay inside it, and saved there unless
   * another target is given.
   */
  readonly sidecar?: (image: OmeImage) => Promise<SaveTarget | undefined>;
  /** What the images of a project have taught earlier sessions; default: nothing. */
  readonly memory?: ProjectMemory;
  readonly signal?: AbortSignal;
}
