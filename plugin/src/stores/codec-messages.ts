import { AlibiError, type PlainError } from '../errors.ts';
import { type Compressor, compress, decompress } from './compression.ts';

/** What a worker can be asked to do; the bytes are read, never written. */
export type CodecJob =
  | {
      readonly kind: 'decompress';
      readonly name: Compressor;
      readonly bytes: Uint8Array;
      /** What the result may take; more is damage. Absent: any size. */
      readonly byteLimit?: number;
    }
  | {
      readonly kind: 'compress';
      readonly name: 'blosc' | 'zstd' | 'gzip';
      readonly bytes: Uint8Array;
      readonly configuration: Readonly<Record<string, unknown>>;
    };

/** To the worker. The buffer of `bytes` is transferred. */
export type CodecRequest = CodecJob & { readonly id: number };

/** From the worker. `damaged`: the bytes are to blame; `failed`: the codec cannot run here. */
export type CodecReply =
  | { readonly id: number; readonly kind: 'done'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly kind: 'damaged'; readonly what: string }
  | { readonly id: number; readonly kind: 'failed'; readonly error: PlainError };

/** The worker's own end: the global scope of a worker is one, so is a test's `MessagePort`. */
export interface CodecPort {
  postMessage(reply: CodecReply, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<CodecRequest>) => void): void;
}

/** Do a job in this very thread. @throws Error  the bytes are damaged. @throws EnvironmentError  the codec cannot run */
export function runCodecJob(job: CodecJob): Promise<Uint8Array> {
  return job.kind === 'decompress'
    ? decompress(job.name, job.bytes, job.byteLimit)
    : compress(job.name, job.bytes, job.configuration);
}

/** Answer requests that come through a port, each as soon as it is done. */
export function serveCodecs(port: CodecPort): void {
  port.addEventListener('message', ({ data }) => {
    void answer(data).then((reply) =>
      port.postMessage(reply, reply.kind === 'done' ? [reply.bytes.buffer] : []),
    );
  });
}

/** @returns never rejects; the bytes of a `done` fill their buffer */
export async function answer(request: CodecRequest): Promise<CodecReply> {
  const { id } = request;
  try {
    const bytes = await runCodecJob(request);
    return { id, kind: 'done', bytes: owned(bytes) };
  } catch (error) {
    if (error instanceof AlibiError) return { id, kind: 'failed', error: error.toPlain() };
    return { id, kind: 'damaged', what: error instanceof Error ? error.message : String(error) };
  }
}

/** As a `Uint8Array` over a buffer of just its own, which can be transferred. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}
