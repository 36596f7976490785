import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { LabelProvenance, Project } from 'alibi-zarr-schemas';
import { sha256 } from '../array/fit.ts';
import type { LabelType, LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { openNode } from '../ome/open-node.ts';
import { matchPixelSize, type Place } from '../segment/match-pixel-size.ts';
import type { OpenedClassifier } from '../segment/portable.ts';
import type { Samples } from '../segment/samples.ts';
import type { ClassSpec, Stroke } from '../segment/types.ts';
import { formatHexColor, paletteColor } from '../session-colors.ts';
import { asProject } from '../session-project.ts';
import {
  type CommonView,
  countingStrokes,
  learnFromOne,
  placeOf,
  samplesOf,
  viewOf,
} from '../session-project-samples.ts';
import { openClassifierFile, readJsonFile } from './classifier-file.ts';
import { type Flags, invalid } from './flags.ts';
import type { Io } from './io.ts';
import { type Learning, learningOf } from './learning-flags.ts';
import type { ModelKeeper } from './model-keeper.ts';
import { openLocation } from './open-location.ts';
import { type Work, workOn } from './open-work.ts';
import { progressBar } from './progress-bar.ts';
import { openScribbles } from './scribble-source.ts';

type Method = NonNullable<LabelProvenance['method']>;

/** A classifier ready to be applied, and how it came about. */
export interface Classification {
  readonly classifier: OpenedClassifier;
  readonly place: Place;
  readonly method: Method;
  /** What it learned from, where that lies on this image and is small enough to be told. */
  readonly strokes: readonly Stroke[];
}

/** Strokes told in the provenance at most; more are told by the file they come from. */
const toldStrokes = 2000;

/** Classes called as a person says, or by number. */
export function namedClasses(
  names: readonly string[] | undefined,
  count: number,
  command: string,
): ClassSpec[] {
  if (names !== undefined && names.length < count) {
    throw invalid(
      `--classes names ${names.length} classes and ${count} are painted`,
      { name: command },
      'Name every class, in the order of their numbers.',
    );
  }
  return Array.from({ length: Math.max(count, names?.length ?? 0) }, (_, index) => ({
    name: names?.[index] ?? `Class ${index + 1}`,
    color: formatHexColor(paletteColor(index + 1)),
  }));
}

/** `--classes a,b,c`; undefined where it is not given. */
export function classNames(flags: Flags, command: string): string[] | undefined {
  const names = flags
    .text('classes')
    ?.split(',')
    .map((name) => name.trim());
  if (names !== undefined && (names.some((name) => name === '') || new Set(names).size < names.length)) {
    throw invalid(
      `--classes is "${flags.text('classes')}"`,
      { name: command },
      'Give different names, joined by commas.',
    );
  }
  return names;
}

/** Learn from strokes on the work's image. */
export async function learn(
  work: Work,
  {
    classes,
    strokes,
    learning,
    place,
  }: {
    readonly classes: readonly ClassSpec[];
    readonly strokes: readonly Stroke[];
    readonly learning: Learning;
    readonly place: Place;
  },
  io: Io,
): Promise<OpenedClassifier> {
  const { pipeline, seed, slices } = work;
  const bar = progressBar(io, 'Learning');
  const options = {
    signal: io.signal,
    onProgress: (progress: Parameters<typeof bar.update>[0]) => bar.update(progress),
  };
  const looked = { image: work.image, pipeline, slices, level: place.level };
  const view = await viewOf(looked, learning.recipe, { seed, ...options });
  const fit = await learnFromOne(pipeline, view, {
    ...{ classes, strokes, choice: learning.classifier, validation: learning.validation, seed },
    ...options,
  });
  bar.end();
  return { fit, model: modelOf(view, pipeline) };
}

/** The checkpoint that a classifier needs; null where it reads no tokens. */
function modelOf({ recipe }: CommonView, { model }: Work['pipeline']): OpenedClassifier['model'] {
  return recipe.tokens.length === 0 ? null : model;
}

/** `--scribbles`: learn from what is painted on the work's image. */
export async function learnScribbles(
  work: Work,
  flags: Flags,
  command: string,
  mask: LazyArray<LabelType> | undefined,
  io: Io,
): Promise<Classification> {
  const text = flags.text('scribbles')!;
  const slice = scribbleSlice(flags, work);
  const names = classNames(flags, command);
  const { strokes, classes: own } = await openScribbles(text, work.image, { slices: slice, names, mask }, io);
  const count = strokes.reduce((most, { classIndex }) => Math.max(most, (classIndex ?? -1) + 1), 0);
  const classes = own ?? namedClasses(names, count, command);
  const learning = learningOf(flags, command);
  const place = { level: work.askedLevel ?? work.level };
  const classifier = await learn(work, { classes, strokes, learning, place }, io);
  const asked = { ...askedOf(learning), seed: work.seed, classes: classes.map((spec) => ({ ...spec })) };
  const told = strokes.length <= toldStrokes;
  const isOneSlice = slice.z.length === 1 && slice.t.length === 1;
  return {
    classifier,
    place,
    strokes: told ? strokes : [],
    method: told
      ? { kind: 'strokes', ...asked }
      : {
          kind: 'scribbles',
          ...asked,
          location: locationOf(text, work),
          ...(isOneSlice ? { slice: { z: slice.z[0]!, t: slice.t[0]! } } : {}),
        },
  };
}

/** What was asked for, as the provenance tells it. */
function askedOf({
  recipe,
  classifier,
  validation,
}: Learning): Pick<Extract<Method, { kind: 'strokes' }>, 'recipe' | 'classifier' | 'validation'> {
  const { basis: _fitted, ...choice } = recipe;
  // Plain data of the same shape; JSON drops what is read-only about it.
  return JSON.parse(JSON.stringify({ recipe: choice, classifier, validation }));
}

/** The slice a single picture belongs to: the one named, or the only one there is or is asked for. */
function scribbleSlice(flags: Flags, { slices }: Work) {
  const along = (axis: 'z' | 't') => {
    const named = flags.integer(`scribbles-${axis}`, 0);
    return named === undefined ? slices[axis] : [named];
  };
  return { z: along('z'), t: along('t') };
}

/** Where labels lie, as somebody else finds them again: the name of the image's own, an address, an absolute path. */
export function locationOf(text: string, { image }: Pick<Work, 'image'>): string {
  if (image.labels.some(({ name }) => name === text) || /^https?:/i.test(text)) return text;
  return resolve(text);
}

/** `--classifier`: what is in the file. */
export async function applyFile(path: string, opened: OpenedClassifier, work: Work): Promise<Classification> {
  return {
    classifier: opened,
    place: matchPixelSize(work.image.pixels, opened.fit, work.askedLevel),
    method: { kind: 'classifier', location: resolve(path), sha256: await fileHash(path) },
    strokes: [],
  };
}

async function fileHash(path: string): Promise<string> {
  return sha256(new Uint8Array(await readFile(path)));
}

/** A project's file. */
export interface OpenedProject {
  readonly path: string;
  readonly project: Project;
  /** Its classifier, where it has one already. */
  readonly classifier: OpenedClassifier | null;
}

/** @throws AlibiError InvalidInput  it is no project */
export async function openProject(path: string): Promise<OpenedProject> {
  const project = asProject(await readJsonFile(path), path);
  const { classifier } = project;
  const opened = classifier === undefined ? null : await openClassifierFile(beside(path, classifier));
  return { path, project, classifier: opened };
}

/** A path that a file names, from where that file lies. */
export function beside(path: string, relative: string): string {
  return /^https?:/i.test(relative) || isAbsolute(relative) ? relative : join(dirname(path), relative);
}

/**
 * `--project`: its classifier, or one that learns from the strokes on all its images.
 *
 * @param models  keeps the checkpoint for all of them
 * @throws AlibiError InvalidInput  images of other pixel sizes than the first, or of other channels
 */
export async function learnProject(
  { path, project, classifier }: OpenedProject,
  work: Work,
  context: {
    readonly flags: Flags;
    readonly command: string;
    readonly models: ModelKeeper;
    /** Instead of the flag's. */
    readonly validation?: Learning['validation'];
  },
  io: Io,
): Promise<Classification> {
  const learning: Learning = {
    recipe: { ...project.recipe },
    classifier: { ...project.learning },
    validation: context.validation ?? learningOf(context.flags, context.command).validation,
  };
  const method: Method = {
    kind: 'project',
    location: resolve(path),
    sha256: await fileHash(path),
    ...askedOf(learning),
    seed: work.seed,
    classes: project.classes,
  };
  const learned = classifier ?? (await learnFromImages({ path, project }, learning, work, context, io));
  return {
    classifier: learned,
    place: matchPixelSize(work.image.pixels, learned.fit, work.askedLevel),
    method,
    strokes: [],
  };
}

async function learnFromImages(
  { path, project }: Pick<OpenedProject, 'path' | 'project'>,
  learning: Learning,
  { pipeline, seed }: Pick<Work, 'pipeline' | 'seed'>,
  { models, flags, command }: Pick<Parameters<typeof learnProject>[2], 'flags' | 'command' | 'models'>,
  io: Io,
): Promise<OpenedClassifier> {
  const painted = project.images.filter(({ strokes }) => strokes.length > 0);
  const samples: Samples[] = [];
  let view: CommonView | undefined;
  for (const { source, level, channels, ...entry } of painted) {
    const opened = await openLocation(beside(path, source), io.signal);
    try {
      const node = await openNode(opened, { signal: io.signal });
      if (node.kind !== 'image') throw notAnImage(source, path);
      const work = await workOn(
        { image: node.image, opened },
        onlyModel(flags, channels, view !== undefined),
        io,
        { command, models, ...(view === undefined ? {} : { normalisation: view.normalisation }) },
      );
      const looked = { ...work, level };
      const place = view === undefined ? null : placeOf(looked, view);
      view ??= await viewOf(looked, learning.recipe, { seed, signal: io.signal });
      const strokes = await countingStrokes(entry, work.image, io);
      samples.push(
        await samplesOf(work.pipeline, view, {
          ...{ classes: project.classes.length, strokes, place: place ?? { level: view.level } },
          ...{ seed, signal: io.signal },
        }),
      );
    } finally {
      await opened.close();
    }
  }
  if (view === undefined) {
    throw new AlibiError('InvalidInput', {
      what: 'none of its images has strokes, and it names no classifier',
      where: path,
      remedy: 'Paint on an image of the project.',
    });
  }
  const fit = await pipeline.fitClassifier({
    ...{ samples, ...view, classes: project.classes, seed },
    ...{ choice: learning.classifier, validation: learning.validation },
    source: { images: painted.map(({ source }) => source) },
    signal: io.signal,
  });
  return { fit, model: modelOf(view, pipeline) };
}

/** The flags of the images that are learned from: which model; their slices are all of theirs. */
function onlyModel(flags: Flags, channels: readonly number[] | undefined, fixed: boolean): Flags {
  const text = (name: string): string | undefined => {
    if (name === 'model') return flags.text('model');
    return name === 'channels' && !fixed ? channels?.join(',') : undefined;
  };
  return {
    argv: [],
    positionals: [],
    has: (name) => text(name) !== undefined,
    text,
    all: () => [],
    integer: (name, min) => (name === 'seed' ? flags.integer(name, min) : undefined),
    number: () => undefined,
  };
}

function notAnImage(source: string, path: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `"${source}" is no image`,
    where: path,
    remedy: 'List the images of a plate one by one.',
  });
}
