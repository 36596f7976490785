import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../src/encoder/manifest.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { fileReader, nodeBackend } from '../../src/encoder/ort-node.ts';
import { webBackends } from '../../src/encoder/ort-web.ts';

const folder = fileURLToPath(new URL('../../models/', import.meta.url));
const names = existsSync(folder)
  ? readdirSync(folder).filter((name) => existsSync(`${folder}${name}/manifest.json`))
  : [];

describe('the shipped checkpoints', () => {
  it('are there', () => {
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(names)(
    '%s passes its self-test on the CPU and on WASM, far within the tolerance',
    { timeout: 120_000 },
    async (name) => {
      const checkpoint = await loadManifest(fileReader(`${folder}${name}/manifest.json`));
      const wasm = webBackends({ threads: 2, load: () => import('onnxruntime-web') });
      for (const backends of [[nodeBackend()], wasm]) {
        const { encoder, report } = await openEncoder({ ...checkpoint, backends });
        // The answer comes from the same weights: providers differ by rounding only.
        expect(report.selfTestError).toBeLessThan(1e-4);
        await encoder.close();
      }
    },
  );
});
