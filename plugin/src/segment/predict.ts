import { forestDim, forestInputs, type Models } from './fit-models.ts';
import { forestProbabilities } from './forest.ts';
import { linearProbabilities, linearProbabilitiesOfRows } from './linear-scores.ts';
import { type FeatureBlock, featureRows } from './pixel-features.ts';
import { type FeatureRecipe, featureNames } from './recipe.ts';
import type { ClassifierFit, ForestModel } from './types.ts';

/**
 * Probabilities of samples; 0 for a class without samples.
 *
 * @param values  float32 [n, features]
 * @param active  classes that have samples
 * @returns       float32 [n, classes]; the caller owns the buffer
 */
export function predictRows(
  { linear, forest }: Models,
  recipe: FeatureRecipe,
  values: Float32Array,
  { classes, active }: { readonly classes: number; readonly active: readonly number[] },
): Float32Array {
  const trees =
    forest === null
      ? null
      : forestProbabilities(forest, forestInputs(values, recipe), forestDim(recipe), classes);
  if (linear === null) return trees ?? new Float32Array(0);
  return average(linearProbabilitiesOfRows(linear, values, { classes, active }), trees);
}

/**
 * Probabilities of every pixel of a block.
 *
 * @param smoothed  the forest's, smoothed with the neighbours that the block lacks; null where they are used as they are
 * @returns         float32 [pixels, classes]; the caller owns the buffer
 */
export function predictBlock(
  fit: ClassifierFit,
  block: FeatureBlock,
  smoothed: Float32Array | null,
): Float32Array {
  const { linear, forest, recipe } = fit;
  const classes = fit.classes.length;
  const trees = smoothed ?? (forest === null ? null : forestOfBlock(forest, recipe, block, classes));
  if (linear === null) return trees ?? new Float32Array(0);
  const active = activeClasses(fit.counts);
  return average(linearProbabilities(linear, recipe, block, { classes, active }), trees);
}

/** The forest's probabilities of every pixel of a block, float32 [pixels, classes]; the caller owns the buffer. */
export function forestOfBlock(
  forest: ForestModel,
  recipe: FeatureRecipe,
  block: FeatureBlock,
  classes: number,
): Float32Array {
  const part = recipe.classical === null ? 'all' : 'classical';
  return forestProbabilities(forest, featureRows(block, recipe, null, part), forestDim(recipe), classes);
}

/** What each value that the classifier reads of a pixel is: its features and, where they are smoothed, the forest's probabilities. */
export function inputNames({
  recipe,
  classes,
  forest,
  forestSmoothing,
}: Pick<ClassifierFit, 'recipe' | 'forestSmoothing'> & {
  readonly classes: readonly unknown[];
  readonly forest: unknown;
}): string[] {
  const trees = forest === null || forestSmoothing === undefined ? [] : classes;
  return [...featureNames(recipe), ...trees.map((_, index) => `trees class ${index + 1}`)];
}

/** Classes that have samples. */
export function activeClasses(counts: readonly number[]): number[] {
  return Array.from(counts.keys()).filter((index) => counts[index]! > 0);
}

function average(probabilities: Float32Array, other: Float32Array | null): Float32Array {
  if (other === null) return probabilities;
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = 0.5 * (probabilities[i]! + other[i]!);
  return probabilities;
}
