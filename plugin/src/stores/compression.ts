import { registry } from 'zarrita';
import { AlibiError } from '../errors.ts';
import { concatenated } from './concatenated.ts';
import { claimedSize } from './decoded-size.ts';
import { startAgain } from './start-again.ts';

/** Compressors whose WebAssembly comes with zarrita; loaded when first used. */
type WasmName = 'blosc' | 'zstd' | 'lz4';

interface WasmCodec {
  encode(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  decode(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** Codec names that {@link decompress} knows. */
export const compressors = ['blosc', 'zstd', 'lz4', 'gzip', 'zlib'] as const;
export type Compressor = (typeof compressors)[number];

export function isCompressor(name: string): name is Compressor {
  return compressors.some((known) => known === name);
}

async function wasmCodec(
  name: WasmName,
  configuration: Readonly<Record<string, unknown>>,
): Promise<WasmCodec> {
  const Codec = await registry
    .get(name)?.()
    .catch((cause: unknown) => {
      throw unavailable(name, cause);
    });
  if (Codec === undefined) throw unavailable(name, 'zarrita does not have it');
  // The second argument, the chunk's type and shape, is of no interest to byte codecs; zarrita's types want it.
  const unused = { dataType: 'uint8', shape: [], codecs: [], fillValue: null } as const;
  const codec: unknown = Codec.fromConfig(configuration, { ...unused, shape: [], codecs: [] });
  if (isWasmCodec(codec)) return codec;
  throw unavailable(name, 'it lacks encode or decode');
}

/** As engines tell that a Content-Security-Policy forbids a codec. */
function isForbidden(cause: unknown): boolean {
  return cause instanceof EvalError || cause instanceof WebAssembly.CompileError;
}

function unavailable(name: string, cause: unknown): AlibiError {
  return new AlibiError('Environment', {
    what: `the codec "${name}" cannot run: ${cause instanceof Error ? cause.message : cause}`,
    where: 'codec',
    remedy: isForbidden(cause)
      ? `${startAgain}. If a Content-Security-Policy forbids it: codecs need 'wasm-unsafe-eval' in workers, and 'unsafe-eval' in the page's own thread (setCodecWorkers(null)); leave them in workers, or store the image with gzip.`
      : `${startAgain}; if it persists, install alibi-zarr anew, or use another codec.`,
    cause,
    data: { codec: name },
  });
}

function isWasmCodec(codec: unknown): codec is WasmCodec {
  return typeof codec === 'object' && codec !== null && 'encode' in codec && 'decode' in codec;
}

/**
 * @param byteLimit  what the result may take; more is refused, from the header where there is one, before it is decoded
 * @throws Error             the bytes are damaged, or become more than the limit
 * @throws EnvironmentError  the codec cannot be loaded or run
 */
export async function decompress(
  name: Compressor,
  bytes: Uint8Array,
  byteLimit = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  if (name === 'gzip') return throughStream(bytes, new DecompressionStream('gzip'), byteLimit);
  if (name === 'zlib') return throughStream(bytes, new DecompressionStream('deflate'), byteLimit);
  const claimed = claimedSize(name, bytes);
  if (claimed !== undefined && claimed > slack(name, byteLimit)) throw tooLong(byteLimit, claimed);
  const codec = await wasmCodec(name, {});
  try {
    return await codec.decode(bytes);
  } catch (cause) {
    // That it cannot run at all is no fault of the bytes.
    throw isForbidden(cause) ? unavailable(name, cause) : cause;
  }
}

/** Blocks of a zstd frame that does not say its size may each be shorter than they can be. */
function slack(name: Compressor, byteLimit: number): number {
  return name === 'zstd' ? 4 * byteLimit + 2 ** 20 : byteLimit;
}

function tooLong(limit: number, claimed?: number): Error {
  return new Error(
    claimed === undefined
      ? `it becomes more than the ${limit} bytes that are due`
      : `it claims to become ${claimed} bytes where ${limit} are due`,
  );
}

/**
 * Raw deflate, as ZIP files hold it.
 *
 * @param byteLimit  what the result may take
 * @throws Error  the bytes are damaged, or become more than the limit
 */
export function inflate(bytes: Uint8Array, byteLimit: number): Promise<Uint8Array> {
  return throughStream(bytes, new DecompressionStream('deflate-raw'), byteLimit);
}

export type ZstdEncoder = (bytes: Uint8Array, level: number) => Promise<Uint8Array>;
let zstdEncoder: ZstdEncoder | null = null;

/** Encode zstd in this thread with something faster than numcodecs, or with numcodecs again (null). Decoding stays as it is. */
export function useZstdEncoder(encoder: ZstdEncoder | null): void {
  zstdEncoder = encoder;
}

/**
 * @param configuration  in numcodecs' words: `level`; for blosc `cname`, `clevel`, `shuffle` (a number)
 * @throws EnvironmentError  whatever goes wrong: any bytes can be compressed
 */
export async function compress(
  name: 'blosc' | 'zstd' | 'gzip',
  bytes: Uint8Array,
  configuration: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  try {
    return await encoded(name, bytes, configuration);
  } catch (cause) {
    throw cause instanceof AlibiError ? cause : unavailable(name, cause);
  }
}

async function encoded(
  name: 'blosc' | 'zstd' | 'gzip',
  bytes: Uint8Array,
  configuration: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  if (name === 'gzip') return throughStream(bytes, new CompressionStream('gzip'));
  const { level } = configuration;
  if (name === 'zstd' && zstdEncoder !== null && typeof level === 'number') return zstdEncoder(bytes, level);
  const codec = await wasmCodec(name, configuration);
  return codec.encode(bytes);
}

/** Bytes given to a stream at once: what it makes of them is taken out before there is more. */
const stepBytes = 2 ** 16;

async function throughStream(
  bytes: Uint8Array,
  stream: { readable: ReadableStream<Uint8Array>; writable: WritableStream<BufferSource> },
  byteLimit = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const write = async (): Promise<void> => {
    for (let at = 0; at < bytes.length; at += stepBytes) {
      await writer.ready;
      await writer.write(bytes.slice(at, at + stepBytes));
    }
    await writer.close();
  };
  // A damaged input rejects the write, the close and the read: the read's rejection is the one reported.
  const written = write();
  written.catch(() => undefined);
  const out = await collect(stream.readable, byteLimit);
  await written;
  return out;
}

/** All of a stream in one array. @throws Error  there is more than the limit; the stream is cancelled then */
async function collect(readable: ReadableStream<Uint8Array>, byteLimit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > byteLimit) {
      await reader.cancel().catch(() => undefined);
      throw tooLong(byteLimit);
    }
    parts.push(next.value);
  }
  return concatenated(parts, length);
}
