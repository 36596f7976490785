import { webBackends } from './encoder/ort-web.ts';
import { pipelineOpener } from './pipeline/create-pipeline.ts';
import type { OpenMessage } from './pipeline/protocol.ts';
import { servePipeline } from './pipeline/serve-pipeline.ts';

// The worker's entry: nothing but wiring. One image, one pipeline, one worker.
self.addEventListener('message', (event: MessageEvent<OpenMessage>) => {
  if (event.data.kind === 'open') void servePipeline(event.data, pipelineOpener(webBackends()));
});
