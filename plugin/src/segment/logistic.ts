import { addWeightedRows, rowProducts } from '../array/matrix.ts';
import { boundedCurvature } from './curvature.ts';
import { minimise } from './lbfgs.ts';

export interface LogisticOptions {
  /** Values per sample. */
  readonly dim: number;
  readonly classes: number;
  /** Inverse strength of the penalty, as scikit-learn's `C`. */
  readonly c: number;
  /** How much a sample of each class counts; default 1. */
  readonly classWeights?: Float64Array;
  readonly pause: () => Promise<void>;
}

export interface LogisticModel {
  /** float64 [classes, dim + 1], the intercept last; rows of classes without samples are 0. */
  readonly weights: Float64Array;
  /** Samples of each class. */
  readonly counts: Int32Array;
}

/**
 * Multinomial logistic regression with an L2 penalty on the weights, not on the intercepts:
 * `½ ‖W‖² + C · Σ −w log p(class of sample)`, w the weight of that class. Deterministic; the
 * penalty keeps separable data bounded. Classes without samples take no part. With two classes the weights of their difference are penalised, as in
 * scikit-learn's binary case.
 *
 * @param samples  float32 [n, dim], standardised and finite; not changed
 * @param labels   class index of each sample; at least two classes have some
 * Source: scikit-learn `LogisticRegression`, user guide §1.1.11.3.
 */
export async function fitLogistic(
  samples: Float32Array,
  labels: Uint16Array,
  options: LogisticOptions,
): Promise<LogisticModel> {
  const { dim, classes, c, pause } = options;
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label] = counts[label]! + 1;
  const present = Array.from(counts.keys()).filter((index) => counts[index]! > 0);
  const position = new Int32Array(classes);
  present.forEach((index, row) => {
    position[index] = row;
  });
  // Of two classes only the difference counts: one row, halved between them.
  const isPair = present.length === 2;
  const problem: Problem = {
    samples,
    labels: Int32Array.from(labels, (label) => position[label]!),
    dim,
    rows: isPair ? 1 : present.length,
    sampleWeights: Float64Array.from(present, (index) => options.classWeights?.[index] ?? 1),
    ridge: 1 / (c * labels.length),
    pause,
  };
  const total = present.reduce((sum, index, row) => sum + counts[index]! * problem.sampleWeights[row]!, 0);
  const start = new Float64Array(problem.rows * (dim + 1));
  const solution = await minimise((weights, gradient) => objective(problem, weights, gradient), start, {
    tolerance: 3e-5,
    roundLimit: 500,
    precondition: boundedCurvature(samples, dim, {
      share: ((isPair ? 0.25 : 0.5) * total) / labels.length,
      ridge: problem.ridge,
    }),
  });
  const weights = new Float64Array(classes * (dim + 1));
  present.forEach((index, row) => {
    const own = isPair ? solution : solution.subarray(row * (dim + 1), (row + 1) * (dim + 1));
    const share = isPair ? row - 0.5 : 1;
    weights.set(
      // A weight of 0 is never −0, which JSON cannot tell from 0.
      own.map((value) => share * value + 0),
      index * (dim + 1),
    );
  });
  return { weights, counts };
}

interface Problem {
  readonly samples: Float32Array;
  /** Position of each sample's class among those present. */
  readonly labels: Int32Array;
  readonly dim: number;
  /** Of weights: one a class present, or of two classes one for the second over the first. */
  readonly rows: number;
  /** How much a sample of each class present counts. */
  readonly sampleWeights: Float64Array;
  /** The penalty over C·n. */
  readonly ridge: number;
  readonly pause: () => Promise<void>;
}

/** Samples visited between two pauses. */
const samplesPerStep = 1024;

/** Value of the objective, divided by C·n so that its scale does not depend on the data; fills `gradient`. */
async function objective(problem: Problem, weights: Float64Array, gradient: Float64Array): Promise<number> {
  const { samples, labels, dim, rows, ridge, pause } = problem;
  const stride = dim + 1;
  const count = labels.length;
  const logits = Array.from({ length: rows }, () => new Float64Array(Math.min(count, samplesPerStep)));
  let loss = 0;
  gradient.fill(0);
  for (let first = 0; first < count; first += samplesPerStep) {
    await pause();
    const last = Math.min(count, first + samplesPerStep);
    const own = samples.subarray(first * dim, last * dim);
    logits.forEach((out, row) => {
      const base = row * stride;
      rowProducts(own, weights.subarray(base, base + dim), weights[base + dim]!, out);
    });
    const ownLabels = labels.subarray(first, last);
    loss += rows === 1 ? pairErrors(logits[0]!, ownLabels, problem) : errors(logits, ownLabels, problem);
    logits.forEach((error, row) => {
      const base = row * stride;
      addWeightedRows(own, error, gradient.subarray(base, base + dim));
      for (let i = 0; i < ownLabels.length; i++) gradient[base + dim] = gradient[base + dim]! + error[i]!;
    });
  }
  let value = loss / count;
  for (let i = 0; i < gradient.length; i++) {
    gradient[i] = gradient[i]! / count;
    if (i % stride === dim) continue;
    gradient[i] = gradient[i]! + ridge * weights[i]!;
    value += 0.5 * ridge * weights[i]! * weights[i]!;
  }
  return value;
}

/** Replaces logits of the second class over the first by their loss's derivatives; returns the loss. */
function pairErrors(
  logits: Float64Array,
  labels: Int32Array,
  { sampleWeights }: Pick<Problem, 'sampleWeights'>,
): number {
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const weight = sampleWeights[label]!;
    const logit = logits[i]!;
    const odds = Math.exp(-Math.abs(logit));
    const isSecond = logit > 0;
    // log(1 + e^z) − z · label
    loss += weight * (Math.log1p(odds) + (isSecond ? logit : 0) - label * logit);
    logits[i] = weight * ((isSecond ? 1 : odds) / (1 + odds) - label);
  }
  return loss;
}

/** The same of one row of logits a class. */
function errors(
  logits: readonly Float64Array[],
  labels: Int32Array,
  { sampleWeights }: Pick<Problem, 'sampleWeights'>,
): number {
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const weight = sampleWeights[label]!;
    const logit = logits[label]![i]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (const row of logits) largest = Math.max(largest, row[i]!);
    let sum = 0;
    for (const row of logits) {
      const exp = Math.exp(row[i]! - largest);
      row[i] = exp;
      sum += exp;
    }
    loss += weight * (largest + Math.log(sum) - logit);
    for (const row of logits) row[i] = (weight * row[i]!) / sum;
    logits[label]![i] = logits[label]![i]! - weight;
  }
  return loss;
}
