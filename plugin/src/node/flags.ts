import { type ParseArgsConfig, parseArgs } from 'node:util';
import { AlibiError } from '../errors.ts';

export interface FlagSpec {
  readonly type: 'string' | 'boolean';
  /** Placeholder of the value in the help: `n`, `PATH`. */
  readonly value?: string;
  readonly help: string;
  /** It may be given again; {@link Flags.all} has every value. */
  readonly repeats?: boolean;
}

export interface CommandSpec {
  /** The program the command belongs to; `alibi-zarr` unless it says otherwise. */
  readonly program?: string;
  readonly name: string;
  readonly summary: string;
  /** Placeholders of positional arguments; one in brackets may be left out, a last one in `...` repeats. */
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** Shown at the end of the help. */
  readonly examples: readonly string[];
}

/** Flags of one call, with accessors that name the flag when its value is no good. */
export interface Flags {
  /** The command's arguments as they were given. */
  readonly argv: readonly string[];
  readonly positionals: readonly string[];
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** Every value of a flag that repeats, in order; none: empty. */
  all(name: string): readonly string[];
  /** A whole number of at least `min`. */
  integer(name: string, min: number): number | undefined;
  number(name: string): number | undefined;
}

const common: Readonly<Record<string, FlagSpec>> = {
  json: { type: 'boolean', help: 'print one JSON object on stdout' },
  help: { type: 'boolean', help: 'show this text; also -h' },
};

export function allFlags(spec: CommandSpec): Readonly<Record<string, FlagSpec>> {
  return { ...spec.flags, ...common };
}

/**
 * @throws AlibiError InvalidInput  an unknown flag (with the nearest known one), a flag without its value,
 *                                  a flag given twice that does not repeat, a missing or a superfluous argument
 */
export function parseFlags(spec: CommandSpec, argv: readonly string[]): Flags {
  const flags = allFlags(spec);
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type }] of Object.entries(flags)) options[name] = { type };
  options.help = { type: 'boolean', short: 'h' };
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  const repeated = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    if (flag === undefined) throw unknownFlag(token.rawName, Object.keys(flags), spec);
    if (
      flag.type === 'string' &&
      (token.value === undefined || (!token.inlineValue && /^--/.test(token.value)))
    ) {
      throw invalid(
        `${token.rawName} has no value`,
        spec,
        `Write ${token.rawName} ${flag.value ?? 'VALUE'}.`,
      );
    }
    if (flag.type === 'boolean' && token.value !== undefined) {
      throw invalid(`${token.rawName} takes no value`, spec, `Write ${token.rawName} alone.`);
    }
    if (flag.type === 'string' && values.has(token.name) && flag.repeats !== true) {
      throw invalid(`${token.rawName} is given twice`, spec, 'Give it once.');
    }
    if (token.value !== undefined) {
      repeated.set(token.name, [...(repeated.get(token.name) ?? []), token.value]);
    }
    values.set(token.name, token.value ?? true);
  }
  if (!values.has('help')) assertPositionals(spec, positionals);
  return { argv, ...createFlags(spec, { values, repeated }, positionals) };
}

function assertPositionals(spec: CommandSpec, given: readonly string[]): void {
  const required = spec.positionals.filter((name) => !name.startsWith('['));
  if (given.length < required.length) {
    throw invalid(`${required[given.length]} is missing`, spec, `Write ${usage(spec)}.`);
  }
  if (spec.positionals.at(-1)?.endsWith('...')) return;
  const extra = given[spec.positionals.length];
  if (extra !== undefined) {
    throw invalid(`"${extra}" is one argument too many`, spec, `Write ${usage(spec)}.`);
  }
}

interface ParsedValues {
  readonly values: ReadonlyMap<string, string | true>;
  /** Every value of each flag that has one, in order. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
}

function createFlags(
  spec: CommandSpec,
  { values, repeated }: ParsedValues,
  positionals: readonly string[],
): Omit<Flags, 'argv'> {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
    throw invalid(`--${name} is "${value}"`, spec, 'Give a number.');
  };
  return {
    positionals,
    has: (name) => values.has(name),
    text,
    all: (name) => repeated.get(name) ?? [],
    number,
    integer(name, min) {
      const value = number(name);
      if (value === undefined || (Number.isSafeInteger(value) && value >= min)) return value;
      throw invalid(`--${name} is ${value}`, spec, `Give a whole number of at least ${min}.`);
    },
  };
}

function unknownFlag(raw: string, known: readonly string[], spec: CommandSpec): AlibiError {
  const near = nearest(raw.replace(/^-+/, ''), known);
  const remedy = near === undefined ? `See ${titleOf(spec)} --help.` : `Did you mean --${near}?`;
  return invalid(`unknown flag ${raw}`, spec, remedy);
}

/** The known name with the fewest edits, if they are few for its length. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, edits: editDistance(name, candidate) }));
  ranked.sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.ceil(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Levenshtein: insertions, deletions and substitutions cost 1. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}

export function usage(spec: CommandSpec): string {
  return [titleOf(spec), ...spec.positionals, '[flags]'].join(' ');
}

function titleOf({ program = 'alibi-zarr', name }: Pick<CommandSpec, 'name' | 'program'>): string {
  return `${program} ${name}`;
}

export function helpText(spec: CommandSpec): string {
  const lines = Object.entries(allFlags(spec)).map(([name, flag]) => {
    const left = `--${name}${flag.type === 'string' ? ` ${flag.value ?? 'VALUE'}` : ''}`;
    return `  ${left.padEnd(26)} ${flag.help}`;
  });
  const examples = spec.examples.map((example) => `  ${spec.program ?? 'alibi-zarr'} ${example}`);
  return [spec.summary, '', `Usage: ${usage(spec)}`, '', ...lines, '', 'Examples:', ...examples].join('\n');
}

export function invalid(
  what: string,
  spec: Pick<CommandSpec, 'name' | 'program'>,
  remedy: string,
): AlibiError {
  return new AlibiError('InvalidInput', { what, where: titleOf(spec), remedy });
}
