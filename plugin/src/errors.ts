/**
 * The one family of errors. Each carries a tag to switch on, the data a program needs, and a message that
 * says what is wrong, where, and what to do about it. Aborts are never wrapped in one of these.
 */
export type ErrorTag =
  | 'InvalidInput'
  | 'UnsupportedFormat'
  | 'NotFound'
  | 'Network'
  | 'PermissionDenied'
  | 'Conflict'
  | 'Integrity'
  | 'SelfTest'
  | 'Environment'
  | 'Internal';

export interface ErrorDetails {
  /** What is wrong, in one clause: `axes[2].type is "spice"`. */
  readonly what: string;
  /** Where: a URL, path, file and field. */
  readonly where: string;
  /** What the reader can do about it, as an imperative sentence. */
  readonly remedy: string;
  readonly cause?: unknown;
  /** HTTP status, byte counts, … whatever a program may want to read. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Message format: `what (where). remedy` — one line, fit for a terminal and for a banner. */
export class AlibiError extends Error {
  readonly tag: ErrorTag;
  readonly what: string;
  readonly where: string;
  readonly remedy: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(tag: ErrorTag, details: ErrorDetails) {
    super(`${details.what} (${details.where}). ${details.remedy}`, { cause: details.cause });
    this.name = `${tag}Error`;
    this.tag = tag;
    this.what = details.what;
    this.where = details.where;
    this.remedy = details.remedy;
    this.data = details.data ?? {};
  }

  /** Plain data that survives `postMessage`; see {@link fromPlain}. The cause is reduced to its text. */
  toPlain(): PlainError {
    return {
      tag: this.tag,
      what: this.what,
      where: this.where,
      remedy: this.remedy,
      data: this.data,
      ...(this.cause === undefined ? {} : { cause: String(this.cause) }),
    };
  }

  static fromPlain(plain: PlainError): AlibiError {
    return new AlibiError(plain.tag, plain);
  }
}

export interface PlainError extends ErrorDetails {
  readonly tag: ErrorTag;
}

/** True for the `DOMException` (or `Error`) an `AbortSignal` gives. Aborts are rethrown untouched. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** An unknown thrown value as a member of the family; members and aborts pass through unchanged. */
export function asAlibiError(error: unknown, where: string): AlibiError {
  if (error instanceof AlibiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AlibiError('Internal', {
    what: message === '' ? 'unknown failure' : message,
    where,
    remedy: 'Please report this with the steps that led here.',
    cause: error,
  });
}
