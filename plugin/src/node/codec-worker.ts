import { parentPort } from 'node:worker_threads';
import { serveCodecs } from '../stores/codec-messages.ts';
import { useZstdEncoder } from '../stores/compression.ts';
import { fastZstd } from './zstd.ts';

// The entry of a codec worker in Node: nothing but wiring. One of a small pool, see codec-threads.ts.
if (parentPort !== null) {
  const port = parentPort;
  useZstdEncoder(fastZstd);
  serveCodecs({
    postMessage: (reply, transfer) =>
      port.postMessage(
        reply,
        transfer.filter((item) => item instanceof ArrayBuffer),
      ),
    addEventListener: (type, listener) => port.on(type, (data) => listener(new MessageEvent(type, { data }))),
  });
}
