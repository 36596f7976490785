import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CodecWorker } from '../stores/codec-pool.ts';
import { setCodecWorkers } from '../stores/codec-workers.ts';

/** More are not kept busy by what one process computes and one disk takes. */
const mostThreads = 8;

/**
 * Compress and decompress chunks in threads of this process, as a browser does in workers.
 *
 * @param script  the built `codec-worker.js`; default: beside this module. Sources that are run as they are have none, and
 *                codecs stay in the thread they are called from
 */
export function useCodecThreads(script = new URL('./codec-worker.js', import.meta.url)): void {
  if (!existsSync(fileURLToPath(script))) return;
  setCodecWorkers(() => startThread(script), Math.min(mostThreads, availableParallelism()));
}

/** A thread that keeps the process alive only while it has something to do. */
function startThread(script: URL): CodecWorker {
  // Not the process's own flags: a thread refuses those for code given on the command line (`node --input-type=module -e`).
  const worker = new Worker(script, { execArgv: [] });
  worker.unref();
  return {
    postMessage(request, transfer) {
      worker.ref();
      worker.postMessage(
        request,
        transfer.filter((item) => item instanceof ArrayBuffer),
      );
    },
    addEventListener(type: string, listener: (event: never) => void) {
      // The two kinds of listeners of the interface, told apart by their type.
      const call = listener as (event: Event) => void;
      if (type === 'message') {
        worker.on('message', (data) => {
          worker.unref();
          call(new MessageEvent('message', { data }));
        });
      } else {
        worker.on(type, (error: Error) => call(Object.assign(new Event(type), { message: error.message })));
      }
    },
    terminate: () => void worker.terminate(),
  };
}
