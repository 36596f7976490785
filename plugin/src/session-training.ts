import { sha256 } from './array/fit.ts';
import type { OmeImage } from './ome/ome-image.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { OpenedClassifier } from './segment/portable.ts';
import type { ClassifierFit, ClassSpec } from './segment/types.ts';
import { type ClassifierFiles, classifierFiles, importClassifier } from './session-classifier.ts';
import { parseHexColor } from './session-colors.ts';
import { defaultSeed as seed } from './session-fits.ts';
import type { Gathered } from './session-gathering.ts';
import type { Guidance } from './session-guidance.ts';
import { isClasses, type Layers } from './session-layers.ts';
import { classifierFacts, recipeFacts } from './session-learning.ts';
import type { LiveProject } from './session-live-project.ts';
import type { Objects } from './session-objects.ts';
import type { Painting } from './session-painting.ts';
import { projectText } from './session-project.ts';
import { strokesSource } from './session-project-samples.ts';
import type { ScoreLayers } from './session-scores.ts';
import type { Layer, Learning, TrainOptions } from './session-types.ts';
import type { RunTask, Task } from './session-work.ts';

export interface TrainingContext {
  readonly image: () => OmeImage;
  readonly painting: Painting;
  readonly layers: Layers;
  readonly scores: ScoreLayers;
  readonly project: LiveProject;
  readonly guidance: Guidance;
  readonly objects: Pick<Objects, 'isOfClasses'>;
  readonly ready: () => Promise<Pipeline>;
  readonly run: RunTask;
}

/** The classifier of the present strokes, or of a file, and the segmentation that is made with it. */
export class Training {
  readonly #context: TrainingContext;
  #learning: Learning = {};
  #classifier: OpenedClassifier | null = null;
  /** The classifier came from a file: it needs no strokes. */
  #isImported = false;
  #level: number | 'auto' | undefined;

  constructor(context: TrainingContext) {
    this.#context = context;
  }

  get learning(): Learning {
    return this.#learning;
  }
  get classifier(): OpenedClassifier | null {
    return this.#classifier;
  }

  /** How trainings are done from now on. */
  setLearning(learning: Learning): void {
    this.#learning = { ...this.#learning, ...learning };
  }

  /** Train now, with what is given from now on. */
  async train({ signal, level, ...learning }: TrainOptions): Promise<Layer | null> {
    if (level !== undefined) this.#level = level;
    if (Object.keys(learning).length > 0) this.setLearning(learning);
    const isOther = level !== undefined || learning.recipe !== undefined || learning.classifier !== undefined;
    if (isOther) this.outdated();
    else this.#context.guidance.outdated();
    const begun = this.#context.painting.begin();
    return this.again(signal ? AbortSignal.any([signal, begun]) : begun);
  }

  /** Train on the present strokes; null where they are of fewer than two classes, or on no image that can be read. */
  async again(signal: AbortSignal): Promise<Layer | null> {
    const { painting, project, layers, guidance, run } = this.#context;
    if (!project.parts.isTrainable) {
      // What was made with a classifier of a file is as good as before.
      if (this.#isImported) {
        layers.change(isClasses, (layer) => ({ ...layer, outdated: false }));
        guidance.trained();
      } else layers.dropKind('classes');
      return null;
    }
    this.#outdateObjects();
    const layer = await run('Training on strokes', signal, (work) => this.#learn(painting.classes, work));
    if (layer === null) layers.dropKind('classes');
    else guidance.trained();
    return layer;
  }

  /** Names and colours are the display's: nothing is learned anew. */
  showClasses(): void {
    const { layers, painting } = this.#context;
    layers.change(isClasses, (layer) => ({ ...layer, ...classDisplay(painting.classes) }));
  }

  /** Strokes have changed: nothing that was made of them is current. */
  outdated(): void {
    const { layers, guidance } = this.#context;
    // What was unsure is another matter now.
    layers.dropKind('uncertainty');
    guidance.outdated();
    this.#outdateObjects();
    layers.change(isClasses, (layer) => ({ ...layer, outdated: true }));
  }

  export(): ClassifierFiles {
    const { list } = this.#context.layers;
    const isOutdated = !list.some(({ kind, outdated }) => kind === 'classes' && !outdated);
    return classifierFiles(this.#classifier, { isOutdated });
  }

  import(
    text: string,
    { where, signal }: { readonly where: string; readonly signal?: AbortSignal },
  ): Promise<Layer> {
    const { image, painting, scores: layers, guidance, ready, run } = this.#context;
    return run(`Opening ${where}`, signal, async (work) => {
      const pipeline = await ready();
      const context = { image: image(), pipeline, painted: painting };
      const { opened, place, method } = await importClassifier(text, where, context);
      const { fit } = opened;
      const scores = await pipeline.classScores(fit, place);
      work.signal.throwIfAborted();
      painting.stop();
      painting.replaceClasses(fit.classes);
      this.#classifier = opened;
      this.#isImported = true;
      this.#outdateObjects();
      const layer = await layers.add(pipeline, {
        ...{ name: 'Segmentation', kind: 'classes', fit, ...classDisplay(fit.classes) },
        ...{ imageLevel: place.level, factor: place.factor, normalisation: fit.normalisation },
        ...{ scores, strokes: [], method },
      });
      guidance.trained();
      return layer;
    });
  }

  async #learn(classes: readonly ClassSpec[], work: Parameters<Task<unknown>>[0]): Promise<Layer | null> {
    const { project, scores: layers, ready } = this.#context;
    const { classifier: choice = {}, validation = 'none' } = this.#learning;
    const pipeline = await ready();
    const options = { learning: this.#learning, level: this.#level };
    const gathered = await project.gathering.gather(pipeline, options, work);
    if (gathered === null) return null;
    const { view, place, samples } = gathered;
    const { strokes, method, source } = await this.#origin(gathered, classes);
    const common = { samples, ...view, classes, source, seed, ...work };
    const show = async (fit: ClassifierFit, quicker: Layer['levels']): Promise<Layer> => {
      const scores = await pipeline.classScores(fit, place);
      work.signal.throwIfAborted();
      this.#classifier = { fit, model: view.recipe.tokens.length === 0 ? null : pipeline.model };
      this.#isImported = false;
      return layers.add(pipeline, {
        ...{ name: 'Segmentation', kind: 'classes', fit, ...classDisplay(classes) },
        ...{ imageLevel: place.level, factor: place.factor, normalisation: view.normalisation },
        ...{ scores, strokes, method, quicker },
      });
    };
    // The linear model answers at once; what takes its place, tile by tile, is better and slower.
    const quick = await pipeline.fitClassifier({ ...common, choice: { ...choice, kind: 'linear' } });
    const first = await show(quick, []);
    if (choice.kind === 'linear' && validation === 'none') return first;
    return show(await pipeline.fitClassifier({ ...common, choice, validation }), first.levels);
  }

  /** What a classifier comes from, so that it can be had again: strokes of the image on show, or a project. */
  async #origin({ images, view }: Gathered, classes: readonly ClassSpec[]) {
    const { recipe: features = {}, classifier = {}, validation = 'none' } = this.#learning;
    const asked = {
      seed,
      classes: classes.map((spec) => ({ ...spec })),
      recipe: recipeFacts(view.recipe, features),
      classifier: classifierFacts(classifier),
      validation,
    };
    const [only] = images;
    if (images.length === 1 && only?.isOnShow) {
      const { strokes } = only;
      return {
        strokes,
        source: await strokesSource(strokes),
        method: { kind: 'strokes' as const, ...asked },
      };
    }
    const { current } = this.#context.project;
    const text = new TextEncoder().encode(current === null ? '' : projectText(current));
    const file = { location: 'project.json', sha256: await sha256(text) };
    return {
      strokes: [],
      source: { images: images.map(({ source }) => source) },
      method: { kind: 'project' as const, ...file, ...asked },
    };
  }

  /** Objects of a segmentation that is about to be another one. */
  #outdateObjects(): void {
    const { layers, objects } = this.#context;
    layers.change(
      (layer) => objects.isOfClasses(layer) && !layer.outdated,
      (layer) => ({ ...layer, outdated: true }),
    );
  }
}

function classDisplay(classes: readonly ClassSpec[]): Pick<Layer, 'colors' | 'names'> {
  return {
    colors: new Map(classes.map((spec, index) => [index + 1, parseHexColor(spec.color)])),
    names: new Map(classes.map((spec, index) => [index + 1, spec.name])),
  };
}
