import { serveCodecs } from './codec-messages.ts';

// The worker's entry: nothing but wiring. One of a small pool, see codec-workers.ts.
serveCodecs({
  postMessage: (reply, transfer) => self.postMessage(reply, { transfer }),
  addEventListener: (type, listener) => self.addEventListener(type, listener),
});
