import type { LazyArray } from '../array/lazy-array.ts';
import { axisIndex } from '../array/lazy-array.ts';
import { spacingOf } from '../array/spacing.ts';
import type { OmeChannel } from '../ome/ome-image.ts';
import type { Reach } from '../raster/volume.ts';
import type { InstanceRecipe, WatershedRecipe } from '../segment/instances/types.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';

export type Connectivity = 4 | 6 | 8 | 18 | 26;

/** Halo of a watershed unless another is asked for, in elements along x. */
const haloElements = { 2: 64, 3: 32 } as const;

const connectivities: Readonly<Record<2 | 3, Readonly<Record<string, readonly [Connectivity, Reach]>>>> = {
  2: { 4: [4, 1], 8: [8, 2] },
  3: { 6: [6, 1], 18: [18, 2], 26: [26, 3] },
};

/** Flags that say how labels become instances. */
export const instanceFlags: Readonly<Record<string, FlagSpec>> = {
  method: {
    type: 'string',
    value: 'components|watershed',
    help: 'connected components (default), or these split where they narrow',
  },
  dims: { type: 'string', value: '2|3', help: 'objects are planes or volumes; default 3 where there is a z' },
  connectivity: {
    type: 'string',
    value: 'n',
    help: 'neighbours that belong together: 4 or 8, 6, 18 or 26; default all',
  },
  depth: {
    type: 'string',
    value: 'x',
    help: 'watershed: how deep a narrowing must be to split (h of the h-maxima), in physical units; default 1 pixel',
  },
  boundary: {
    type: 'string',
    value: 'c',
    help: 'watershed: split where this channel is bright (membranes), not where objects narrow; --depth is then in stored values, default a tenth of its contrast',
  },
  halo: {
    type: 'string',
    value: 'x',
    help: 'watershed: surroundings of a chunk looked at, in physical units; default 64 pixels (dims 3: 32)',
  },
  'min-size': { type: 'string', value: 'x', help: 'smallest area or volume, in physical units' },
  'max-size': { type: 'string', value: 'x', help: 'largest area or volume, in physical units' },
  tracking: {
    type: 'string',
    value: 'overlap|none',
    help: 'over time, ids follow the best overlap (default), or every object has its own',
  },
};

export interface NamedRecipe {
  readonly recipe: InstanceRecipe | WatershedRecipe;
  readonly connectivity: Connectivity;
}

/** @throws AlibiError InvalidInput  a flag that is no good, or that goes with another method or other dims */
export function instanceRecipe(
  flags: Flags,
  labels: LazyArray,
  only: string | undefined,
  command: string,
  channels: readonly Pick<OmeChannel, 'window'>[] = [],
): NamedRecipe {
  const method = choice(flags, 'method', ['components', 'watershed'], command) ?? 'components';
  const tracking = choice(flags, 'tracking', ['overlap', 'none'], command) ?? 'overlap';
  const dims = dimsOf(flags, labels, command);
  const allowed = connectivities[dims];
  const wanted = flags.text('connectivity') ?? Object.keys(allowed).at(-1)!;
  const found = allowed[wanted];
  if (found === undefined) {
    const remedy = `With ${dims} dimensions it is one of ${Object.keys(allowed).join(', ')}.`;
    throw invalid(`--connectivity is "${wanted}"`, { name: command }, remedy);
  }
  const [connectivity, reach] = found;
  const minSize = positive(flags, 'min-size', command);
  const maxSize = positive(flags, 'max-size', command);
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    throw invalid('--min-size is above --max-size', { name: command }, 'Give the smaller one as --min-size.');
  }
  const recipe: InstanceRecipe = {
    dims,
    reach,
    tracking,
    ...(only === undefined ? {} : { only }),
    ...(minSize === undefined ? {} : { minSize }),
    ...(maxSize === undefined ? {} : { maxSize }),
  };
  return {
    connectivity,
    recipe:
      method === 'watershed'
        ? splitting({ flags, labels, channels, command }, recipe)
        : unsplit(flags, recipe, command),
  };
}

/** `--dims`, else 3 where the labels have more than one slice. */
export function dimsOf(flags: Flags, labels: LazyArray, command: string): 2 | 3 {
  const z = axisIndex(labels.axes, 'z');
  const isVolume = z !== -1 && labels.shape[z]! > 1;
  const dims = choice(flags, 'dims', ['2', '3'], command);
  if (dims === '3' && z === -1) {
    throw invalid('--dims is 3', { name: command }, 'The labels have no z axis: leave --dims out.');
  }
  return dims === undefined ? (isVolume ? 3 : 2) : dims === '3' ? 3 : 2;
}

function splitting(
  {
    flags,
    labels,
    channels,
    command,
  }: {
    readonly flags: Flags;
    readonly labels: LazyArray;
    readonly channels: readonly Pick<OmeChannel, 'window'>[];
    readonly command: string;
  },
  recipe: InstanceRecipe,
): WatershedRecipe {
  const width = spacingOf(labels).zyx[2];
  const boundary = flags.integer('boundary', 0);
  const window = boundary === undefined ? undefined : channels[boundary]?.window;
  if (boundary !== undefined && window === undefined) {
    const remedy = `The image has ${channels.length === 1 ? 'channel 0 only' : `channels 0 to ${channels.length - 1}`}.`;
    throw invalid(`--boundary is ${boundary}`, { name: command }, remedy);
  }
  const shallow = window === undefined ? width : (window.end - window.start) / 10;
  const depth = positive(flags, 'depth', command) ?? shallow;
  const halo = positive(flags, 'halo', command) ?? haloElements[recipe.dims] * width;
  return { ...recipe, depth, halo, ...(boundary === undefined ? {} : { boundary }) };
}

function unsplit(flags: Flags, recipe: InstanceRecipe, command: string): InstanceRecipe {
  const stray = ['depth', 'halo', 'boundary'].find((name) => flags.has(name));
  if (stray === undefined) return recipe;
  throw invalid(`--${stray} goes with --method watershed`, { name: command }, 'Add that, or leave it out.');
}

function choice<C extends string>(
  flags: Flags,
  name: string,
  choices: readonly C[],
  command: string,
): C | undefined {
  const text = flags.text(name);
  const found = choices.find((candidate) => candidate === text);
  if (text === undefined || found !== undefined) return found;
  throw invalid(`--${name} is "${text}"`, { name: command }, `Write ${choices.join(' or ')}.`);
}

function positive(flags: Flags, name: string, command: string): number | undefined {
  const value = flags.number(name);
  if (value === undefined || value > 0) return value;
  throw invalid(`--${name} is ${value}`, { name: command }, 'Give a number above 0.');
}
