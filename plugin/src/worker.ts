import { webBackends } from './encoder/ort-web.ts';
import { pipelineOpener } from './pipeline/create-pipeline.ts';
import type { OpenMessage } from './pipeline/protocol.ts';
import { servePipelines } from './pipeline/serve-pipeline.ts';

// The worker's entry: nothing but wiring.
const serve = servePipelines(pipelineOpener(webBackends()));
self.addEventListener('message', (event: MessageEvent<OpenMessage>) => {
  if (event.data.kind === 'open') void serve(event.data);
});
