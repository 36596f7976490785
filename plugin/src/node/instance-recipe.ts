import type { LazyArray } from '../array/lazy-array.ts';
import { axisIndex } from '../array/lazy-array.ts';
import type { OmeChannel } from '../ome/ome-image.ts';
import {
  type Connectivity,
  completeRecipe,
  connectivities,
  defaultDims,
  type InstanceChoice,
} from '../segment/instances/complete-recipe.ts';
import type { InstanceRecipe, WatershedRecipe } from '../segment/instances/types.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';

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
  const wanted = flags.text('connectivity') ?? String(allowed.at(-1)![0]);
  const connectivity = allowed.find(([number]) => String(number) === wanted)?.[0];
  if (connectivity === undefined) {
    const remedy = `With ${dims} dimensions it is one of ${allowed.map(([number]) => number).join(', ')}.`;
    throw invalid(`--connectivity is "${wanted}"`, { name: command }, remedy);
  }
  const [minSize, maxSize, depth, halo] = (['min-size', 'max-size', 'depth', 'halo'] as const).map((name) =>
    positive(flags, name, command),
  );
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize) {
    throw invalid('--min-size is above --max-size', { name: command }, 'Give the smaller one as --min-size.');
  }
  if (method === 'components') assertUnsplit(flags, command);
  const recipe = completeRecipe(labels, {
    method,
    dims,
    connectivity,
    tracking,
    ...(only === undefined ? {} : { only }),
    ...(minSize === undefined ? {} : { minSize }),
    ...(maxSize === undefined ? {} : { maxSize }),
    ...(depth === undefined ? {} : { depth }),
    ...(halo === undefined ? {} : { halo }),
    ...boundaryOf(flags, channels, command),
  });
  return { connectivity, recipe };
}

/** `--dims`, else 3 where the labels have more than one slice. */
export function dimsOf(flags: Flags, labels: LazyArray, command: string): 2 | 3 {
  const z = axisIndex(labels.axes, 'z');
  const dims = choice(flags, 'dims', ['2', '3'], command);
  if (dims === '3' && z === -1) {
    throw invalid('--dims is 3', { name: command }, 'The labels have no z axis: leave --dims out.');
  }
  return dims === undefined ? defaultDims(labels) : dims === '3' ? 3 : 2;
}

/** `--boundary`, with the contrast of its channel. */
function boundaryOf(
  flags: Flags,
  channels: readonly Pick<OmeChannel, 'window'>[],
  command: string,
): Pick<InstanceChoice, 'boundary'> {
  const channel = flags.integer('boundary', 0);
  if (channel === undefined) return {};
  const window = channels[channel]?.window;
  if (window === undefined) {
    const remedy = `The image has ${channels.length === 1 ? 'channel 0 only' : `channels 0 to ${channels.length - 1}`}.`;
    throw invalid(`--boundary is ${channel}`, { name: command }, remedy);
  }
  return { boundary: { channel, contrast: window.end - window.start } };
}

function assertUnsplit(flags: Flags, command: string): void {
  const stray = ['depth', 'halo', 'boundary'].find((name) => flags.has(name));
  if (stray === undefined) return;
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
