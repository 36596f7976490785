import { nestsDeeperThan } from '../array/json.ts';
import { omeRule, type RuledVersion } from './attribute-rules.ts';
import { isObject, own } from './metadata-file.ts';
import { object, type Problem, type Validation, validation } from './rules.ts';

export interface ValidateOptions {
  readonly version: RuledVersion;
  /** Also ask for what the specification recommends (its strict schemas). */
  readonly strict?: boolean;
}

/**
 * Whether the attributes of a group are valid OME-Zarr, as the specification's schemas decide. Never throws.
 *
 * @param attributes  0.4: the content of `.zattrs`. 0.5: the `attributes` of `zarr.json` (with `ome` inside),
 *                    or the whole `zarr.json`
 */
export function validateAttributes(
  attributes: unknown,
  { version, strict = false }: ValidateOptions,
): Validation {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => {
    problems.push(problem);
  };
  if (nestsDeeperThan(attributes, nestingLimit)) {
    report({
      field: 'attributes',
      what: `are nested more than ${nestingLimit} deep`,
      remedy: 'Flatten them.',
    });
    return validation(problems);
  }
  const rule = omeRule({ version, strict });
  if (version === '0.4') rule(attributes, '', report);
  else object({ ome: rule }, ['ome'])(unwrapped(attributes), '', report);
  return validation(problems);
}

const nestingLimit = 1000;

/** A whole `zarr.json`, or the `attributes` in it. */
function unwrapped(value: unknown): unknown {
  if (!isObject(value) || Object.hasOwn(value, 'ome')) return value;
  const inner = own(value, 'attributes');
  return isObject(inner) ? inner : value;
}
