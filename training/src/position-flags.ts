import type { Flags } from 'alibi-zarr/command-line';
import { type FlagSpecs, invalidFlag, oneOf, positive, toggle, valued } from './flag-values.ts';
import type { Position } from './onnx/position.ts';

/** How a transformer knows where a patch lies: the same flags wherever one is made. */
export const POSITION_FLAGS: FlagSpecs = {
  position: valued('KIND', 'alibi (default), learned, none, sincos'),
  metric: valued('METRIC', 'euclidean (default), manhattan'),
  'no-wrap': toggle('distances not on the torus of the window'),
  'no-normalise': toggle("distances in tokens, not divided by the window's largest"),
  'distance-scale': valued('TOKENS', 'distances divided by this many tokens instead'),
  'hide-prefix': toggle('patches do not read CLS and registers'),
  'attention-radius': valued('TOKENS', 'nor patches further away than this'),
  slopes: valued('KIND', 'constant (default: 1), fixed (2^(-8i/heads)), learned (attn.m of the weights)'),
};

/** Undefined: not one of the flags is given. */
export function givenPosition(flags: Flags): Position | undefined {
  return Object.keys(POSITION_FLAGS).some((name) => flags.has(name)) ? positionOf(flags) : undefined;
}

/** @throws AlibiError  InvalidInput: flags that exclude each other, or that mean nothing for the kind */
export function positionOf(flags: Flags): Position {
  const kind = oneOf(flags.text('position') ?? 'alibi', ['alibi', 'learned', 'none', 'sincos'], '--position');
  if (kind !== 'alibi') {
    const other = Object.keys(POSITION_FLAGS).find((name) => name !== 'position' && flags.has(name));
    if (other !== undefined) throw invalidFlag('it has a meaning for --position alibi alone', `--${other}`);
    return { kind };
  }
  const scale = flags.text('distance-scale');
  const radius = flags.text('attention-radius');
  if (scale !== undefined && flags.has('no-normalise')) {
    throw invalidFlag('it excludes --distance-scale', '--no-normalise');
  }
  const normalise = scale !== undefined ? 'scale' : flags.has('no-normalise') ? 'none' : 'window';
  return {
    kind,
    metric: oneOf(flags.text('metric') ?? 'euclidean', ['euclidean', 'manhattan'], '--metric'),
    wrap: !flags.has('no-wrap'),
    normalise,
    distanceScale: scale === undefined ? null : positive(scale, '--distance-scale'),
    attentionRadius: radius === undefined ? null : positive(radius, '--attention-radius'),
    hidePrefix: flags.has('hide-prefix'),
    slopes: oneOf(flags.text('slopes') ?? 'constant', ['constant', 'fixed', 'learned'], '--slopes'),
  };
}
