import { type PortableClassifier, parsePortableClassifier } from 'alibi-zarr-schemas';
import { fitId } from '../array/fit.ts';
import { type Json, nestsDeeperThan } from '../array/json.ts';
import { AlibiError } from '../errors.ts';
import type { PcaFit } from '../features/fits.ts';
import { forestDim } from './fit-models.ts';
import { inputNames } from './predict.ts';
import { assertRecipe, type FeatureRecipe, featureCount } from './recipe.ts';
import type { ClassifierFit, ForestModel, LinearModel } from './types.ts';

/** The checkpoint whose tokens a classifier reads. */
export interface ClassifierModel {
  readonly name: string;
  readonly sha256: string;
  readonly precision: string;
}

/** A classifier with the checkpoint it belongs to; null where it reads no tokens. */
export interface OpenedClassifier {
  readonly fit: ClassifierFit;
  readonly model: ClassifierModel | null;
}

/** A classifier as `schemas/src/classifier.schema.json` has it. Numbers are the shortest that give the same float32. */
export function writeClassifier({ fit, model }: OpenedClassifier): PortableClassifier {
  const { recipe, linear, forest } = fit;
  return {
    format: 'alibi-zarr/classifier/1',
    id: fit.id,
    classes: fit.classes.map(({ name, color }, index) => ({ id: index + 1, name, color })),
    model: recipe.tokens.length === 0 || model === null ? null : { ...model },
    normalisation: copyNormalisation(fit.normalisation),
    pixelSizeUm: fit.pixelSizeUm === null ? null : { ...fit.pixelSizeUm },
    level: fit.level,
    recipe: {
      tokens: recipe.tokens.map(({ scale, guided, pca }) => ({
        scale,
        guided,
        pca: {
          id: pca.id,
          dim: pca.dim,
          components: pca.components,
          mean: short(pca.mean),
          axes: short(pca.axes),
          variance: short(pca.variance),
          ranges: short(pca.ranges),
          source: { ...pca.source },
        },
      })),
      classical:
        recipe.classical === null
          ? null
          : {
              normalisation: copyNormalisation(recipe.classical.normalisation),
              sigmas: [...recipe.classical.sigmas],
              unit: recipe.classical.unit,
              kinds: [...recipe.classical.kinds],
              zContext: recipe.classical.zContext,
            },
    },
    features: inputNames(fit),
    linear:
      linear === null
        ? null
        : { mean: short(linear.mean), scale: short(linear.scale), weights: short(linear.weights) },
    forest:
      forest === null
        ? null
        : {
            firstFeature: featureCount(recipe) - forestDim(recipe),
            roots: [...forest.roots],
            feature: [...forest.feature],
            threshold: short(forest.threshold),
            child: [...forest.child],
            values: short(forest.values),
          },
    ...smoothingOf(fit),
    smoothingPx: fit.smoothingPx,
    counts: [...fit.counts],
    heldOut:
      fit.heldOut === null
        ? null
        : { ...fit.heldOut, confusion: fit.heldOut.confusion.map((row) => [...row]) },
    source: { ...fit.source },
  };
}

/** Deeper than any classifier, shallow enough for every recursive reader of it. */
const nestingLimit = 100;

/**
 * A classifier from what should be one, such as a parsed JSON file.
 *
 * @param where  the file, for messages
 * @throws AlibiError InvalidInput  it does not fit the schema, or its parts do not fit each other
 */
export async function readClassifier(value: unknown, where: string): Promise<OpenedClassifier> {
  if (nestsDeeperThan(value, nestingLimit))
    throw refuse(`it is nested more than ${nestingLimit} deep`, where);
  const parsed = parsePortableClassifier(value);
  if (!parsed.ok) throw refuse(`it is no classifier: ${parsed.path || '/'} ${parsed.message}`, where);
  const file = parsed.value;
  const recipe: FeatureRecipe = {
    tokens: file.recipe.tokens.map(({ scale, guided, pca }) => ({ scale, guided, pca: readPca(pca) })),
    classical: file.recipe.classical,
  };
  const content = {
    kind: 'classifier' as const,
    classes: file.classes.map(({ name, color }) => ({ name, color })),
    level: file.level,
    pixelSizeUm: file.pixelSizeUm,
    normalisation: file.normalisation,
    recipe,
    linear: file.linear === null ? null : readLinear(file.linear),
    forest: file.forest === null ? null : readForest(file.forest),
    ...smoothingOf(file),
    smoothingPx: file.smoothingPx,
    counts: file.counts,
    heldOut: file.heldOut,
    // Parsed JSON is JSON.
    source: file.source as Readonly<Record<string, Json>>,
  };
  assertRecipe(recipe);
  assertConsistent(file, recipe, where);
  const id = await fitId(content);
  if (id !== file.id) {
    throw refuse('its contents are not those its id was made from', where, { id });
  }
  return { fit: { ...content, id: file.id }, model: file.model };
}

function readPca(pca: PortableClassifier['recipe']['tokens'][number]['pca']): PcaFit {
  return {
    kind: 'pca',
    id: pca.id,
    dim: pca.dim,
    components: pca.components,
    mean: Float32Array.from(pca.mean),
    axes: Float32Array.from(pca.axes),
    variance: Float32Array.from(pca.variance),
    ranges: Float32Array.from(pca.ranges),
    source: pca.source as Readonly<Record<string, Json>>,
  };
}

function readLinear({ mean, scale, weights }: NonNullable<PortableClassifier['linear']>): LinearModel {
  return {
    mean: Float32Array.from(mean),
    scale: Float32Array.from(scale),
    weights: Float32Array.from(weights),
  };
}

function readForest(forest: NonNullable<PortableClassifier['forest']>): ForestModel {
  return {
    roots: Int32Array.from(forest.roots),
    feature: Int32Array.from(forest.feature),
    threshold: Float32Array.from(forest.threshold),
    child: Int32Array.from(forest.child),
    values: Float32Array.from(forest.values),
  };
}

/** Absent where the file has none: ids of classifiers without it are what they were. */
function smoothingOf({
  forestSmoothing,
}: Pick<ClassifierFit, 'forestSmoothing'>): Pick<ClassifierFit, 'forestSmoothing'> {
  return forestSmoothing === undefined ? {} : { forestSmoothing };
}

/** Lengths and references, which a schema cannot state: a file may come from anywhere. */
function assertConsistent(file: PortableClassifier, recipe: FeatureRecipe, where: string): void {
  const classes = file.classes.length;
  const features = featureCount(recipe);
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw refuse(what, where);
  };
  must(
    file.classes.every(({ id }, i) => id === i + 1),
    'the ids of its classes are not 1, 2, 3, …',
  );
  must(file.counts.length === classes, 'it does not have one count a class');
  must(file.counts.filter((count) => count > 0).length >= 2, 'fewer than two of its classes were painted');
  // Before anything is made of the sizes that a basis states.
  for (const { pca } of recipe.tokens) {
    const { dim, components, mean, axes, variance, ranges } = pca;
    must(
      mean.length === dim &&
        axes.length === dim * components &&
        variance.length === components &&
        ranges.length === 2 * components,
      'a basis does not have the size it states',
    );
  }
  must(
    JSON.stringify(file.features) ===
      JSON.stringify(
        inputNames({ recipe, classes: file.classes, forest: file.forest, ...smoothingOf(file) }),
      ),
    'its features are not those of its recipe',
  );
  must(file.linear !== null || file.forest !== null, 'it holds neither a linear model nor trees');
  must(
    recipe.tokens.length === 0 || file.model !== null,
    'it reads tokens and does not say of which checkpoint',
  );
  const encoderChannels = file.normalisation.channels.length;
  must(encoderChannels === 1 || encoderChannels === 3, 'its normalisation is not of one or three channels');
  for (const { channels, black, white } of [
    file.normalisation,
    ...(recipe.classical ? [recipe.classical.normalisation] : []),
  ]) {
    must(
      black.length === channels.length && white.length === channels.length,
      'a normalisation lacks black or white points',
    );
  }
  if (file.linear !== null) {
    const { mean, scale, weights } = file.linear;
    must(
      mean.length === features && scale.length === features && weights.length === classes * (features + 1),
      'its linear model is not of its features and classes',
    );
    must(
      scale.every((value) => value > 0),
      'its linear model divides by 0',
    );
  }
  if (file.forest !== null) assertForest(file.forest, { classes, inputs: forestDim(recipe), features }, must);
}

function assertForest(
  { firstFeature, roots, feature, threshold, child, values }: NonNullable<PortableClassifier['forest']>,
  {
    classes,
    inputs,
    features,
  }: { readonly classes: number; readonly inputs: number; readonly features: number },
  must: (holds: boolean, what: string) => void,
): void {
  const nodes = feature.length;
  const leaves = values.length / classes;
  must(firstFeature === features - inputs, 'its trees do not look at the features they should');
  must(
    threshold.length === nodes && child.length === nodes && Number.isInteger(leaves),
    'its trees are cut off',
  );
  must(roots.length > 0 && roots[0] === 0, 'its trees have no root');
  must(
    roots.every((root, i) => root < nodes && (i === 0 || root > roots[i - 1]!)),
    'a tree has no root',
  );
  must(
    feature.every((looksAt, node) =>
      // A child lies behind its parent, so that every walk ends.
      looksAt < 0
        ? child[node]! < leaves
        : looksAt < inputs && child[node]! > node && child[node]! + 1 < nodes,
    ),
    'a node of its trees leads nowhere',
  );
}

function copyNormalisation({ channels, black, white }: ClassifierFit['normalisation']) {
  return { channels: [...channels], black: [...black], white: [...white] };
}

/** Nine digits are enough for any float32. */
function short(values: Float32Array): number[] {
  return Array.from(values, (value) => {
    for (const digits of [6, 7, 8]) {
      const rounded = Number(value.toPrecision(digits));
      if (Math.fround(rounded) === value) return rounded;
    }
    return Number(value.toPrecision(9));
  });
}

function refuse(what: string, where: string, data: Readonly<Record<string, unknown>> = {}): AlibiError {
  return new AlibiError('InvalidInput', {
    what,
    where,
    remedy: 'Give a classifier that alibi-zarr wrote (--classifier-out).',
    data,
  });
}
