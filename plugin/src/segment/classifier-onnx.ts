import { OnnxModel } from '../onnx-file/model.ts';
import { forestDim } from './fit-models.ts';
import { activeClasses, inputNames } from './predict.ts';
import { featureCount } from './recipe.ts';
import type { ClassifierFit, ForestModel, LinearModel } from './types.ts';

/** The logit of a class that has no samples: its probability is exactly 0. */
const never = -1e30;

/**
 * A classifier as an ONNX graph: `features` float32 [N, F] in the order of {@link inputNames}, to `probabilities` float32 [N, K]
 * and `label` int64 [N], the class from 1. Trees are one `TreeEnsembleRegressor` of `ai.onnx.ml`, which every ONNX Runtime has; where
 * their probabilities are smoothed, which needs neighbours, those come in as the last K values of `features`, and the trees are in
 * the JSON only. Smoothing of the result is not in it.
 *
 * @returns the bytes of a `.onnx` file; the caller owns the buffer
 */
export function classifierOnnx(fit: ClassifierFit): Uint8Array<ArrayBuffer> {
  const { linear, forest, recipe } = fit;
  const features = featureCount(recipe);
  const classes = fit.classes.length;
  const inputs = inputNames(fit).length;
  const model = new OnnxModel();
  model.input({ name: 'features', type: 'float32', shape: ['N', inputs] });
  const isSmoothed = inputs > features;
  const both = linear !== null && forest !== null;
  const slice = (from: number, to: number, output: string): string => {
    const at = (name: string, value: number) => model.constant(name, [1], BigInt64Array.of(BigInt(value)));
    const bounds = [at(`${output} from`, from), at(`${output} to`, to), at(`${output} axis`, 1)];
    model.node('Slice', ['features', ...bounds], [output]);
    return output;
  };
  if (linear !== null) {
    const input = isSmoothed ? slice(0, features, 'unsmoothed') : 'features';
    addLinear(model, linear, activeClasses(fit.counts), { input, output: both ? 'linear' : 'probabilities' });
  }
  const output = both ? 'trees' : 'probabilities';
  if (isSmoothed) slice(features, inputs, output);
  else if (forest !== null)
    addForest(model, forest, { firstFeature: features - forestDim(recipe), classes, output });
  if (both) {
    model.node('Add', ['linear', 'trees'], ['sum']);
    model.node('Mul', ['sum', model.constant('half', [], Float32Array.of(0.5))], ['probabilities']);
  }
  model.node('ArgMax', ['probabilities'], ['index'], { axis: { integer: 1 }, keepdims: { integer: 0 } });
  model.node('Add', ['index', model.constant('one', [], BigInt64Array.of(1n))], ['label']);
  model.output({ name: 'probabilities', type: 'float32', shape: ['N', classes] });
  model.output({ name: 'label', type: 'int64', shape: ['N'] });
  return model.finish('classifier', {
    format: 'alibi-zarr/classifier/1',
    id: fit.id,
    classes: JSON.stringify(fit.classes.map(({ name }) => name)),
  });
}

/** `softmax((x − mean) / scale · W + b)` */
function addLinear(
  model: OnnxModel,
  { mean, scale, weights }: LinearModel,
  active: readonly number[],
  { input, output }: { readonly input: string; readonly output: string },
): void {
  const dim = mean.length;
  const classes = weights.length / (dim + 1);
  const matrix = new Float32Array(dim * classes);
  const bias = new Float32Array(classes).fill(never);
  for (const k of active) {
    for (let f = 0; f < dim; f++) matrix[f * classes + k] = weights[k * (dim + 1) + f]!;
    bias[k] = weights[k * (dim + 1) + dim]!;
  }
  model.node('Sub', [input, model.constant('mean', [dim], mean)], ['centred']);
  model.node('Div', ['centred', model.constant('scale', [dim], scale)], ['standardised']);
  model.node('MatMul', ['standardised', model.constant('weights', [dim, classes], matrix)], ['products']);
  model.node('Add', ['products', model.constant('intercepts', [classes], bias)], ['logits']);
  model.node('Softmax', ['logits'], [output], { axis: { integer: 1 } });
}

/** Leaves hold their share of the mean, so that the sum over trees is it. */
function addForest(
  model: OnnxModel,
  { roots, feature, threshold, child, values }: ForestModel,
  {
    firstFeature,
    classes,
    output,
  }: { readonly firstFeature: number; readonly classes: number; readonly output: string },
): void {
  const nodes = feature.length;
  const treeOf = new Int32Array(nodes);
  const idOf = new Int32Array(nodes);
  roots.forEach((root, tree) => {
    const end = roots[tree + 1] ?? nodes;
    for (let node = root; node < end; node++) {
      treeOf[node] = tree;
      idOf[node] = node - root;
    }
  });
  const isLeaf = (node: number): boolean => feature[node]! < 0;
  const all = Int32Array.from({ length: nodes }, (_, node) => node);
  const targets = Array.from(all.filter(isLeaf)).flatMap((node) =>
    Array.from({ length: classes }, (_, k) => ({ node, k, value: values[child[node]! * classes + k]! })),
  );
  const childId = (step: number) => all.map((node) => (isLeaf(node) ? 0 : idOf[child[node]! + step]!));
  model.node(
    'TreeEnsembleRegressor',
    ['features'],
    [output],
    {
      n_targets: { integer: classes },
      aggregate_function: { text: 'SUM' },
      post_transform: { text: 'NONE' },
      nodes_treeids: { integers: treeOf },
      nodes_nodeids: { integers: idOf },
      nodes_featureids: { integers: all.map((node) => (isLeaf(node) ? 0 : firstFeature + feature[node]!)) },
      nodes_modes: { texts: Array.from(all, (node) => (isLeaf(node) ? 'LEAF' : 'BRANCH_LEQ')) },
      nodes_values: { floats: threshold },
      nodes_truenodeids: { integers: childId(0) },
      nodes_falsenodeids: { integers: childId(1) },
      target_treeids: { integers: targets.map(({ node }) => treeOf[node]!) },
      target_nodeids: { integers: targets.map(({ node }) => idOf[node]!) },
      target_ids: { integers: targets.map(({ k }) => k) },
      target_weights: { floats: targets.map(({ value }) => value / roots.length) },
    },
    'ai.onnx.ml',
  );
}
