import { expect } from 'chai';

describe('the browser the tests run in', () => {
  it('is isolated, so that WebAssembly has threads', () => {
    expect(crossOriginIsolated).to.equal(true);
    expect(new SharedArrayBuffer(8).byteLength).to.equal(8);
  });

  it('has WebGL2 with float colour buffers, and WebGPU, in software', async () => {
    const gl = new OffscreenCanvas(4, 4).getContext('webgl2');
    expect(gl?.getExtension('EXT_color_buffer_float')).to.not.equal(null);
    const { gpu } = navigator as Navigator & { gpu?: { requestAdapter(): Promise<object | null> } };
    expect(Boolean(await gpu?.requestAdapter())).to.equal(true);
  });

  it('bundles a worker from its TypeScript', async () => {
    const worker = new Worker(new URL('./echo.worker.js', import.meta.url), { type: 'module' });
    const answer = new Promise((resolve) =>
      worker.addEventListener('message', (event) => resolve(event.data)),
    );
    worker.postMessage(20);
    expect(await answer).to.deep.equal({ doubled: 40, isolated: true });
    worker.terminate();
  });

  it('serves the WebAssembly of ONNX Runtime wherever it is asked for, in parts too', async () => {
    const response = await fetch('./ort-wasm-simd-threaded.wasm', { headers: { Range: 'bytes=0-3' } });
    expect(response.status).to.equal(206);
    expect([...new Uint8Array(await response.arrayBuffer())]).to.deep.equal([0, 0x61, 0x73, 0x6d]);
  });
});
