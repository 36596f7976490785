import { AlibiError } from 'alibi-zarr/checkpoint';
import { type ByteSource, truncated } from './byte-source.ts';
import { FLOAT_BYTES, type FloatType, toFloat32 } from './element-type.ts';
import type { Tensor } from './vit-weights.ts';

const FLOATS: Readonly<Record<string, FloatType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

const BYTES: Readonly<Record<string, 'uint8'>> = { U8: 'uint8', BOOL: 'uint8' };

// An entry takes about 100 bytes: room for 150,000 tensors. (The reference implementation's bound is 100 MB.)
const HEADER_LIMIT = 16 * 2 ** 20;

/**
 * Reads the floating-point tensors of a safetensors file; those of other types are left out.
 *
 * @param o.bytes  read U8 and BOOL as well, such as masks
 * @throws AlibiError  InvalidInput where header, types or offsets do not hold together: as the format has it, the tensors
 *   fill the data one after the other, without gap or overlap, and each name is there once
 * Source: the safetensors format (8 bytes length, JSON header, data).
 */
export async function readSafetensors(
  source: ByteSource,
  o: { readonly bytes?: boolean } = {},
): Promise<Map<string, Tensor>> {
  const { header, length } = await readHeader(source);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => ({ name, ...parseEntry(value, name, source.where) }));
  assertWhole(entries, source.size - 8 - length, source.where);
  const tensors = new Map<string, Tensor>();
  for (const { name, ...entry } of entries) {
    const type = typeOf(FLOATS, entry.dtype) ?? (o.bytes === true ? typeOf(BYTES, entry.dtype) : undefined);
    if (type === undefined) continue;
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const byteLength = entry.end - entry.begin;
    if (byteLength !== count * (type === 'uint8' ? 1 : FLOAT_BYTES[type])) {
      throw invalid(
        source.where,
        `${shortName(name)} has ${byteLength} bytes for a shape of [${entry.shape.slice(0, 8)}] in ${type}`,
      );
    }
    const bytes = await source.read(8 + length + entry.begin, byteLength);
    tensors.set(name, {
      shape: entry.shape,
      data: type === 'uint8' ? Float32Array.from(bytes) : toFloat32(bytes, type),
    });
  }
  return tensors;
}

/** Never what every object inherits. */
function typeOf<T>(types: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

/** Texts that stand beside the tensors; none where the file has none. @throws AlibiError  InvalidInput: no such header */
export async function readMetadata(source: ByteSource): Promise<ReadonlyMap<string, unknown>> {
  const { __metadata__: metadata } = (await readHeader(source)).header;
  return new Map(isRecord(metadata) ? Object.entries(metadata) : []);
}

async function readHeader(
  source: ByteSource,
): Promise<{ readonly header: Record<string, unknown>; readonly length: number }> {
  const bytes = await source.read(0, 8);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > HEADER_LIMIT || length + 8 > source.size) {
    throw truncated(source.where, `its header claims ${length} bytes of ${source.size}`);
  }
  return { header: parseHeader(await source.read(8, length), source.where), length };
}

function parseHeader(bytes: Uint8Array, where: string): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw invalid(where, 'its header is not JSON', cause);
  }
  if (!isRecord(header)) throw invalid(where, 'its header is not an object');
  // `JSON.parse` keeps the last of two members with one name and says nothing.
  if (membersAtTop(text) !== Object.keys(header).length)
    throw invalid(where, 'its header names a tensor twice');
  return header;
}

/** Members of the outermost object of a valid JSON text, however often a name comes. */
function membersAtTop(json: string): number {
  let depth = 0;
  let members = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === ':' && depth === 1) members++;
  }
  return members;
}

/** Tensors one after the other from the first byte of the data to its last. */
function assertWhole(
  entries: readonly (Entry & { readonly name: string })[],
  dataBytes: number,
  where: string,
): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      throw invalid(
        where,
        `${shortName(entry.name)} begins at byte ${entry.begin} of the data, where ${end} is due`,
      );
    }
    end = entry.end;
  }
  if (end !== dataBytes) throw truncated(where, `its tensors take ${end} bytes of ${dataBytes}`);
}

function shortName(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseEntry(value: unknown, name: string, where: string): Entry {
  const fail = (): never => {
    throw invalid(where, `the entry ${shortName(name)} of its header lacks dtype, shape or data_offsets`);
  };
  if (!isRecord(value)) return fail();
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets)) return fail();
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2 || end < begin) return fail();
  return { dtype, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function invalid(where: string, what: string, cause?: unknown): AlibiError {
  const remedy = 'Fetch it again, or save it with the safetensors library.';
  return new AlibiError('InvalidInput', { what, where, remedy, cause });
}
