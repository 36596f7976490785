import * as ort from 'onnxruntime-web';
import { collect, type Runner } from './run.ts';

/** ONNX Runtime Web's WASM, which is what a browser without WebGPU runs; one thread, in Node. */
export async function openWasmRunner(model: Uint8Array): Promise<Runner> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
  });
  return {
    provider: 'wasm',
    run: async (image, shape) =>
      collect(await session.run({ image: new ort.Tensor('float32', image, [...shape]) })),
    close: () => session.release(),
  };
}
