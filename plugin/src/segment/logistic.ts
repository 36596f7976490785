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
  const problem: Problem = {
    samples,
    labels: Int32Array.from(labels, (label) => position[label]!),
    dim,
    rows: present.length,
    c,
    rowWeights: Float64Array.from(present, (index) => options.classWeights?.[index] ?? 1),
    penalty: present.length === 2 ? 2 : 1,
    pause,
  };
  const start = new Float64Array(present.length * (dim + 1));
  const solution = await minimise((weights, gradient) => objective(problem, weights, gradient), start, {
    tolerance: 3e-5,
    roundLimit: 500,
  });
  const weights = new Float64Array(classes * (dim + 1));
  present.forEach((index, row) => {
    weights.set(solution.subarray(row * (dim + 1), (row + 1) * (dim + 1)), index * (dim + 1));
  });
  return { weights, counts };
}

interface Problem {
  readonly samples: Float32Array;
  /** Row of each sample's class. */
  readonly labels: Int32Array;
  readonly dim: number;
  readonly rows: number;
  readonly c: number;
  /** How much a sample of each row's class counts. */
  readonly rowWeights: Float64Array;
  readonly penalty: number;
  readonly pause: () => Promise<void>;
}

/** Samples visited between two pauses. */
const samplesPerStep = 1024;

/** Value of the objective, divided by C·n so that its scale does not depend on the data; fills `gradient`. */
async function objective(problem: Problem, weights: Float64Array, gradient: Float64Array): Promise<number> {
  const { samples, labels, dim, rows, c, penalty, rowWeights, pause } = problem;
  const stride = dim + 1;
  const count = labels.length;
  const logits = new Float64Array(rows);
  let loss = 0;
  gradient.fill(0);
  for (let sample = 0; sample < count; sample++) {
    if (sample % samplesPerStep === 0) await pause();
    const at = sample * dim;
    for (let row = 0; row < rows; row++) {
      let sum = weights[row * stride + dim]!;
      const base = row * stride;
      for (let i = 0; i < dim; i++) sum += weights[base + i]! * samples[at + i]!;
      logits[row] = sum;
    }
    const label = labels[sample]!;
    const logit = logits[label]!;
    const weight = rowWeights[label]!;
    loss += weight * (softmaxInPlace(logits) - logit);
    logits[label] = logits[label]! - 1;
    for (let row = 0; row < rows; row++) {
      const error = weight * logits[row]!;
      const base = row * stride;
      for (let i = 0; i < dim; i++) gradient[base + i] = gradient[base + i]! + error * samples[at + i]!;
      gradient[base + dim] = gradient[base + dim]! + error;
    }
  }
  const ridge = penalty / (c * count);
  let value = loss / count;
  for (let i = 0; i < gradient.length; i++) {
    gradient[i] = gradient[i]! / count;
    if (i % stride === dim) continue;
    gradient[i] = gradient[i]! + ridge * weights[i]!;
    value += 0.5 * ridge * weights[i]! * weights[i]!;
  }
  return value;
}

/** Replaces logits by probabilities; returns log Σ exp. */
function softmaxInPlace(logits: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    logits[i] = Math.exp(logits[i]! - largest);
    sum += logits[i]!;
  }
  for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! / sum;
  return largest + Math.log(sum);
}
