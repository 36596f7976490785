import { type ChunkData, type DataType, elementCount } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import { type Elements, undelta, unscaled, unshuffled, untransposed } from './array-codecs.ts';
import { parseV2Type, type StoredCodec } from './array-metadata.ts';
import { runCodec } from './codec-workers.ts';
import { type Compressor, compressors, isCompressor } from './compression.ts';
import { checkedCrc32c } from './crc32c.ts';
import { packedLimit } from './decoded-size.ts';
import { type ByteOrder, decodeElements, isDataType, storedSize } from './elements.ts';

export interface DecodeOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Stored bytes → elements of one whole chunk, C order. Throws a plain Error where the bytes are damaged. */
export interface ChunkDecoder<T extends DataType> {
  readonly decode: (bytes: Uint8Array, options?: DecodeOptions) => Promise<ChunkData[T]>;
  /** The most bytes that a stored chunk can sensibly have. */
  readonly storedLimit: number;
  /** Such as `transpose>bytes>blosc:lz4`. */
  readonly text: string;
}

type BytesStep = (bytes: Uint8Array, options: DecodeOptions) => Promise<Uint8Array> | Uint8Array;
type ArrayStep = (data: Elements) => Elements;

/**
 * @param shape  of a whole chunk
 * @throws UnsupportedFormatError  naming the codec
 */
export function createChunkDecoder<T extends DataType>(
  codecs: readonly StoredCodec[],
  { dtype, shape, where }: { dtype: T; shape: readonly number[]; where: string },
): ChunkDecoder<T> {
  const arraySteps: ArrayStep[] = [];
  const bytesCodecs: { readonly name: BytesCodec; readonly codec: StoredCodec }[] = [];
  let storedType: DataType = dtype;
  let storedShape = shape;
  let order: ByteOrder | undefined;
  for (const codec of codecs) {
    const name = codec.name.replace(/^numcodecs\./, '');
    if (name === 'bytes') {
      if (order !== undefined) throw unsupportedCodec(codec, where, 'comes twice');
      order = codec.configuration.endian === 'big' ? 'big' : 'little';
    } else if (name === 'shuffle' || name === 'crc32c' || isCompressor(name)) {
      bytesCodecs.push({ name, codec });
    } else {
      if (order !== undefined) throw unsupportedCodec(codec, where, 'is not known as a codec of bytes');
      const step = arrayStep(name, codec, { dtype: storedType, shape: storedShape, where });
      arraySteps.push(step.undo);
      storedType = step.storedType;
      storedShape = step.storedShape;
    }
  }
  const expectedBytes = elementCount(shape) * storedSize(storedType);
  // From the array on: what each step takes is what the one before it gave.
  let stepBytes = expectedBytes;
  const bytesSteps = bytesCodecs.map(({ name, codec }) => {
    const step = bytesStep(name, codec, { byteLimit: stepBytes, where });
    stepBytes = packedLimit(stepBytes);
    return step;
  });
  return {
    storedLimit: packedLimit(stepBytes),
    text: codecs.map(codecText).join('>'),
    decode: async (stored, options = {}) => {
      let bytes = stored;
      for (const step of bytesSteps.toReversed()) bytes = await step(bytes, options);
      if (bytes.length !== expectedBytes) {
        throw new Error(`it decodes to ${bytes.length} bytes where ${expectedBytes} are due`);
      }
      // No `bytes` codec, as some writers leave it: little-endian.
      let data: Elements = decodeElements(bytes, storedType, order ?? 'little');
      for (const undo of arraySteps.toReversed()) data = undo(data);
      // The steps end at `dtype`, where the chain of stored types began.
      return data as ChunkData[T];
    },
  };
}

/** Bytes of the widest element there is (complex128). */
const mostOfElement = 16;

type BytesCodec = Compressor | 'shuffle' | 'crc32c';

/** @param byteLimit  what undoing the step may give */
function bytesStep(
  name: BytesCodec,
  codec: StoredCodec,
  { byteLimit, where }: { byteLimit: number; where: string },
): BytesStep {
  if (name === 'crc32c') return checkedCrc32c;
  if (name === 'shuffle') {
    const elementSize = Number(codec.configuration.elementsize ?? 4);
    if (!Number.isInteger(elementSize) || elementSize < 1 || elementSize > mostOfElement)
      throw unsupportedCodec(codec, where, 'has an elementsize that no type has');
    return (bytes) => unshuffled(bytes, elementSize);
  }
  return (bytes, options) => runCodec({ kind: 'decompress', name, bytes, byteLimit }, options);
}

interface ArrayCodec {
  readonly undo: ArrayStep;
  readonly storedType: DataType;
  readonly storedShape: readonly number[];
}

function arrayStep(
  name: string,
  codec: StoredCodec,
  { dtype, shape, where }: { dtype: DataType; shape: readonly number[]; where: string },
): ArrayCodec {
  const { configuration } = codec;
  if (name === 'transpose') {
    const order = transposeOrder(configuration.order, shape.length);
    if (order === undefined)
      throw unsupportedCodec(codec, where, 'has an order that is no permutation of the axes');
    const undo: ArrayStep = (data) => untransposed(data, dtype, { shape, order });
    return { undo, storedType: dtype, storedShape: order.map((axis) => shape[axis]!) };
  }
  // Rounded when it was written; nothing to undo.
  if (name === 'bitround') return { undo: (data) => data, storedType: dtype, storedShape: shape };
  const storedType = namedType(configuration.astype ?? configuration.dtype) ?? dtype;
  if (name === 'delta' && storedType === dtype) {
    return { undo: (data) => undelta(data, dtype), storedType, storedShape: shape };
  }
  const { scale, offset } = configuration;
  const isWide = dtype === 'int64' || dtype === 'uint64';
  if (name === 'fixedscaleoffset' && typeof scale === 'number' && typeof offset === 'number' && !isWide) {
    return { undo: (data) => unscaled(data, dtype, { scale, offset }), storedType, storedShape: shape };
  }
  throw unsupportedCodec(codec, where, 'is not supported');
}

function namedType(value: unknown): DataType | undefined {
  if (typeof value === 'string' && isDataType(value)) return value;
  return parseV2Type(value)?.dtype;
}

function transposeOrder(value: unknown, rank: number): number[] | undefined {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (value === 'C') return axes;
  if (value === 'F') return axes.toReversed();
  if (!Array.isArray(value)) return undefined;
  const order = value.map(Number);
  return order.length === rank && axes.every((axis) => order.includes(axis)) ? order : undefined;
}

function codecText({ name, configuration }: StoredCodec): string {
  return typeof configuration.cname === 'string' ? `${name}:${configuration.cname}` : name;
}

export function unsupportedCodec(codec: StoredCodec, where: string, why: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what: `codec "${codec.name}" ${why}`,
    where,
    remedy: `Rewrite the array with one of ${compressors.join(', ')}, or without compression.`,
    data: { field: 'codecs', codec: codec.name },
  });
}
