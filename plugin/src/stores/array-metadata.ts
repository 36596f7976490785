import type { DataType, Scalar } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { type ByteOrder, isDataType } from './elements.ts';
import { parseFillValue } from './fill-value.ts';
import { jsonText } from './json-text.ts';

export interface StoredCodec {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** What `.zarray` or `zarr.json` says of an array, both told in Zarr v3's words. */
export interface ArrayMetadata {
  readonly zarrFormat: 2 | 3;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly fillValue: Scalar<DataType>;
  /** Of the stored objects: of shards where the array is sharded. */
  readonly gridShape: readonly number[];
  readonly codecs: readonly StoredCodec[];
  /** Key of a stored object below the array's path. */
  readonly objectKey: (index: readonly number[]) => string;
  readonly dimensionNames?: readonly (string | null)[];
}

/**
 * Parse the metadata file of an array.
 *
 * @param where  the file's address, for messages
 * @throws UnsupportedFormatError  names the field and what is known of it
 */
export function parseArrayMetadata(bytes: Uint8Array, zarrFormat: 2 | 3, where: string): ArrayMetadata {
  const text = jsonText(bytes, where);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AlibiError('UnsupportedFormat', {
      what: 'the file is not JSON',
      where,
      remedy: 'Repair the file, or check that the address leads to a Zarr array.',
      cause,
    });
  }
  const fields = new Fields(value, where, text);
  if (fields.value('zarr_format') !== zarrFormat)
    fields.refuse('zarr_format', `must be ${zarrFormat} in this file`);
  return zarrFormat === 3 ? parseV3(fields) : parseV2(fields);
}

/** Typed access to the fields of one JSON object, with errors that name file and field. */
class Fields {
  readonly where: string;
  readonly text: string;
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(value: unknown, where: string, text: string) {
    this.where = where;
    this.text = text;
    if (!isRecord(value)) throw unsupported('the file', 'is not a JSON object', where);
    this.#object = value;
  }

  refuse(field: string, why: string): never {
    throw unsupported(field, why, this.where);
  }

  names(): string[] {
    return Object.keys(this.#object);
  }

  value(field: string): unknown {
    return Object.hasOwn(this.#object, field) ? this.#object[field] : undefined;
  }

  record(field: string): Readonly<Record<string, unknown>> {
    const value = this.value(field);
    return isRecord(value) ? value : this.refuse(field, 'must be an object');
  }

  sizes(field: string, value: unknown, { rank, least }: { rank?: number; least: number }): number[] {
    const sound =
      isArray(value) &&
      (rank === undefined || value.length === rank) &&
      value.every((size): size is number => Number.isSafeInteger(size) && Number(size) >= least);
    return sound
      ? value
      : this.refuse(field, `must be a list of ${rank ?? ''} whole numbers from ${least} on`);
  }

  fillValue<T extends DataType>(dtype: T): Scalar<T> {
    const value = this.value('fill_value');
    // Digits as written: JSON.parse rounds integers beyond 2^53. The match that means the same number is ours.
    const exact = [...this.text.matchAll(/"fill_value"\s*:\s*(-?\d+)/g)]
      .map((match) => match[1])
      .find((digits) => Number(digits) === value);
    const scalar = parseFillValue(dtype, value, exact);
    return scalar ?? this.refuse('fill_value', `is ${shortJson(value)}, which is no ${dtype}`);
  }
}

/** A value in a message: what is long is cut. */
function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `Array.isArray` makes `any[]` of `unknown`; this does not. */
function isArray(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function unsupported(field: string, why: string, where: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what: `${field} ${why}`,
    where,
    remedy: `Rewrite the array with another ${field}; integers, floats and booleans in regular chunks with blosc, zstd, gzip, zlib, lz4 or no compression can be read.`,
    data: { field },
  });
}

const v3Fields: ReadonlySet<string> = new Set([
  'zarr_format',
  'node_type',
  'shape',
  'data_type',
  'chunk_grid',
  'chunk_key_encoding',
  'fill_value',
  'codecs',
  'attributes',
  'dimension_names',
  'storage_transformers',
]);

function parseV3(fields: Fields): ArrayMetadata {
  if (fields.value('node_type') !== 'array') fields.refuse('node_type', 'must be "array" here');
  refuseUnknown(fields);
  const shape = fields.sizes('shape', fields.value('shape'), { least: 0 });
  const dtype = fields.value('data_type');
  if (typeof dtype !== 'string' || !isDataType(dtype)) {
    return fields.refuse('data_type', `is ${shortJson(dtype)}, which is not an image's type`);
  }
  const grid = fields.record('chunk_grid');
  if (grid.name !== 'regular') fields.refuse('chunk_grid', `is ${shortJson(grid.name)}, not "regular"`);
  const gridConfiguration = isRecord(grid.configuration) ? grid.configuration : {};
  const gridShape = fields.sizes('chunk_grid', gridConfiguration.chunk_shape, {
    rank: shape.length,
    least: 1,
  });
  return {
    zarrFormat: 3,
    shape,
    dtype,
    fillValue: fields.fillValue(dtype),
    gridShape,
    codecs: parseCodecList(fields.value('codecs'), fields.where),
    objectKey: parseKeyEncoding(fields),
    ...parseDimensionNames(fields, shape.length),
  };
}

/** Zarr v3: what is not known must be refused, unless it says that it need not be understood. */
function refuseUnknown(fields: Fields): void {
  for (const name of fields.names()) {
    const value = fields.value(name);
    const optional = isRecord(value) && value.must_understand === false;
    if (!v3Fields.has(name) && !optional) fields.refuse(name, 'is an extension that is not known here');
  }
  const transformers = fields.value('storage_transformers');
  if (isArray(transformers) && transformers.length > 0)
    fields.refuse('storage_transformers', 'are not supported');
}

function parseKeyEncoding(fields: Fields): ArrayMetadata['objectKey'] {
  const encoding = fields.value('chunk_key_encoding');
  const name = isRecord(encoding) ? encoding.name : encoding;
  const configuration = isRecord(encoding) && isRecord(encoding.configuration) ? encoding.configuration : {};
  const separator = configuration.separator ?? (name === 'v2' ? '.' : '/');
  if (separator !== '.' && separator !== '/')
    fields.refuse('chunk_key_encoding', 'has a separator other than . and /');
  if (name === 'default') return (index) => ['c', ...index].join(String(separator));
  if (name === 'v2') return v2Key(String(separator));
  return fields.refuse('chunk_key_encoding', `is ${shortJson(name)}, neither "default" nor "v2"`);
}

function v2Key(separator: string): ArrayMetadata['objectKey'] {
  return (index) => (index.length === 0 ? '0' : index.join(separator));
}

function parseDimensionNames(fields: Fields, rank: number): Pick<ArrayMetadata, 'dimensionNames'> {
  const names = fields.value('dimension_names');
  if (names === undefined || names === null) return {};
  const sound =
    isArray(names) &&
    names.length === rank &&
    names.every((name): name is string | null => name === null || typeof name === 'string');
  return sound ? { dimensionNames: names } : fields.refuse('dimension_names', 'must name every dimension');
}

/** A Zarr v3 list of codecs; a bare string is a codec without configuration. */
export function parseCodecList(value: unknown, where: string): StoredCodec[] {
  if (!isArray(value)) throw unsupported('codecs', 'must be a list', where);
  return value.map((item) => {
    const named = typeof item === 'string' ? { name: item } : item;
    if (!isRecord(named) || typeof named.name !== 'string')
      throw unsupported('codecs', 'has an item without a name', where);
    return {
      name: named.name,
      configuration: isRecord(named.configuration) ? named.configuration : {},
    };
  });
}

const v2Types: Readonly<Record<string, DataType>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/** A NumPy type string such as `<u2`. */
export function parseV2Type(value: unknown): { dtype: DataType; order: ByteOrder } | undefined {
  const match = typeof value === 'string' ? /^([<>|])([biuf]\d)$/.exec(value) : null;
  const dtype = v2Types[match?.[2] ?? ''];
  return dtype === undefined ? undefined : { dtype, order: match?.[1] === '>' ? 'big' : 'little' };
}

function parseV2(fields: Fields): ArrayMetadata {
  const shape = fields.sizes('shape', fields.value('shape'), { least: 0 });
  const type = parseV2Type(fields.value('dtype'));
  if (type === undefined) {
    return fields.refuse('dtype', `is ${shortJson(fields.value('dtype'))}, which is not an image's type`);
  }
  const separator = fields.value('dimension_separator') ?? '.';
  if (separator !== '.' && separator !== '/') fields.refuse('dimension_separator', 'must be . or /');
  return {
    zarrFormat: 2,
    shape,
    dtype: type.dtype,
    fillValue: fields.fillValue(type.dtype),
    gridShape: fields.sizes('chunks', fields.value('chunks'), { rank: shape.length, least: 1 }),
    codecs: v2Codecs(fields, type.order, shape.length),
    objectKey: v2Key(String(separator)),
  };
}

/** Order, filters and compressor of Zarr v2 as a chain of codecs. */
function v2Codecs(fields: Fields, order: ByteOrder, rank: number): StoredCodec[] {
  const memoryOrder = fields.value('order') ?? 'C';
  if (memoryOrder !== 'C' && memoryOrder !== 'F') fields.refuse('order', 'must be "C" or "F"');
  const before: StoredCodec[] = [];
  const after: StoredCodec[] = [];
  if (memoryOrder === 'F') {
    const reversed = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    before.push({ name: 'transpose', configuration: { order: reversed } });
  }
  let storedOrder = order;
  const filters = fields.value('filters') ?? [];
  if (!isArray(filters)) return fields.refuse('filters', 'must be a list or null');
  for (const filter of filters) {
    const codec = v2Codec(filter) ?? fields.refuse('filters', 'has an item without an id');
    // `shuffle` works on bytes, the other filters on elements; `astype` is the type they leave behind.
    (codec.name === 'shuffle' ? after : before).push(codec);
    storedOrder = parseV2Type(codec.configuration.astype ?? codec.configuration.dtype)?.order ?? storedOrder;
  }
  const compressor = fields.value('compressor') ?? null;
  if (compressor !== null) after.push(v2Codec(compressor) ?? fields.refuse('compressor', 'has no id'));
  return [...before, { name: 'bytes', configuration: { endian: storedOrder } }, ...after];
}

function v2Codec(value: unknown): StoredCodec | undefined {
  if (!isRecord(value) || typeof value.id !== 'string') return undefined;
  const { id, ...configuration } = value;
  return { name: id, configuration };
}
