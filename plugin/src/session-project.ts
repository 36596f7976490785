import { type Project, parseProject } from 'alibi-zarr-schemas';
import { AlibiError } from './errors.ts';
import { publicLocation } from './labels/provenance.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { paintingTokenScales } from './segment/recipe.ts';
import type { ClassSpec, Stroke } from './segment/types.ts';
import { parseJson } from './session-classifier.ts';
import type { Painting } from './session-painting.ts';
import type { AskedFeatures, ProjectEntry } from './session-project-samples.ts';
import type { RegionOfInterest } from './session-region.ts';
import type { Learning } from './session-types.ts';

type ProjectImage = Project['images'][number];

const format = 'alibi-zarr/project/2';

/** What of a session goes into a project. */
export interface ProjectPart {
  readonly learning?: Learning;
  readonly region?: RegionOfInterest | null;
  readonly image: OmeImage;
  readonly classes: readonly ClassSpec[];
  readonly strokes: readonly Stroke[];
  /** What the transformer sees; absent: the image's default. */
  readonly channels?: readonly number[] | undefined;
  /** Where features are computed; absent: the default. */
  readonly level?: number | undefined;
}

/**
 * A project from the text of its file: `schemas/src/project.schema.json`.
 *
 * @throws AlibiError InvalidInput  it is none, or a stroke names a class it does not have
 */
export function readProject(text: string, where: string): Project {
  return asProject(parseJson(text, where), where);
}

/** The same from a parsed file. @throws AlibiError InvalidInput */
export function asProject(value: unknown, where: string): Project {
  const parsed = parseProject(value);
  if (!parsed.ok) {
    throw refuse(`it is no project: ${parsed.path || '/'} ${parsed.message}`, where);
  }
  const { classes, images } = parsed.value;
  for (const { source, strokes } of images) {
    const stray = strokes.find(({ classIndex }) => classIndex !== null && classIndex >= classes.length);
    if (stray !== undefined) {
      throw refuse(`a stroke on ${source} names class ${stray.classIndex} of ${classes.length}`, where);
    }
  }
  return { ...parsed.value, format };
}

/**
 * A project with an image and its strokes: the image's earlier entry is replaced, classes are matched by name and new ones
 * added. A classifier that the project names has not learned from these strokes and is left out.
 *
 * @throws AlibiError InvalidInput  fewer than two classes
 */
export function withImage(project: Project | null, part: ProjectPart): Project {
  const classes = [...(project?.classes ?? [])];
  const positions = part.classes.map((spec) => {
    const known = classes.findIndex(({ name }) => name === spec.name);
    return known === -1 ? classes.push({ ...spec }) - 1 : known;
  });
  if (classes.length < 2) throw refuse('a project needs two classes', 'project');
  const entry: ProjectImage = {
    source: publicLocation(part.image.location),
    strokes: part.strokes.map((stroke) => plainStroke(stroke, positions)),
    ...(part.channels === undefined ? {} : { channels: [...part.channels] }),
    ...(part.level === undefined ? {} : { level: part.level }),
    ...(part.region ? { region: plain(part.region) } : {}),
  };
  const { classifier: _stale, images = [], ...rest } = project ?? { format };
  const at = images.findIndex((image) => isOf(image, part.image));
  const kept: ProjectImage = { ...entry, ...(at === -1 ? {} : { source: images[at]!.source }) };
  return {
    ...rest,
    format,
    classes,
    images: at === -1 ? [...images, kept] : images.toSpliced(at, 1, kept),
    ...(project === null ? learningOf(part.learning) : {}),
  };
}

/** The same of images whose strokes name the classes by their place in the list. */
export function projectOf({
  name,
  classes,
  images,
  learning,
}: {
  readonly name?: string;
  readonly classes: readonly ClassSpec[];
  readonly images: readonly ProjectEntry[];
  readonly learning: Learning;
}): Project {
  const positions = classes.map((_, index) => index);
  return {
    format,
    ...(name === undefined ? {} : { name }),
    classes: classes.map((spec) => ({ ...spec })),
    images: images.map(({ source, channels, level, region, reviewed, strokes }) => ({
      ...{ source, strokes: strokes.map((stroke) => plainStroke(stroke, positions)) },
      ...(channels === undefined ? {} : { channels: [...channels] }),
      ...(level === undefined ? {} : { level }),
      ...(region === undefined ? {} : { region: plain(region) }),
      ...(reviewed === undefined ? {} : { reviewed: plain(reviewed) }),
    })),
    ...learningOf(learning),
  };
}

/** A project as its file has it. */
export function projectText(project: Project): string {
  return `${JSON.stringify(project, null, 1)}\n`;
}

/** The entry of an image. */
export function imageIn(project: Project, image: OmeImage): ProjectImage | null {
  return project.images.find((entry) => isOf(entry, image)) ?? null;
}

/**
 * Take a project's classes over, and its strokes on the image where it has any; one step for undo.
 *
 * @returns  strokes brought; null where the image is not in the project
 * @throws AlibiError InvalidInput  there are strokes of other classes
 */
export function openInto(painting: Painting, project: Project, image: OmeImage): number | null {
  const names = (list: readonly ClassSpec[]) => list.map(({ name }) => name).join(', ');
  if (painting.strokes.length > 0 && names(painting.classes) !== names(project.classes)) {
    throw refuse(
      `its classes are ${names(project.classes)}, and there are strokes of ${names(painting.classes)}`,
      'project',
    );
  }
  painting.replaceClasses(project.classes);
  const entry = imageIn(project, image);
  if (entry === null) return null;
  painting.clear();
  painting.addAll(entry.strokes.map(({ id: _id, ...stroke }) => stroke));
  return entry.strokes.length;
}

/** Whether an entry is that of an image: by its address, or for paths by the name of its folder. */
export function isOf(
  { source }: Pick<ProjectImage, 'source'>,
  { location }: Pick<OmeImage, 'location'>,
): boolean {
  const address = publicLocation(location);
  if (source === address) return true;
  if (/^https?:/i.test(source)) return false;
  return lastPart(source) === lastPart(address);
}

function lastPart(path: string): string {
  return path.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '');
}

function plainStroke(
  { rings, points, classIndex, ...stroke }: Stroke,
  positions: readonly number[],
): ProjectImage['strokes'][number] {
  return {
    ...stroke,
    classIndex: classIndex === null ? null : positions[classIndex]!,
    points: [...points],
    ...(rings === undefined ? {} : { rings: rings.map((ring) => [...ring]) }),
  };
}

/** What the session was told of features and learner. */
function learningOf(learning: Learning = {}): Pick<Project, 'recipe' | 'learning'> {
  return plain({ recipe: askedFeatures(learning), learning: learning.classifier ?? {} });
}

/** The features that a session learns from, in full: what it leaves out would be the command line's default. */
export function askedFeatures({ recipe = {} }: Learning): AskedFeatures {
  const { basis: _fitted, ...choice } = recipe;
  return {
    tokenScales: paintingTokenScales,
    ...choice,
    ...(choice.components === undefined ? { sharedBasis: true } : {}),
  };
}

/** Plain data of the same shape: JSON drops what is read-only about it, and what is undefined. */
function plain<T>(value: T): Mutable<T> {
  return JSON.parse(JSON.stringify(value));
}

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

function refuse(what: string, where: string): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give a project that alibi-zarr wrote, with the classes in use.',
  });
}
