import { loadManifest } from '../../src/encoder/manifest.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { webBackends } from '../../src/encoder/ort-web.ts';
import { tinyCheckpoint } from './tiny-checkpoint.ts';

/** Opens the tiny checkpoint in a worker, as the viewer does with a real one, and tells what came of it. */
self.addEventListener('message', async () => {
  try {
    const { encoder, report } = await openEncoder({
      ...(await loadManifest(await tinyCheckpoint())),
      backends: webBackends({ threads: 2 }),
    });
    await encoder.close();
    self.postMessage({ chosen: report.chosen, refused: report.refused.map(({ provider }) => provider) });
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
});
