import type { ClassifierChoice } from '../segment/fit-models.ts';
import { classicalKinds } from '../segment/recipe.ts';
import type { FitClassifierOptions } from '../segment/train.ts';
import type { AskedFeatures } from '../session-project-samples.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';

/** Flags that say how a classifier learns; the defaults suit most images. */
export const learningFlags: Readonly<Record<string, FlagSpec>> = {
  tokens: {
    type: 'string',
    value: 's,s|none',
    help: 'enlargements at which the transformer sees the image; default 2,4 below 1,000 px, else 1,2',
  },
  components: { type: 'string', value: 'n', help: 'principal components of the tokens; default 32' },
  bilinear: { type: 'boolean', help: 'tokens to pixels without following the edges of the image' },
  features: {
    type: 'string',
    value: 'KIND,…|none',
    help: `classical features: ${classicalKinds.join(', ')}; default the first three`,
  },
  sigmas: {
    type: 'string',
    value: 'σ,σ,…',
    help: 'their scales in pixels of the level; default 0,1,2,4,8,16',
  },
  'z-context': { type: 'boolean', help: 'smooth them along z too, by the same size in µm' },
  learner: { type: 'string', value: 'average|linear|forest', help: 'default average, of the other two' },
  penalty: { type: 'string', value: 'C', help: 'inverse strength of the linear penalty; default 0.02' },
  'class-weights': {
    type: 'string',
    value: 'balanced|painted|w,w,…',
    help: 'how much a painted pixel of each class counts',
  },
  smooth: { type: 'string', value: 'px', help: 'smooth the probabilities by this σ in pixels of the level' },
  'edge-smooth': {
    type: 'string',
    value: 'px',
    help: 'smooth what trees say along the edges of the image by this σ in pixels of the level; default 8, 0: not',
  },
  validation: {
    type: 'string',
    value: 'choose|score|none',
    help: 'leave strokes out to choose features and learner (default), to score them, or not at all',
  },
};

/** What those flags ask for. */
export interface Learning {
  readonly recipe: AskedFeatures;
  readonly classifier: ClassifierChoice;
  readonly validation: NonNullable<FitClassifierOptions['validation']>;
}

/** @throws AlibiError InvalidInput  a value that is none */
export function learningOf(flags: Flags, command: string): Learning {
  const bad = (name: string, remedy: string) =>
    invalid(`--${name} is "${flags.text(name)}"`, { name: command }, remedy);
  const numbers = (name: string, remedy: string): number[] | undefined => {
    const text = flags.text(name);
    if (text === undefined) return undefined;
    if (text === 'none') return [];
    const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (values.every((value) => Number.isFinite(value) && value >= 0)) return values;
    throw bad(name, remedy);
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const text = flags.text(name);
    const found = choices.find((choice) => choice === text);
    if (text !== undefined && found === undefined) throw bad(name, `Write ${choices.join(' or ')}.`);
    return found;
  };
  const kinds = flags
    .text('features')
    ?.split(',')
    .filter((kind) => kind !== 'none');
  const known = kinds?.map((kind) => classicalKinds.find((candidate) => candidate === kind.trim()));
  if (known?.includes(undefined))
    throw bad('features', `Write none, or some of ${classicalKinds.join(', ')}.`);
  const tokenScales = numbers('tokens', 'Write none, or enlargements such as 1,2.');
  const components = flags.integer('components', 1);
  const sigmasPx = numbers('sigmas', 'Write numbers of pixels such as 0,1,2,4.');
  const kind = oneOf('learner', ['average', 'linear', 'forest']);
  const c = flags.number('penalty');
  if (c !== undefined && !(c > 0)) throw bad('penalty', 'Give a number above 0.');
  const smoothingPx = flags.number('smooth');
  if (smoothingPx !== undefined && !(smoothingPx >= 0 && smoothingPx <= 100))
    throw bad('smooth', 'Give 0 to 100 pixels.');
  const forestSmoothingPx = flags.number('edge-smooth');
  if (forestSmoothingPx !== undefined && !(forestSmoothingPx >= 0 && forestSmoothingPx <= 100))
    throw bad('edge-smooth', 'Give 0 to 100 pixels.');
  const weights = flags.text('class-weights');
  const classWeights =
    weights === undefined || weights === 'balanced' || weights === 'painted'
      ? weights
      : numbers('class-weights', 'Write balanced, painted, or one number a class.');
  return {
    recipe: {
      ...(tokenScales === undefined ? {} : { tokenScales }),
      ...(components === undefined ? {} : { components }),
      ...(flags.has('bilinear') ? { guided: false } : {}),
      ...(sigmasPx === undefined ? {} : { sigmasPx }),
      ...(known === undefined ? {} : { kinds: known.filter((entry) => entry !== undefined) }),
      ...(flags.has('z-context') ? { zContext: true } : {}),
    },
    classifier: {
      ...(kind === undefined ? {} : { kind }),
      ...(c === undefined ? {} : { c }),
      ...(classWeights === undefined ? {} : { classWeights }),
      ...(forestSmoothingPx === undefined ? {} : { forestSmoothingPx }),
      ...(smoothingPx === undefined ? {} : { smoothingPx }),
    },
    validation: oneOf('validation', ['choose', 'score', 'none']) ?? 'choose',
  };
}
