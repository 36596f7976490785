import { createRandom, sampleIndices } from '../array/random.ts';
import { type ClassifierChoice, fitModels } from './fit-models.ts';
import { activeClasses, predictRows } from './predict.ts';
import { type FeatureRecipe, featureCount } from './recipe.ts';
import type { Samples } from './samples.ts';
import type { HeldOutScore } from './types.ts';

export interface CrossValidation extends HeldOutScore {
  /** Mean IoU of each fold. */
  readonly foldScores: readonly number[];
}

export interface CrossValidateOptions {
  readonly classes: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Most folds; default 5. */
  readonly foldLimit?: number;
  /** Painted pixels of a class that take part at most. Default 1,000. */
  readonly pixelsPerClass?: number;
}

const defaultFoldLimit = 5;
const defaultPixels = 1000;

/**
 * Leave strokes out, learn from the rest, ask about those left out. Whole groups of strokes are left out: pixels
 * of one stroke are too alike to test each other. Each class's groups are dealt to the folds in turn, largest first.
 *
 * @returns  null where a class has a single group: nothing can be left out
 */
export async function crossValidate(
  samples: Samples,
  recipe: FeatureRecipe,
  choice: ClassifierChoice,
  options: CrossValidateOptions,
): Promise<CrossValidation | null> {
  const { classes, seed, signal } = options;
  const fold = dealFolds(samples, options);
  if (fold === null) return null;
  const folds = 1 + fold.reduce((most, value) => Math.max(most, value), 0);
  const kept = thin(samples, options);
  const total = emptyConfusion(classes);
  const foldScores: number[] = [];
  for (let left = 0; left < folds; left++) {
    const train = pick(
      samples,
      kept.filter((i) => fold[i] !== left),
      featureCount(recipe),
    );
    const test = pick(
      samples,
      kept.filter((i) => fold[i] === left),
      featureCount(recipe),
    );
    const counts = Array.from(
      { length: classes },
      (_, k) => train.labels.filter((label) => label === k).length,
    );
    const models = await fitModels(train, recipe, { ...choice, classes, seed, signal });
    const active = activeClasses(counts);
    const probabilities = predictRows(models, recipe, test.values, { classes, active });
    const confusion = emptyConfusion(classes);
    test.labels.forEach((label, i) => {
      const predicted = largest(probabilities.subarray(i * classes, (i + 1) * classes));
      confusion[label]![predicted]!++;
      total[label]![predicted]!++;
    });
    foldScores.push(meanIou(confusion));
  }
  return {
    meanIou: meanIou(total),
    balancedAccuracy: balancedAccuracy(total),
    confusion: total,
    folds,
    foldScores,
  };
}

/** Fold of every sample; null where a class has fewer than two groups. */
function dealFolds(
  { labels, groups }: Samples,
  { classes, foldLimit = defaultFoldLimit }: CrossValidateOptions,
) {
  const sizes = Array.from({ length: classes }, () => new Map<number, number>());
  labels.forEach((label, i) => {
    const of = sizes[label]!;
    of.set(groups[i]!, (of.get(groups[i]!) ?? 0) + 1);
  });
  const present = sizes.filter((of) => of.size > 0);
  const folds = Math.min(foldLimit, ...present.map((of) => of.size));
  if (present.length < 2 || folds < 2) return null;
  const foldOf = new Map<string, number>();
  sizes.forEach((of, label) => {
    const order = [...of].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || a - b);
    order.forEach(([group], rank) => {
      foldOf.set(`${label}/${group}`, rank % folds);
    });
  });
  return Int32Array.from(labels, (label, i) => foldOf.get(`${label}/${groups[i]!}`)!);
}

/** Positions of the samples that take part, rising. */
function thin(
  { labels }: Samples,
  { classes, seed, pixelsPerClass = defaultPixels }: CrossValidateOptions,
): number[] {
  const of = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, i) => void of[label]!.push(i));
  return of
    .flatMap((positions, k) =>
      Array.from(
        sampleIndices(positions.length, pixelsPerClass, createRandom(seed + k)),
        (i) => positions[i]!,
      ),
    )
    .sort((a, b) => a - b);
}

function pick({ values, labels }: Samples, positions: readonly number[], dim: number) {
  const picked = new Float32Array(positions.length * dim);
  positions.forEach((from, i) => {
    picked.set(values.subarray(from * dim, (from + 1) * dim), i * dim);
  });
  return { values: picked, labels: Uint16Array.from(positions, (i) => labels[i]!) };
}

function emptyConfusion(classes: number): number[][] {
  return Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
}

/** Position of the largest, the first of equals. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Mean over classes that occur of the intersection over union; row: truth, column: prediction. */
export function meanIou(confusion: readonly (readonly number[])[]): number {
  const scores: number[] = [];
  confusion.forEach((row, k) => {
    const both = row[k]!;
    const either = sum(row) + sum(confusion.map((other) => other[k]!)) - both;
    if (either > 0) scores.push(both / either);
  });
  return sum(scores) / scores.length;
}

function balancedAccuracy(confusion: readonly (readonly number[])[]): number {
  const shares = confusion.flatMap((row, k) => (sum(row) === 0 ? [] : [row[k]! / sum(row)]));
  return sum(shares) / shares.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
