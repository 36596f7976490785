import { projectPca } from '../features/pca.ts';
import { forestDim, forestInputs, type Models } from './fit-models.ts';
import { forestProbabilities } from './forest.ts';
import { type FeatureBlock, featureRows, spreadPlane } from './pixel-features.ts';
import { type FeatureRecipe, featureCount } from './recipe.ts';
import { spreadTokens } from './token-features.ts';
import type { ClassifierFit, LinearModel } from './types.ts';

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
  const dim = featureCount(recipe);
  const rows = values.length / dim;
  const folded = foldStandardisation(linear, active);
  const logits = new Float32Array(rows * active.length);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < active.length; k++) {
      let sum = folded.intercepts[k]!;
      for (let f = 0; f < dim; f++) sum += folded.weights[k * dim + f]! * values[row * dim + f]!;
      logits[row * active.length + k] = sum;
    }
  }
  return average(softmax(logits, active, classes), trees);
}

/** Probabilities of every pixel of a block, float32 [pixels, classes]; the caller owns the buffer. */
export function predictBlock(fit: ClassifierFit, block: FeatureBlock): Float32Array {
  const { linear, forest, recipe } = fit;
  const classes = fit.classes.length;
  const active = activeClasses(fit.counts);
  const trees =
    forest === null
      ? null
      : forestProbabilities(
          forest,
          featureRows(block, recipe, null, recipe.classical === null ? 'all' : 'classical'),
          forestDim(recipe),
          classes,
        );
  if (linear === null) return trees ?? new Float32Array(0);
  return average(softmax(blockLogits(linear, active, recipe, block), active, classes), trees);
}

/** Classes that have samples. */
export function activeClasses(counts: readonly number[]): number[] {
  return Array.from(counts.keys()).filter((index) => counts[index]! > 0);
}

/** `(x − mean) / scale · w` of the active classes as one affine map of raw features. */
function foldStandardisation(
  { mean, scale, weights }: LinearModel,
  active: readonly number[],
): { readonly weights: Float64Array; readonly intercepts: Float64Array } {
  const dim = mean.length;
  const folded = new Float64Array(active.length * dim);
  const intercepts = new Float64Array(active.length);
  active.forEach((index, row) => {
    const base = index * (dim + 1);
    let intercept = weights[base + dim]!;
    for (let f = 0; f < dim; f++) {
      const weight = weights[base + f]! / scale[f]!;
      folded[row * dim + f] = weight;
      intercept -= weight * mean[f]!;
    }
    intercepts[row] = intercept;
  });
  return { weights: folded, intercepts };
}

/**
 * The linear model's logits of every pixel. Spreading over pixels is linear, so one logit a class is spread
 * instead of every component of a token and every feature of a coarse lattice.
 */
function blockLogits(
  linear: LinearModel,
  active: readonly number[],
  recipe: FeatureRecipe,
  block: FeatureBlock,
): Float32Array {
  const { weights, intercepts } = foldStandardisation(linear, active);
  const dim = linear.mean.length;
  const rows = active.length;
  const { region } = block;
  const width = region.x1 - region.x0;
  const pixels = (region.y1 - region.y0) * width;
  const logits = new Float32Array(pixels * rows);
  for (let i = 0; i < logits.length; i++) logits[i] = intercepts[i % rows]!;
  const part = new Float32Array(pixels * rows);
  const add = (): void => {
    for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! + part[i]!;
  };
  let feature = 0;
  recipe.tokens.forEach(({ pca }, i) => {
    const patch = block.patches[i]!;
    const projected = projectPca(patch.tokens, pca, pca.components);
    const tokens = projected.length / pca.components;
    const values = new Float32Array(tokens * rows);
    for (let token = 0; token < tokens; token++) {
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let k = 0; k < pca.components; k++) {
          sum += weights[row * dim + feature + k]! * projected[token * pca.components + k]!;
        }
        values[token * rows + row] = sum;
      }
    }
    spreadTokens(patch, values, rows, null, { out: part, step: rows, offset: 0 });
    add();
    feature += pca.components;
  });
  for (const group of block.classical) {
    for (let row = 0; row < rows; row++) {
      const plane = new Float32Array(group.planes[0]?.length ?? 0);
      group.planes.forEach((values, f) => {
        const weight = weights[row * dim + feature + f]!;
        for (let i = 0; i < plane.length; i++) plane[i] = plane[i]! + weight * values[i]!;
      });
      if (group.isDense)
        for (let i = 0; i < pixels; i++) logits[i * rows + row] = logits[i * rows + row]! + plane[i]!;
      else spreadPlane(group, plane, width, null, { out: part, step: rows, offset: row });
    }
    if (!group.isDense) add();
    feature += group.planes.length;
  }
  return logits;
}

function softmax(logits: Float32Array, active: readonly number[], classes: number): Float32Array {
  const rows = active.length;
  const pixels = logits.length / rows;
  const out = new Float32Array(pixels * classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * rows;
    const to = pixel * classes;
    let largest = logits[from]!;
    for (let row = 1; row < rows; row++) largest = Math.max(largest, logits[from + row]!);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Math.exp(logits[from + row]! - largest);
    for (let row = 0; row < rows; row++)
      out[to + active[row]!] = Math.exp(logits[from + row]! - largest) / sum;
  }
  return out;
}

function average(probabilities: Float32Array, other: Float32Array | null): Float32Array {
  if (other === null) return probabilities;
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = 0.5 * (probabilities[i]! + other[i]!);
  return probabilities;
}
