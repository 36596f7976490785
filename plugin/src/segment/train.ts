import { fitId } from '../array/fit.ts';
import type { Json } from '../array/json.ts';
import type { Normalisation } from '../encoder/encoder.ts';
import { type Chosen, chooseRecipe } from './choose.ts';
import { crossValidate } from './cross-validate.ts';
import { type ClassifierChoice, fitModels, forestSmoothingOf } from './fit-models.ts';
import { assertRecipe, type FeatureRecipe } from './recipe.ts';
import { defaultPixelsPerClass, paintedSamples, type SampleOptions, type Samples } from './samples.ts';
import type { ClassifierFit, ClassSpec } from './types.ts';

export interface FitClassifierOptions {
  readonly classes: readonly ClassSpec[];
  readonly recipe: FeatureRecipe;
  readonly choice?: ClassifierChoice;
  readonly level: number;
  readonly pixelSizeUm: ClassifierFit['pixelSizeUm'];
  readonly normalisation: Normalisation;
  readonly seed: number;
  /**
   * `none`: learn and be done. `score`: also tell how it does on strokes left out. `choose`: let that decide features, classifier and
   * regularisation. Default `none`.
   */
  readonly validation?: 'none' | 'score' | 'choose' | undefined;
  /** What else the fit came from. */
  readonly source?: Readonly<Record<string, Json>>;
  readonly signal?: AbortSignal;
}

/**
 * Learn a pixel classifier from samples. A class without samples keeps its id and is not predicted. Deterministic.
 *
 * @throws AlibiError InvalidInput  fewer than two classes have samples, a feature is not finite, or a bad recipe
 */
export async function fitClassifier(samples: Samples, options: FitClassifierOptions): Promise<ClassifierFit> {
  const { classes, seed, signal, validation = 'none' } = options;
  assertRecipe(options.recipe);
  const given = { recipe: options.recipe, choice: options.choice ?? {}, samples };
  const chosen = await validated(given, validation, { classes: classes.length, seed, signal });
  const { recipe, choice, heldOut } = chosen;
  const models = await fitModels(chosen.samples, recipe, {
    ...choice,
    classes: classes.length,
    seed,
    signal,
  });
  const smoothing = forestSmoothingOf(choice);
  const content = {
    kind: 'classifier' as const,
    classes,
    level: options.level,
    pixelSizeUm: options.pixelSizeUm,
    normalisation: options.normalisation,
    recipe,
    ...models,
    ...(smoothing === undefined ? {} : { forestSmoothing: smoothing }),
    smoothingPx: choice.smoothingPx ?? 0,
    // Samples that were made before a class was added know nothing of it.
    counts: classes.map((_, index) => samples.painted[index] ?? 0),
    heldOut:
      heldOut === null
        ? null
        : {
            meanIou: heldOut.meanIou,
            balancedAccuracy: heldOut.balancedAccuracy,
            confusion: heldOut.confusion,
            folds: heldOut.folds,
          },
    source: {
      ...options.source,
      classifier: {
        ...choice,
        ...(choice.classWeights === undefined ? {} : { classWeights: weightsJson(choice) }),
      },
      bases: recipe.tokens.map(({ pca }) => pca.id),
      validation,
      seed,
      ...(chosen.tried.length === 0 ? {} : { tried: chosen.tried.map((entry) => ({ ...entry })) }),
    },
  };
  return { ...content, id: await fitId(content) };
}

function weightsJson({ classWeights }: ClassifierChoice): Json {
  return typeof classWeights === 'string' ? classWeights : [...(classWeights ?? [])];
}

async function validated(
  given: Pick<Chosen, 'recipe' | 'choice' | 'samples'>,
  validation: NonNullable<FitClassifierOptions['validation']>,
  options: { readonly classes: number; readonly seed: number; readonly signal: AbortSignal | undefined },
): Promise<Chosen> {
  const { samples, recipe, choice } = given;
  if (validation === 'none') return { ...given, heldOut: null, tried: [] };
  if (validation === 'choose') return chooseRecipe(samples, recipe, choice, options);
  return { ...given, heldOut: await crossValidate(samples, recipe, choice, options), tried: [] };
}

export type TrainOptions = Omit<SampleOptions, 'classes' | 'recipe' | 'normalisation'> & FitClassifierOptions;

/**
 * Train the pixel classifier on a person's strokes. Reads tokens and pixels near strokes only.
 *
 * @throws AlibiError InvalidInput  fewer than two classes are painted on this level, a stroke names a class
 *                                  that is not in the list, a feature is not finite, or a bad recipe
 */
export async function trainClassifier(options: TrainOptions): Promise<ClassifierFit> {
  const { classes, strokes, pixelsPerClass = defaultPixelsPerClass } = options;
  assertRecipe(options.recipe);
  const samples = await paintedSamples({ ...options, classes: classes.length });
  const source = { ...options.source, strokes: await fitId(strokes), pixelsPerClass };
  return fitClassifier(samples, { ...options, source });
}
