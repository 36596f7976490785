import { AlibiError } from '../errors.ts';
import { jsonText, metadataByteLimit } from '../stores/json-text.ts';
import type { ReadStore } from '../stores/store.ts';

/** Where an OME-Zarr group lies: `path` is `''` for the store's root, else `/A/1/0`. */
export interface GroupLocation {
  readonly store: ReadStore;
  readonly path: string;
  /** URL or file name, for messages and provenance. */
  readonly location: string;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A metadata file as read: its parsed value and its bytes. */
export interface MetadataFile {
  /** Store key, such as `/A/1/.zattrs`. */
  readonly key: `/${string}`;
  readonly value: JsonObject;
  readonly bytes: Uint8Array;
}

const repair = 'Repair the file, or write the image again.';

/**
 * JSON text of metadata as an object; read as {@link parseJson} does.
 *
 * @throws AlibiError InvalidInput  not JSON, not an object, nested more than 200 deep, or larger than any metadata
 */
export function parseMetadata(text: string | Uint8Array, where: string): JsonObject {
  const value = parseJson(text, where);
  if (isObject(value)) return value;
  throw new AlibiError('InvalidInput', {
    what: `${describe(value)}, not a JSON object`,
    where,
    remedy: repair,
  });
}

/**
 * JSON text of any value.
 *
 * A byte order mark is skipped, and the bare words `NaN` and `Infinity`, which Python writes into
 * attributes, read as null. Names such as `__proto__` become plain properties and change nothing.
 *
 * @param where  file the text came from, for messages
 * @throws AlibiError InvalidInput  not JSON, nested more than 200 deep, or larger than any metadata
 */
export function parseJson(text: string | Uint8Array, where: string): unknown {
  return parseLoosely(jsonText(text, where), where);
}

function parseLoosely(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    try {
      return JSON.parse(
        json.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
          part.startsWith('"') ? part : 'null',
        ),
      );
    } catch {
      throw new AlibiError('InvalidInput', {
        what: `not valid JSON: ${cause instanceof Error ? cause.message.slice(0, 120) : String(cause)}`,
        where,
        remedy: repair,
        cause,
      });
    }
  }
}

/**
 * Read and parse one metadata file; `undefined` where it is missing.
 *
 * A body that begins with `<` counts as missing: web servers that answer every address with a page of HTML
 * do so for files that are not there.
 */
export async function readMetadataFile(
  group: GroupLocation,
  name: string,
  options: ReadOptions = {},
): Promise<MetadataFile | undefined> {
  options.signal?.throwIfAborted();
  const key: `/${string}` = `${keyPrefix(group.path)}/${name}`;
  const bytes = await group.store.get(key, {
    byteLimit: metadataByteLimit,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (bytes === undefined || startsLikeHtml(bytes)) return undefined;
  return { key, value: parseMetadata(bytes, `${group.location}${key}`), bytes };
}

function startsLikeHtml(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) continue;
    return byte === 0x3c;
  }
  return false;
}

/** `path` as the beginning of a store key: `''`, or with one leading and no trailing slash. */
export function keyPrefix(path: string): '' | `/${string}` {
  const inner = path.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `/${inner}`;
}

/** Group path below `parent`: `childPath('/A', '1/0')` is `/A/1/0`. */
export function childPath(parent: string, child: string): string {
  return `${keyPrefix(parent)}/${child}`;
}

/**
 * A relative path out of a file's metadata, without `./` and trailing slashes; `undefined` where it is not a
 * string, is empty, absolute, an address, or would leave the group (`..`). A whole number, which some writers
 * give for a level, is its digits.
 */
export function safeRelativePath(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  if (typeof value !== 'string') return undefined;
  const path = value.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '');
  if (path === '' || path.startsWith('/') || path.includes('\\') || path.includes('\0')) return undefined;
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return undefined;
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined;
  return path;
}

/** True for a JSON object (not null, not an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own property `name`, never one inherited from the prototype. */
export function own(value: JsonObject, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A value in a few words for a message: `the text "spice"`, `a list of 2`, `nothing`. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return `${typeof value === 'boolean' ? '' : 'the number '}${String(value)}`;
}
