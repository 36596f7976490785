import type { Project } from 'alibi-zarr-schemas';
import { fitId } from './array/fit.ts';
import type { OmeImage } from './ome/ome-image.ts';
import { fitSharedBasis } from './pipeline/fit-recipe.ts';
import type { Pipeline, Slices, WorkOptions } from './pipeline/pipeline.ts';
import { defaultWindows, sampleLevel } from './pipeline/sample.ts';
import { sizeUm } from './segment/feature-source.ts';
import { matchPixelSize, type Place } from './segment/match-pixel-size.ts';
import type { RecipeChoice } from './segment/recipe.ts';
import { defaultPixelsPerClass, type Samples } from './segment/samples.ts';
import type { FitClassifierOptions } from './segment/train.ts';
import type { ClassifierFit, Stroke } from './segment/types.ts';
import { openRegion, type RegionOfInterest } from './session-region.ts';

type ProjectImage = Project['images'][number];

/** An image of a project, as a file has it or as it is on show. */
export interface ProjectEntry extends Omit<ProjectImage, 'strokes' | 'region'> {
  readonly strokes: readonly Stroke[];
  readonly region?: RegionOfInterest;
}

/** Features as a project's file names them. */
export type AskedFeatures = RecipeChoice & {
  /** Tokens of the level itself are reduced with the basis of the first image's colours. */
  readonly sharedBasis?: boolean;
};

/**
 * What all images of a classifier are looked at with: what is the first one's (docs/decisions/0023). Plain data, frozen: where
 * another image is the first, or other features are asked for, another one is made.
 */
export type CommonView = Pick<ClassifierFit, 'recipe' | 'level' | 'pixelSizeUm' | 'normalisation'>;

/** An image that is learned from, open. */
export interface LookedAt {
  readonly image: Pick<OmeImage, 'pixels'>;
  readonly pipeline: Pipeline;
  readonly slices: Slices;
  /** Where a person wants its features; absent: the finest of not too many windows, on later images by pixel size. */
  readonly level?: number | undefined;
}

/** What the first image makes of the features that are asked for. */
export async function viewOf(
  { image, pipeline, slices, level: asked }: LookedAt,
  { sharedBasis, ...choice }: AskedFeatures,
  { seed, ...work }: { readonly seed: number } & WorkOptions,
): Promise<CommonView> {
  const level = asked ?? sampleLevel((await pipeline.cost()).windows, defaultWindows);
  const basis = sharedBasis === true ? await fitSharedBasis(pipeline, slices, work) : choice.basis;
  const recipe = await pipeline.recipe({
    choice: { ...choice, ...(basis === undefined ? {} : { basis }) },
    ...{ place: { level }, seed, slices },
    ...work,
  });
  const { normalisation } = pipeline;
  return { recipe, level, pixelSizeUm: sizeUm(image.pixels[level]!), normalisation };
}

/** Where the view fits a later image. @throws AlibiError InvalidInput  its pixels do not fit */
export function placeOf({ image, level }: Pick<LookedAt, 'image' | 'level'>, view: CommonView): Place {
  return matchPixelSize(image.pixels, view, level);
}

/** Features of an image's painted pixels as the view has them. */
export function samplesOf(
  pipeline: Pick<Pipeline, 'samples'>,
  view: CommonView,
  options: {
    readonly classes: number;
    readonly strokes: readonly Stroke[];
    readonly place: Place;
    readonly seed: number;
  } & WorkOptions,
): Promise<Samples> {
  const { recipe, normalisation } = view;
  return pipeline.samples({ ...options, recipe, normalisation });
}

/** The strokes of an image that count: those inside its region, where it has one. */
export async function countingStrokes(
  { strokes, region }: Pick<ProjectEntry, 'strokes' | 'region'>,
  image: OmeImage,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<readonly Stroke[]> {
  if (region === undefined) return strokes;
  const { signal } = options;
  return (await openRegion(region, image, signal ? { signal } : {})).strokes(strokes, signal);
}

/** Learn from the strokes of one image. */
export async function learnFromOne(
  pipeline: Pick<Pipeline, 'samples' | 'fitClassifier'>,
  view: CommonView,
  { strokes, ...options }: { readonly strokes: readonly Stroke[] } & LearnOptions,
): Promise<ClassifierFit> {
  const { classes, seed, signal, onProgress } = options;
  const work = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
  const place = { level: view.level };
  const samples = await samplesOf(pipeline, view, { classes: classes.length, strokes, place, seed, ...work });
  const source = await strokesSource(strokes);
  return pipeline.fitClassifier({ ...view, ...options, samples: [samples], source });
}

type LearnOptions = Pick<FitClassifierOptions, 'classes' | 'choice' | 'validation' | 'seed'> & WorkOptions;

/** What a fit from the strokes of one image tells of them; the same in the viewer and on the command line. */
export async function strokesSource(strokes: readonly Stroke[]) {
  return { strokes: await fitId(strokes), pixelsPerClass: defaultPixelsPerClass };
}
