import type { ClassifierChoice } from './segment/fit-models.ts';
import type { FeatureRecipe, RecipeChoice } from './segment/recipe.ts';

/** What a provenance tells of the features, so that they can be had again. */
export function recipeFacts(
  { tokens }: FeatureRecipe,
  { basis: _basis, tokenScales: _scales, kinds, sigmasPx, classicalNormalisation, ...plain }: RecipeChoice,
) {
  const copy = classicalNormalisation;
  return {
    ...plain,
    tokenScales: tokens.map(({ scale }) => scale),
    ...(kinds === undefined ? {} : { kinds: [...kinds] }),
    ...(sigmasPx === undefined ? {} : { sigmasPx: [...sigmasPx] }),
    ...(copy === undefined
      ? {}
      : {
          classicalNormalisation: {
            channels: [...copy.channels],
            black: [...copy.black],
            white: [...copy.white],
          },
        }),
    ...(plain.components === undefined ? { sharedBasis: true } : {}),
  };
}

/** What a provenance tells of the learner. */
export function classifierFacts({ classWeights, ...plain }: ClassifierChoice) {
  if (classWeights === undefined) return plain;
  return { ...plain, classWeights: typeof classWeights === 'string' ? classWeights : [...classWeights] };
}
