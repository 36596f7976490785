import { AlibiError } from '../../../src/errors.ts';
import { objectsInWorker } from '../../../src/pipeline/connect-objects.ts';
import { defineElements } from '../../../src/ui/elements.ts';
import { AlibiZarrViewer } from '../../../src/ui/viewer-element.ts';
import { fakeImage, fakeSession } from '../fake-session.ts';

// One page for every state of the viewer, to be looked at: ?state=opening|failed|loading|no-model|slow|small.
const state = new URLSearchParams(location.search).get('state');
AlibiZarrViewer.opener = async () => {
  if (state === 'opening') return new Promise(() => {});
  if (state === 'failed') {
    throw new AlibiError('NotFound', {
      what: 'there is no OME-Zarr image here: neither zarr.json nor .zattrs was found',
      where: 'http://localhost/sample.zarr',
      remedy: 'Check the address; it must be the folder of the image itself.',
    });
  }
  if (state === 'loading')
    return fakeSession({ encoder: { kind: 'loading', bytes: 8_400_000, totalBytes: 22_600_000 } });
  if (state === 'no-model') {
    const error = new AlibiError('Network', {
      what: 'the model could not be fetched: 503 Service Unavailable',
      where: 'http://localhost/models/manifest.json',
      remedy: 'Try again in a while; the image can be looked at meanwhile.',
    });
    return fakeSession({ encoder: { kind: 'failed', error } });
  }
  const engine = objectsInWorker(
    () => new Worker(new URL('../../../src/objects-worker.js', import.meta.url), { type: 'module' }),
  );
  const image = state === 'small' ? { image: fakeImage({ sizePx: 600, z: 2 }) } : {};
  return fakeSession({ delayMs: state === 'slow' ? 400 : 30, engine, ...image });
};
defineElements();
