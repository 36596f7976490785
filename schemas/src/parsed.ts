import type { Check } from './generated/validators.ts';

/** What comes of parsing: the value with its type, or what is wrong with it and where. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** where in the value, as a JSON pointer; empty for the value itself */
      readonly path: string;
      /** what is wrong there, in words */
      readonly message: string;
    };

/**
 * Run a generated validator.
 *
 * @param check  the validator of T's schema
 * @param value  anything; it is not changed and not copied
 */
export function parsed<T>(check: Check, value: unknown): Parsed<T> {
  // The cast is what the generated validator has just proven.
  if (check(value)) return { ok: true, value: value as T };
  const error = mostTelling(check.errors ?? []);
  return { ok: false, path: error?.instancePath ?? '', message: describe(error) };
}

type CheckError = NonNullable<Check['errors']>[number];

/** Of alternatives that all failed the one that got deepest into the value; otherwise there is one error. */
function mostTelling(errors: readonly CheckError[]): CheckError | undefined {
  const depth = ({ instancePath }: CheckError): number => instancePath.split('/').length;
  return errors.reduce<CheckError | undefined>(
    (best, error) => (best === undefined || depth(error) > depth(best) ? error : best),
    undefined,
  );
}

function describe(error: CheckError | undefined): string {
  if (!error) return 'does not fit its schema';
  const { message = 'does not fit its schema', params } = error;
  if (typeof params.additionalProperty === 'string')
    return `has an unknown field "${params.additionalProperty}"`;
  if (Array.isArray(params.allowedValues)) return `must be one of ${JSON.stringify(params.allowedValues)}`;
  if ('allowedValue' in params) return `must be ${JSON.stringify(params.allowedValue)}`;
  return message;
}
