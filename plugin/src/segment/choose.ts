import type { PcaFit } from '../features/fits.ts';
import { type CrossValidateOptions, type CrossValidation, crossValidate } from './cross-validate.ts';
import type { ClassifierChoice } from './fit-models.ts';
import { type FeatureRecipe, featureCount } from './recipe.ts';
import type { Samples } from './samples.ts';

/** What cross-validation settled on. */
export interface Chosen {
  readonly recipe: FeatureRecipe;
  readonly choice: ClassifierChoice;
  /** The samples with the features of the recipe only. */
  readonly samples: Samples;
  /** Null where too few strokes were there to leave any out: then nothing was chosen. */
  readonly heldOut: CrossValidation | null;
  /** What was tried, in order, with its score. */
  readonly tried: readonly { readonly what: string; readonly meanIou: number }[];
}

interface Candidate {
  readonly what: string;
  readonly recipe: FeatureRecipe;
  readonly choice: ClassifierChoice;
  readonly samples: Samples;
}

/** Fewer folds tell a better recipe from luck too rarely. */
const leastFolds = 3;

/**
 * Choose features, classifier and regularisation by leaving strokes out. Three rounds, one for each, starting from
 * what was asked for; a change is kept only where it is better by more than two standard errors of the differences
 * between folds: a dozen are tried, the luckiest of which is always better by some, and with few strokes the default stays.
 */
export async function chooseRecipe(
  samples: Samples,
  recipe: FeatureRecipe,
  choice: ClassifierChoice,
  options: CrossValidateOptions,
): Promise<Chosen> {
  const tried: { what: string; meanIou: number }[] = [];
  const score = async ({ what, ...candidate }: Candidate): Promise<CrossValidation | null> => {
    const result = await crossValidate(candidate.samples, candidate.recipe, candidate.choice, options);
    if (result !== null) tried.push({ what, meanIou: result.meanIou });
    return result;
  };
  let best: Candidate = { what: 'default', recipe, choice, samples };
  let heldOut = await score(best);
  if (heldOut === null || heldOut.folds < leastFolds) return { ...best, heldOut, tried };
  for (const round of [featureCandidates, classifierCandidates, penaltyCandidates]) {
    const start = best;
    for (const candidate of round(start)) {
      const result = await score(candidate);
      if (result === null || !isBetter(result.foldScores, heldOut.foldScores)) continue;
      best = candidate;
      heldOut = result;
    }
  }
  return { recipe: best.recipe, choice: best.choice, samples: best.samples, heldOut, tried };
}

/** By more than two standard errors of the mean difference. */
function isBetter(scores: readonly number[], than: readonly number[]): boolean {
  const differences = scores.map((value, i) => value - than[i]!);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = Math.sqrt(squares / (differences.length - 1) / differences.length);
  return mean > 2 * error && mean > 0;
}

function featureCandidates(start: Candidate): Candidate[] {
  const { recipe, samples } = start;
  const candidates: Candidate[] = [];
  const add = (what: string, reduced: { tokens: (index: number) => number; classical: boolean }): void => {
    candidates.push({ ...start, what, ...reduceFeatures(recipe, samples, reduced) });
  };
  const all = (index: number) => recipe.tokens[index]!.pca.components;
  const hasBoth = recipe.tokens.length > 0 && recipe.classical !== null;
  if (recipe.tokens.length > 1) {
    recipe.tokens.forEach(({ scale }, kept) => {
      add(`tokens ×${scale} only`, { tokens: (i) => (i === kept ? all(i) : 0), classical: true });
    });
  }
  if (recipe.tokens.some((_, i) => all(i) > 8)) {
    add('half the components', { tokens: (i) => Math.max(1, all(i) >> 1), classical: true });
    add('a quarter of the components', { tokens: (i) => Math.max(1, all(i) >> 2), classical: true });
  }
  if (hasBoth) {
    add('no tokens', { tokens: () => 0, classical: true });
    add('tokens alone', { tokens: all, classical: false });
  }
  return candidates;
}

function classifierCandidates(start: Candidate): Candidate[] {
  const kinds = ['average', 'linear', 'forest'] as const;
  return kinds
    .filter((kind) => kind !== (start.choice.kind ?? 'average'))
    .map((kind) => ({ ...start, what: kind, choice: { ...start.choice, kind } }));
}

function penaltyCandidates(start: Candidate): Candidate[] {
  if (start.choice.kind === 'forest') return [];
  return [0.004, 0.1].map((c) => ({ ...start, what: `C ${c}`, choice: { ...start.choice, c } }));
}

/** The recipe with fewer features, and the samples with their columns only. */
function reduceFeatures(
  recipe: FeatureRecipe,
  samples: Samples,
  keep: { readonly tokens: (index: number) => number; readonly classical: boolean },
): Pick<Candidate, 'recipe' | 'samples'> {
  const columns: number[] = [];
  let feature = 0;
  const tokens = recipe.tokens.flatMap((token, index) => {
    const components = keep.tokens(index);
    for (let i = 0; i < components; i++) columns.push(feature + i);
    feature += token.pca.components;
    return components === 0 ? [] : [{ ...token, pca: firstComponents(token.pca, components) }];
  });
  const total = featureCount(recipe);
  if (keep.classical) while (feature < total) columns.push(feature++);
  const rows = samples.labels.length;
  const values = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, i) => {
      values[row * columns.length + i] = samples.values[row * total + column]!;
    });
  }
  return {
    recipe: { tokens, classical: keep.classical ? recipe.classical : null },
    samples: { ...samples, values },
  };
}

/** The basis with its first axes only; it keeps its id, whose source says how it was made. */
function firstComponents(pca: PcaFit, components: number): PcaFit {
  if (components >= pca.components) return pca;
  return {
    ...pca,
    components,
    axes: pca.axes.slice(0, components * pca.dim),
    variance: pca.variance.slice(0, components),
    ranges: pca.ranges.slice(0, 2 * components),
  };
}
