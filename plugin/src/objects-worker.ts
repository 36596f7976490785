import { createObjectsEngine } from './pipeline/objects.ts';
import type { OpenObjectsMessage } from './pipeline/objects-protocol.ts';
import { serveObjects } from './pipeline/serve-objects.ts';

// The entry of the worker that finds and measures objects: nothing but wiring.
self.addEventListener('message', (event: MessageEvent<OpenObjectsMessage>) => {
  if (event.data.kind === 'open-objects') serveObjects(event.data, createObjectsEngine());
});
