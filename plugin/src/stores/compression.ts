import { registry } from 'zarrita';
import { AlibiError } from '../errors.ts';

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

/** Run a codec; that it cannot run at all is no fault of the bytes. */
async function run(name: WasmName, work: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array> {
  try {
    return await work();
  } catch (cause) {
    const forbidden = cause instanceof EvalError || cause instanceof WebAssembly.CompileError;
    throw forbidden ? unavailable(name, cause) : cause;
  }
}

function unavailable(name: WasmName, cause: unknown): AlibiError {
  return new AlibiError('Environment', {
    what: `the codec "${name}" cannot run: ${cause instanceof Error ? cause.message : cause}`,
    where: 'WebAssembly codec',
    remedy:
      "Reload the page. If a Content-Security-Policy forbids it: the codec's own code needs 'unsafe-eval' where it runs, which is a worker, and a worker's policy is that of the response with its script (a blob: worker has its page's). Allow it for codec-worker.js alone, or store the image with gzip.",
    cause,
    data: { codec: name },
  });
}

function isWasmCodec(codec: unknown): codec is WasmCodec {
  return typeof codec === 'object' && codec !== null && 'encode' in codec && 'decode' in codec;
}

/** @throws Error  the bytes are damaged. @throws EnvironmentError  the codec cannot be loaded or run */
export async function decompress(name: Compressor, bytes: Uint8Array): Promise<Uint8Array> {
  if (name === 'gzip') return throughStream(bytes, new DecompressionStream('gzip'));
  if (name === 'zlib') return throughStream(bytes, new DecompressionStream('deflate'));
  const codec = await wasmCodec(name, {});
  return run(name, () => codec.decode(bytes));
}

/** Raw deflate, as ZIP files hold it. @throws Error  the bytes are damaged */
export function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  return throughStream(bytes, new DecompressionStream('deflate-raw'));
}

/** @param configuration  in numcodecs' words: `level`; for blosc `cname`, `clevel`, `shuffle` (a number) */
export async function compress(
  name: 'blosc' | 'zstd' | 'gzip',
  bytes: Uint8Array,
  configuration: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  if (name === 'gzip') return throughStream(bytes, new CompressionStream('gzip'));
  const codec = await wasmCodec(name, configuration);
  return run(name, () => codec.encode(bytes));
}

async function throughStream(
  bytes: Uint8Array,
  stream: { readable: ReadableStream<Uint8Array>; writable: WritableStream<BufferSource> },
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // A damaged input rejects the write, the close and the read: the read's rejection is the one reported.
  const written = writer.write(new Uint8Array(bytes)).then(() => writer.close());
  written.catch(() => undefined);
  const out = new Uint8Array(await new Response(stream.readable).arrayBuffer());
  await written;
  return out;
}
