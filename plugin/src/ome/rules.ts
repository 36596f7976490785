import { describe, isObject, own } from './metadata-file.ts';

/** One violated rule: the field, what is wrong with it, and what to do. */
export interface Problem {
  readonly field: string;
  readonly what: string;
  readonly remedy: string;
  /** The file, where several were looked at: a store key. */
  readonly file?: string;
}

/**
 * A rule looks at one value and reports what is wrong with it. `field` is its dotted name; rules nest into the rule
 * of a whole file, which then reads like the specification's tables.
 */
export type Rule = (value: unknown, field: string, report: (problem: Problem) => void) => void;

/** Several rules on one value. */
export function all(...rules: readonly Rule[]): Rule {
  return (value, field, report) => {
    for (const rule of rules) rule(value, field, report);
  };
}

/** An object with these required members and rules on those present; others are free. */
export function object(fields: Readonly<Record<string, Rule>>, required: readonly string[] = []): Rule {
  return (value, field, report) => {
    if (!isObject(value)) {
      report({ field, what: `is ${describe(value)}`, remedy: 'Give an object.' });
      return;
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) {
        report({ field: join(field, name), what: 'is missing', remedy: `Add "${name}".` });
      }
    }
    for (const [name, rule] of Object.entries(fields)) {
      if (Object.hasOwn(value, name)) rule(own(value, name), join(field, name), report);
    }
  };
}

/** Members that must be there; says nothing of what is not an object (the rule beside it does). */
export function requires(...names: readonly string[]): Rule {
  return (value, field, report) => {
    if (isObject(value)) object({}, names)(value, field, report);
  };
}

export interface ListOptions {
  readonly min?: number;
  readonly max?: number;
  /** No two equal entries. */
  readonly unique?: boolean;
}

export function list(
  item: Rule,
  { min = 0, max = Number.POSITIVE_INFINITY, unique = false }: ListOptions = {},
): Rule {
  return (value, field, report) => {
    if (!Array.isArray(value)) {
      report({ field, what: `is ${describe(value)}`, remedy: 'Give a list.' });
      return;
    }
    if (value.length < min) {
      report({ field, what: `has ${value.length} entries`, remedy: `Give at least ${min}.` });
    }
    if (value.length > max)
      report({ field, what: `has ${value.length} entries`, remedy: `Give at most ${max}.` });
    if (unique) reportDoubles(value, field, report);
    value.forEach((entry: unknown, i) => {
      item(entry, `${field}[${i}]`, report);
    });
  };
}

function reportDoubles(value: readonly unknown[], field: string, report: (problem: Problem) => void): void {
  const seen = new Map<string, number>();
  value.forEach((entry, i) => {
    const text = canonicalJson(entry);
    const earlier = seen.get(text);
    if (earlier === undefined) seen.set(text, i);
    else
      report({
        field: `${field}[${i}]`,
        what: `repeats ${field}[${earlier}]`,
        remedy: 'Remove one of the two.',
      });
  });
}

/** Equal texts for values that are equal as JSON, whatever the order of an object's members. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonicalJson(own(value, name))}`).join()}}`;
}

export function text(pattern?: RegExp, meaning = ''): Rule {
  return (value, field, report) => {
    if (typeof value !== 'string') report({ field, what: `is ${describe(value)}`, remedy: 'Give a text.' });
    else if (pattern !== undefined && !pattern.test(value)) {
      report({ field, what: `is ${describe(value)}`, remedy: `Give ${meaning}.` });
    }
  };
}

export function oneOf(...values: readonly (string | number)[]): Rule {
  return (value, field, report) => {
    if (values.some((allowed) => allowed === value)) return;
    report({
      field,
      what: `is ${describe(value)}`,
      remedy: `Give ${values.map((v) => JSON.stringify(v)).join(' or ')}.`,
    });
  };
}

export interface NumberOptions {
  readonly integer?: boolean;
  readonly min?: number;
  readonly max?: number;
}

export function number({ integer = false, min, max }: NumberOptions = {}): Rule {
  return (value, field, report) => {
    const wrong = (remedy: string): void => report({ field, what: `is ${describe(value)}`, remedy });
    if (typeof value !== 'number' || !Number.isFinite(value))
      wrong(`Give ${integer ? 'an integer' : 'a number'}.`);
    else if (integer && !Number.isInteger(value)) wrong('Give an integer.');
    else if (min !== undefined && value < min) wrong(`Give ${min} or more.`);
    else if (max !== undefined && value > max) wrong(`Give ${max} or less.`);
  };
}

export const truth: Rule = (value, field, report) => {
  if (typeof value !== 'boolean')
    report({ field, what: `is ${describe(value)}`, remedy: 'Give true or false.' });
};

function join(field: string, name: string): string {
  const step = /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name);
  return field === '' ? step : `${field}.${step}`;
}

export interface Validation {
  readonly valid: boolean;
  /** The first problem in words, with how many more there are; absent where valid. */
  readonly message?: string;
  readonly problems: readonly Problem[];
}

/** A verdict from problems. */
export function validation(problems: readonly Problem[]): Validation {
  const [first] = problems;
  if (first === undefined) return { valid: true, problems };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const subject = [first.file, first.field].filter((part) => part !== undefined && part !== '').join(': ');
  return {
    valid: false,
    message: `${subject === '' ? 'the file' : subject} ${first.what}. ${first.remedy}${more}`,
    problems,
  };
}
