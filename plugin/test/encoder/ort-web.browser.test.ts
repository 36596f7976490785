import { expect } from 'chai';
import { loadManifest } from '../../src/encoder/manifest.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { webBackends } from '../../src/encoder/ort-web.ts';
import { relativeError } from '../../src/encoder/self-test.ts';
import { selfTestImage } from '../../src/encoder/self-test-input.ts';
import { AlibiError } from '../../src/errors.ts';
import { type TinyCheckpoint, tinyCheckpoint } from './tiny-checkpoint.ts';

/** The provider's answer to another input than the self-test's, against the graph in plain JavaScript. */
async function errorOf(tiny: TinyCheckpoint, provider: 'webgpu' | 'wasm-threads' | 'wasm'): Promise<number> {
  const backends = webBackends({ softwareGpu: true, threads: 2 }).filter(
    (backend) => backend.provider === provider,
  );
  const { encoder, report } = await openEncoder({ ...(await loadManifest(tiny)), backends });
  expect(report.chosen).to.equal(provider);
  const [heightPx, widthPx] = [20, 32];
  const image = selfTestImage(7, heightPx, widthPx);
  const { tokens } = await encoder.run(image, heightPx, widthPx, {});
  await encoder.close();
  const expected = tiny.features(image, heightPx, widthPx);
  return relativeError(
    tokens,
    Float32Array.from(tokens, (_, i) => expected[(i % 6) * 40 + Math.floor(i / 6)] ?? Number.NaN),
  );
}

describe('webBackends in Chromium', () => {
  it('runs on WASM with threads', async () => {
    expect(await errorOf(await tinyCheckpoint(), 'wasm-threads')).to.be.below(1e-5);
  });

  it('runs on WASM without threads', async () => {
    expect(await errorOf(await tinyCheckpoint(), 'wasm')).to.be.below(1e-5);
  });

  it('runs on WebGPU', async function () {
    this.timeout(60_000);
    const gpu = (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
    if (!gpu || (await gpu.requestAdapter()) === null) {
      console.info('skipped: this Chromium has no WebGPU adapter');
      this.skip();
    }
    expect(await errorOf(await tinyCheckpoint(), 'webgpu')).to.be.below(1e-3);
  });

  it('passes over WebGPU in software and goes on to WASM', async () => {
    const { encoder, report } = await openEncoder({
      ...(await loadManifest(await tinyCheckpoint())),
      backends: webBackends(),
    });
    await encoder.close();
    expect(report.chosen).to.match(/^wasm/);
    expect(report.refused[0]?.provider).to.equal('webgpu');
  });

  it('runs inside a worker, with threads of its own', async () => {
    const worker = new Worker(new URL('./open-tiny.worker.js', import.meta.url), { type: 'module' });
    const answer = new Promise((resolve, reject) => {
      worker.addEventListener('message', (event) => resolve(event.data));
      worker.addEventListener('error', (event) => reject(new Error(event.message)));
    });
    worker.postMessage('open');
    expect(await answer).to.deep.equal({ chosen: 'wasm-threads', refused: ['webgpu'] });
    worker.terminate();
  });

  it('refuses every provider when one weight differs', async () => {
    const tiny = await tinyCheckpoint({ perturb: { by: 0.05 } });
    const backends = webBackends({ softwareGpu: true, threads: 2 });
    const error: unknown = await openEncoder({ ...(await loadManifest(tiny)), backends }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(AlibiError);
    const { tag, message } = error as AlibiError;
    expect(tag).to.equal('SelfTest');
    for (const provider of ['webgpu', 'wasm-threads']) expect(message).to.include(provider);
  });
});
