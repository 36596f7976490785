import { serveCodecs } from './codec-messages.ts';
import { allowEmbindWithoutEval } from './embind-invokers.ts';

// The worker's entry: nothing but wiring. The scope is all ours, so that its `Function` may be replaced. One of a small pool, see codec-workers.ts.
allowEmbindWithoutEval();
serveCodecs({
  postMessage: (reply, transfer) => self.postMessage(reply, { transfer }),
  addEventListener: (type, listener) => self.addEventListener(type, listener),
});
