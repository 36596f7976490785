import { type CodecJob, runCodecJob } from './codec-messages.ts';
import { type CodecPool, type CodecWorker, createCodecPool } from './codec-pool.ts';
import { isBrowser } from './start-again.ts';

// One answer for the whole page (or process) to the question where codecs run. It is given once, before the first
// compressed chunk, by what there is: workers in a browser, this thread where there is no `Worker` (Node). A worker that fails
// is an error, never a reason to go on in this thread.

let createWorker: (() => CodecWorker) | null = isBrowser
  ? // A literal, so that bundlers see the worker's entry.
    () => new Worker(new URL('./codec-worker.js', import.meta.url), { type: 'module' })
  : null;
let pool: CodecPool | null = null;
let poolSize: number | null = null;

/**
 * Say where chunks are decompressed and compressed, for the whole page; what is under way ends where it began.
 *
 * Unless told, a browser uses up to four workers from `codec-worker.js` beside this module. Hand in a function where the
 * page's bundler does not bring that file along, or `null` for this thread (blosc, zstd and lz4 then need `unsafe-eval` in the
 * page's Content-Security-Policy and work between the page's frames).
 *
 * @param create  makes a new module worker that runs `alibi-zarr/codec-worker`; called when one is needed
 * @param size    workers at most; default: one fewer than the processor has cores, up to four
 */
export function setCodecWorkers(create: (() => CodecWorker) | null, size: number | null = null): void {
  createWorker = create;
  pool = null;
  poolSize = size;
}

/**
 * Do a job where codecs run.
 *
 * @param job  its bytes are read only and stay the caller's
 * @throws Error             the bytes are damaged
 * @throws EnvironmentError  the codec or its worker cannot run
 */
export async function runCodec(
  job: CodecJob,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (createWorker === null) return runCodecJob(job);
  pool ??= createCodecPool({ createWorker, size: poolSize ?? defaultSize() });
  return pool.run(job, { signal });
}

/** One core is left to the page; more than four are not kept busy by what a network delivers. */
function defaultSize(): number {
  return Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1));
}
