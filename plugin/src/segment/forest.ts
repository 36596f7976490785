import { createRandom } from '../array/random.ts';
import type { ForestModel } from './types.ts';

export interface ForestOptions {
  /** Values per sample. */
  readonly dim: number;
  readonly classes: number;
  /** How much a sample of each class counts. */
  readonly classWeights: Float64Array;
  /** Default 100. */
  readonly trees?: number;
  /** Default 10. */
  readonly depthLimit?: number;
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

const defaultTrees = 100;
const defaultDepth = 10;

/**
 * Extremely randomised trees: each node tries √dim features, one threshold drawn at random for each, and keeps the
 * split that lowers the Gini impurity most. All samples grow every tree. Deterministic for a seed.
 *
 * Measured against a random forest of as many trees on the micrographs (six strokes a class): mean IoU 0.704 to
 * 0.701, 0.747 to 0.739, 0.484 to 0.466, 0.703 to 0.690; and there is nothing to sort.
 *
 * @param samples  float32 [n, dim]; not changed
 * @param labels   class index of each sample
 * Source: Geurts, Ernst, Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).
 */
export async function growForest(
  samples: Float32Array,
  labels: Uint16Array,
  options: ForestOptions,
): Promise<ForestModel> {
  const { trees = defaultTrees, seed, pause } = options;
  const nodes: Nodes = { feature: [], threshold: [], child: [], values: [] };
  const roots = new Int32Array(trees);
  const order = new Int32Array(labels.length);
  for (let tree = 0; tree < trees; tree++) {
    await pause();
    for (let i = 0; i < order.length; i++) order[i] = i;
    // Spread the seeds: neighbouring states of the generator are alike at first.
    const random = createRandom(Math.imul(seed * 1009 + tree + 1, 0x9e3779b1));
    roots[tree] = growTree({ samples, labels, order, random, nodes, options });
  }
  return {
    roots,
    feature: Int32Array.from(nodes.feature),
    threshold: Float32Array.from(nodes.threshold),
    child: Int32Array.from(nodes.child),
    values: Float32Array.from(nodes.values),
  };
}

interface Nodes {
  readonly feature: number[];
  readonly threshold: number[];
  readonly child: number[];
  readonly values: number[];
}

interface Growing {
  readonly samples: Float32Array;
  readonly labels: Uint16Array;
  /** Samples of the tree; each node's are side by side. */
  readonly order: Int32Array;
  readonly random: () => number;
  readonly nodes: Nodes;
  readonly options: ForestOptions;
}

/** @returns the root's position */
function growTree(growing: Growing): number {
  const { order, nodes, options } = growing;
  const { depthLimit = defaultDepth } = options;
  const root = addNode(nodes);
  const waiting = [{ node: root, start: 0, stop: order.length, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, start, stop, depth } = next;
    const weights = classWeightsOf(growing, start, stop);
    const split = depth < depthLimit ? bestSplit(growing, start, stop, weights) : undefined;
    if (split === undefined) {
      becomeLeaf(nodes, node, weights);
      continue;
    }
    const middle = partition(growing, start, stop, split);
    nodes.feature[node] = split.feature;
    nodes.threshold[node] = split.threshold;
    const left = addNode(nodes);
    addNode(nodes);
    nodes.child[node] = left;
    waiting.push({ node: left + 1, start: middle, stop, depth: depth + 1 });
    waiting.push({ node: left, start, stop: middle, depth: depth + 1 });
  }
  return root;
}

function addNode({ feature, threshold, child }: Nodes): number {
  feature.push(-1);
  threshold.push(0);
  return child.push(0) - 1;
}

function becomeLeaf(nodes: Nodes, node: number, weights: Float64Array): void {
  nodes.child[node] = nodes.values.length / weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const weight of weights) nodes.values.push(weight / total);
}

function classWeightsOf({ labels, order, options }: Growing, start: number, stop: number): Float64Array {
  const weights = new Float64Array(options.classes);
  for (let i = start; i < stop; i++) {
    const label = labels[order[i]!]!;
    weights[label] = weights[label]! + options.classWeights[label]!;
  }
  return weights;
}

interface Split {
  readonly feature: number;
  readonly threshold: number;
}

/** The best of √dim random splits; undefined where the node is of one class or nothing tells its samples apart. */
function bestSplit(growing: Growing, start: number, stop: number, weights: Float64Array): Split | undefined {
  const { random, options } = growing;
  const { dim, classes } = options;
  if (stop - start < 2 || weights.filter((weight) => weight > 0).length < 2) return undefined;
  const wanted = Math.max(1, Math.round(Math.sqrt(dim)));
  const candidates = Array.from({ length: dim }, (_, feature) => feature);
  const left = new Float64Array(classes);
  let best: Split | undefined;
  let bestPurity = Number.NEGATIVE_INFINITY;
  let tried = 0;
  // Constant features do not count as tried, as in scikit-learn.
  for (let drawn = 0; drawn < dim && tried < wanted; drawn++) {
    const at = drawn + Math.floor(random() * (dim - drawn));
    const feature = candidates[at]!;
    candidates[at] = candidates[drawn]!;
    const { least, most } = rangeOf(growing, start, stop, feature);
    if (!(most > least)) continue;
    tried++;
    const threshold = Math.fround(least + random() * (most - least));
    // Rounding must not put every sample on one side.
    const safe = threshold >= most ? least : threshold;
    const purity = purityOf(growing, { start, stop, feature, threshold: safe }, weights, left);
    if (purity > bestPurity) {
      bestPurity = purity;
      best = { feature, threshold: safe };
    }
  }
  return best;
}

function rangeOf({ samples, order, options }: Growing, start: number, stop: number, feature: number) {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = start; i < stop; i++) {
    const value = samples[order[i]! * options.dim + feature]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}

/** Σ over both sides of Σ w² / Σ w: rises as the weighted Gini impurity falls. */
function purityOf(
  { samples, labels, order, options }: Growing,
  split: Split & { readonly start: number; readonly stop: number },
  weights: Float64Array,
  left: Float64Array,
): number {
  left.fill(0);
  for (let i = split.start; i < split.stop; i++) {
    const sample = order[i]!;
    if (samples[sample * options.dim + split.feature]! > split.threshold) continue;
    const label = labels[sample]!;
    left[label] = left[label]! + options.classWeights[label]!;
  }
  let leftSum = 0;
  let leftSquares = 0;
  let rightSum = 0;
  let rightSquares = 0;
  for (let k = 0; k < left.length; k++) {
    const right = weights[k]! - left[k]!;
    leftSum += left[k]!;
    leftSquares += left[k]! * left[k]!;
    rightSum += right;
    rightSquares += right * right;
  }
  return leftSquares / leftSum + rightSquares / rightSum;
}

/** Bring samples that go left to the front; returns where the right ones begin. */
function partition({ samples, order, options }: Growing, start: number, stop: number, split: Split): number {
  let middle = start;
  for (let i = start; i < stop; i++) {
    const sample = order[i]!;
    if (samples[sample * options.dim + split.feature]! > split.threshold) continue;
    order[i] = order[middle]!;
    order[middle++] = sample;
  }
  return middle;
}

/** Samples walked through one tree before the next: their values stay in the processor's nearest cache. */
const samplesPerBlock = 128;

/**
 * Mean probabilities over the trees.
 *
 * @param samples  float32 [n, dim]
 * @returns        float32 [n, classes]; the caller owns the buffer
 */
export function forestProbabilities(
  { roots, feature, threshold, child, values }: ForestModel,
  samples: Float32Array,
  dim: number,
  classes: number,
): Float32Array {
  const count = samples.length / dim;
  const out = new Float32Array(count * classes);
  const share = 1 / roots.length;
  for (let begin = 0; begin < count; begin += samplesPerBlock) {
    const end = Math.min(count, begin + samplesPerBlock);
    for (const root of roots) {
      for (let i = begin; i < end; i++) {
        const base = i * dim;
        let node = root;
        let look = feature[node]!;
        while (look >= 0) {
          node = child[node]! + (samples[base + look]! > threshold[node]! ? 1 : 0);
          look = feature[node]!;
        }
        const leaf = child[node]! * classes;
        const to = i * classes;
        for (let k = 0; k < classes; k++) out[to + k] = out[to + k]! + share * values[leaf + k]!;
      }
    }
  }
  return out;
}
