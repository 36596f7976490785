import { AlibiError } from 'alibi-zarr/checkpoint';
import type { FlagSpec, Flags } from 'alibi-zarr/command-line';
import type { Triple } from './manifest.ts';
import { PRECISIONS, type Precision } from './onnx/precision.ts';

/** Flags of a command, by name. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** A flag with a value. */
export const valued = (value: string, help: string): FlagSpec => ({ type: 'string', value, help });
/** A flag without one. */
export const toggle = (help: string): FlagSpec => ({ type: 'boolean', help });

export function gridOf(text: string): readonly [number, number] {
  const [rows, cols, extra] = text.split(',').map((part) => whole(part, '--trained-grid', 1));
  if (rows === undefined || cols === undefined || extra !== undefined) {
    throw invalidFlag('it is rows,cols', '--trained-grid');
  }
  return [rows, cols];
}

export function triple(text: string, flag: string): Triple {
  const [red, green, blue, extra] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (red === undefined || green === undefined || blue === undefined || extra !== undefined) {
    throw invalidFlag(`"${text}" is not three numbers r,g,b`, flag);
  }
  if (![red, green, blue].every(Number.isFinite))
    throw invalidFlag(`"${text}" is not three numbers r,g,b`, flag);
  return [red, green, blue];
}

export const INPUT_FLAGS: FlagSpecs = {
  mean: valued('R,G,B', "normalisation of the input in 0..1 (default: ImageNet's; a student's own)"),
  std: valued('R,G,B', "normalisation of the input in 0..1 (default: ImageNet's; a student's own)"),
};

/** What is given of `--mean` and `--std`. @throws AlibiError  InvalidInput naming the flag */
export function inputOf(flags: Flags): { readonly mean?: Triple; readonly std?: Triple } {
  const [mean, std] = [flags.text('mean'), flags.text('std')];
  return {
    ...(mean === undefined ? {} : { mean: triple(mean, '--mean') }),
    ...(std === undefined ? {} : { std: positives(triple(std, '--std'), '--std') }),
  };
}

function positives(values: Triple, flag: string): Triple {
  if (values.every((value) => value > 0)) return values;
  throw invalidFlag('each must be above 0', flag);
}

export function positive(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw invalidFlag(`"${text}" is not a number above 0`, flag);
}

export function whole(text: string, flag: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalidFlag(`"${text}" is not a whole number from ${least}`, flag);
}

export function oneOf<const T extends string>(text: string, choices: readonly T[], flag: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw invalidFlag(`"${text}" is not one of ${choices.join(', ')}`, flag);
}

/** `--precision P` where it picks one of a checkpoint's graphs. */
export const PRECISION_FLAG = valued(
  'P',
  `the graph of this precision (default: the first): ${PRECISIONS.join(', ')}`,
);

/** @throws AlibiError  InvalidInput naming the flag */
export function precisionOf(text: string | undefined): Precision | undefined {
  return text === undefined ? undefined : oneOf(text, PRECISIONS, '--precision');
}

/** A command line without the reader's own folders, for what is published. */
export function commandText(argv: readonly string[]): string {
  return argv
    .map((part) => (/[\\/]/.test(part) ? (part.split(/[\\/]/).slice(-2).join('/') ?? part) : part))
    .map((part) => (/[^\w.,:=/+-]/.test(part) ? JSON.stringify(part) : part))
    .join(' ');
}

/** @param flag  the flag at fault, with its dashes */
export function invalidFlag(what: string, flag: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: flag, remedy: 'See --help of the command.' });
}
