import { fitId } from './array/fit.ts';
import { AlibiError, asAlibiError, isAbort } from './errors.ts';
import { defaultNormalisation } from './ome/normalisation.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { withImageCache } from './pipeline/image-cache.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { sizeUm } from './segment/feature-source.ts';
import type { Place } from './segment/match-pixel-size.ts';
import type { Samples } from './segment/samples.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import { type SessionFits, defaultSeed as seed, untilAborted } from './session-fits.ts';
import { allSlices } from './session-image.ts';
import { askedFeatures } from './session-project.ts';
import type { Entry, ProjectImages } from './session-project-images.ts';
import type { ProjectMemory } from './session-project-memory.ts';
import { type CommonView, countingStrokes, placeOf, samplesOf, viewOf } from './session-project-samples.ts';
import type { OpenedRegion } from './session-region.ts';
import type { Learning } from './session-types.ts';
import type { RunTask, Task } from './session-work.ts';
import type { Signer } from './stores/signer.ts';

export interface GatheringContext {
  readonly image: () => OmeImage;
  readonly images: ProjectImages;
  readonly classes: () => readonly ClassSpec[];
  readonly region: () => OpenedRegion | null;
  readonly fits: SessionFits;
  readonly memory: ProjectMemory;
  readonly sign: Signer | undefined;
  readonly run: RunTask;
  readonly changed: () => void;
}

/** How it is learned: what decides of the view. */
export interface GatherOptions {
  readonly learning: Learning;
  /** Of the image on show; absent: nobody chose one. */
  readonly level: number | 'auto' | undefined;
}

/** What a classifier learns from. */
export interface Gathered {
  readonly view: CommonView;
  /** Where the view fits the image on show. */
  readonly place: Place;
  readonly samples: readonly Samples[];
  /** The images, in the order of their samples. */
  readonly images: readonly {
    readonly source: string;
    readonly strokes: readonly Stroke[];
    readonly isOnShow: boolean;
  }[];
}

interface Part {
  readonly view: CommonView;
  readonly samples: Samples;
  readonly strokes: readonly Stroke[];
}

/** What is asked of another image while it is read. */
interface Reading {
  /** The view of an earlier image; undefined: this one is the first. */
  readonly given: CommonView | undefined;
  readonly viewed: string;
  readonly stroked: string;
  readonly abort: AbortController;
  readonly part: Promise<Part>;
}

type Work = Parameters<Task<unknown>>[0];

/**
 * Gathers samples of all images of a project. Those of another image are read once, whoever waits for them, and kept; one that
 * cannot be read is announced once and left out until somebody asks for it again.
 */
export class Gathering {
  readonly #context: GatheringContext;
  readonly #reading = new Map<string, Reading>();
  #learned: readonly string[] = [];
  readonly #leftOut = new Map<string, AlibiError | null>();

  constructor(context: GatheringContext) {
    this.#context = context;
  }

  /** Why an image is left out, null where its reading was cancelled; undefined where it is not. */
  leftOut(source: string): AlibiError | null | undefined {
    return this.#leftOut.get(source);
  }

  /** Whether the last classifier was to learn from an image. */
  isLearned(source: string): boolean {
    return this.#learned.includes(source);
  }

  /** Try again what was left out. */
  forgive(): void {
    this.#leftOut.clear();
  }

  /** @returns  null where no painted image can be read */
  async gather(pipeline: Pipeline, options: GatherOptions, work: Work): Promise<Gathered | null> {
    const { images, image, changed } = this.#context;
    const parts: (Part & Pick<Entry, 'source' | 'isOnShow'>)[] = [];
    for (const entry of images.painted) {
      const view = parts[0]?.view;
      const part = entry.isOnShow
        ? await this.#own(pipeline, entry, view, options, work)
        : await this.#other(pipeline, entry, view, options, work);
      const { source, isOnShow } = entry;
      if (part !== null) parts.push({ ...part, source, isOnShow });
    }
    this.#learned = parts.map(({ source }) => source);
    changed();
    const [first] = parts;
    if (first === undefined) return null;
    const { view, isOnShow } = first;
    const place = isOnShow
      ? { level: view.level }
      : placeOf({ image: image(), level: asked(options.level) }, view);
    return { view, place, samples: parts.map(({ samples }) => samples), images: parts };
  }

  async #own(
    pipeline: Pipeline,
    entry: Entry,
    given: CommonView | undefined,
    { learning, level: wanted }: GatherOptions,
    work: Work,
  ): Promise<Part> {
    const { image, images, region, fits, memory, classes } = this.#context;
    const chosen = asked(wanted ?? entry.level);
    const level = given === undefined ? (chosen ?? (await fits.defaultLevel(pipeline, work))) : chosen;
    const { normalisation } = pipeline;
    const first = { level: level ?? 0, channels: [...normalisation.channels] };
    images.see(given === undefined ? first : { level });
    const key = viewKey({ ...entry, ...first }, learning, pipeline);
    const view = given ??
      memory.view(key) ?? {
        recipe: await fits.recipe(pipeline, first.level, learning.recipe ?? {}, work),
        ...{ level: first.level, pixelSizeUm: sizeUm(image().pixels[first.level]!), normalisation },
      };
    if (given === undefined) memory.keepView(key, view);
    const strokes = (await region()?.strokes(entry.strokes, work.signal)) ?? entry.strokes;
    const stroked = await strokesKey(entry, level);
    const place = given === undefined ? { level: first.level } : placeOf({ image: image(), level }, view);
    const samples =
      memory.samples(entry.source, view, stroked) ??
      (await samplesOf(pipeline, view, { classes: classes().length, strokes, place, seed, ...work }));
    memory.keepSamples(entry.source, view, stroked, samples);
    return { view, samples, strokes };
  }

  async #other(
    pipeline: Pipeline,
    entry: Entry,
    given: CommonView | undefined,
    { learning }: GatherOptions,
    { signal }: Work,
  ): Promise<Part | null> {
    const { source, strokes } = entry;
    const { memory } = this.#context;
    const viewed = viewKey(entry, learning, pipeline);
    const stroked = await strokesKey(entry, entry.level);
    const view = given ?? memory.view(viewed);
    const kept = view && memory.samples(source, view, stroked);
    if (view !== undefined && kept !== undefined) return { view, samples: kept, strokes };
    if (this.#leftOut.has(source)) return null;
    let reading = this.#reading.get(source);
    if (reading?.given !== given || reading?.viewed !== viewed || reading.stroked !== stroked) {
      reading?.abort.abort();
      const abort = new AbortController();
      const part = this.#read(pipeline, entry, { given, viewed, stroked, learning }, abort.signal);
      reading = { given, viewed, stroked, abort, part };
      this.#reading.set(source, reading);
    }
    try {
      return await untilAborted(reading.part, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }

  /** Goes on for whoever waits next when a stroke ends the training that it was begun for. */
  async #read(
    pipeline: Pipeline,
    entry: Entry,
    asked: Pick<Reading, 'given' | 'viewed' | 'stroked'> & Pick<GatherOptions, 'learning'>,
    superseded: AbortSignal,
  ): Promise<Part> {
    const { run, changed } = this.#context;
    const { source } = entry;
    try {
      const title = `Learning from ${nameOf(source)}`;
      return await run(title, superseded, (work) => this.#samplesOfOther(pipeline, entry, asked, work));
    } catch (error) {
      if (!superseded.aborted) {
        this.#leftOut.set(source, isAbort(error) ? null : causeOf(asAlibiError(error, source)));
        changed();
      }
      throw error;
    } finally {
      if (this.#reading.get(source)?.stroked === asked.stroked) this.#reading.delete(source);
    }
  }

  async #samplesOfOther(
    pipeline: Pipeline,
    entry: Entry,
    {
      given,
      viewed,
      stroked,
      learning,
    }: Pick<Reading, 'given' | 'viewed' | 'stroked'> & Pick<GatherOptions, 'learning'>,
    work: Work,
  ): Promise<Part> {
    const { memory, sign, classes } = this.#context;
    const { source, level } = entry;
    const { signal } = work;
    let beside: Pipeline | null = null;
    try {
      const image = withImageCache(await memory.open(source, { signal, sign }));
      const normalisation =
        given?.normalisation ?? (await defaultNormalisation(image, entry.channels, { signal }));
      beside = await pipeline.beside({ pixels: image.pixels, normalisation });
      const looked = { image, pipeline: beside, slices: allSlices(image), level };
      const view =
        given ?? memory.view(viewed) ?? (await viewOf(looked, askedFeatures(learning), { seed, ...work }));
      const place = given === undefined ? { level: view.level } : placeOf(looked, view);
      const strokes = await countingStrokes(entry, image, work);
      const options = { classes: classes().length, strokes, place, seed, ...work };
      const samples = await samplesOf(beside, view, options);
      if (given === undefined) memory.keepView(viewed, view);
      memory.keepSamples(source, view, stroked, samples);
      return { view, samples, strokes };
    } catch (error) {
      if (isAbort(error)) throw error;
      throw leavingOut(asAlibiError(error, source), source);
    } finally {
      await beside?.close();
    }
  }
}

function asked(level: number | 'auto' | undefined): number | undefined {
  return level === 'auto' ? undefined : level;
}

/** What decides of the first image's view. */
function viewKey(
  { source, level, channels }: Pick<Entry, 'source' | 'level' | 'channels'>,
  learning: Learning,
  { model }: Pick<Pipeline, 'model'>,
): string {
  return JSON.stringify([source, level, channels, askedFeatures(learning), model.sha256]);
}

/** What, beside the view, decides of an image's samples; strokes are numbered anew in every session. */
function strokesKey({ strokes, region }: Entry, level: number | undefined): Promise<string> {
  return fitId({ level, region, strokes: strokes.map(({ id: _, ...stroke }) => stroke) });
}

/** The last part of an address or a path. */
function nameOf(source: string): string {
  return source.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');
}

/** What is announced of an image that is left out. */
function leavingOut(cause: AlibiError, source: string): AlibiError {
  const { tag, what, remedy } = cause;
  return new AlibiError(tag, {
    what: `the classifier does not learn from an image of the project: ${what}`,
    cause,
    where: source,
    remedy: `${remedy} It learns from the other images until you try this one again in the project's list.`,
  });
}

/** What an image is left out for. */
function causeOf(error: AlibiError): AlibiError {
  return error.cause instanceof AlibiError ? error.cause : error;
}
