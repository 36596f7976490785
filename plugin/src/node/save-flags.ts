import type { SaveEncoding } from '../labels/pyramid-plan.ts';
import { type FlagSpec, type Flags, invalid } from './flags.ts';

/** Flags of a command that saves labels. */
export const saveFlags: Readonly<Record<string, FlagSpec>> = {
  out: {
    type: 'string',
    value: 'PLACE',
    help: 'folder or http(s) address that gets labels/NAME, or a file.ozx; default: the image itself',
  },
  overwrite: {
    type: 'boolean',
    help: 'replace a label image of that name, an interrupted save, or files of these names',
  },
  resume: {
    type: 'boolean',
    help: 'continue an interrupted save where there is one; with --overwrite begin anew where its settings were others',
  },
  version: { type: 'string', value: '0.4|0.5', help: 'of OME-Zarr; default: as the image' },
  sharded: { type: 'boolean', help: 'store shards of many chunks (0.5); default: where there are many' },
  codec: { type: 'string', value: 'blosc|zstd|none', help: 'how chunks are compressed; default zstd' },
};

/** @throws AlibiError InvalidInput  a value that is none of those that are known */
export function encodingOf(flags: Flags, command: string): Omit<SaveEncoding, 'place'> {
  const version = oneOf(flags, 'version', ['0.4', '0.5'], command);
  const compression = oneOf(flags, 'codec', ['blosc', 'zstd', 'none'], command);
  if (flags.has('sharded') && version === '0.4') {
    throw invalid(
      '--sharded goes with OME-Zarr 0.5 alone',
      { name: command },
      'Leave out --version 0.4 or --sharded.',
    );
  }
  return {
    ...(version === undefined ? {} : { version }),
    ...(compression === undefined ? {} : { compression }),
    ...(flags.has('sharded') ? { sharded: true } : {}),
  };
}

function oneOf<const T extends string>(
  flags: Flags,
  name: string,
  known: readonly T[],
  command: string,
): T | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const value = known.find((one) => one === text);
  if (value !== undefined) return value;
  throw invalid(`--${name} is "${text}"`, { name: command }, `Write ${known.join(' or ')}.`);
}
