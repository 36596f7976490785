import * as ort from 'onnxruntime-web';
import { collect, FLOAT_ARITHMETIC, type Runner } from './run.ts';

/** ONNX Runtime Web's WASM, which is what a browser without WebGPU runs; one thread, in Node. */
export async function openWasmRunner(model: Uint8Array): Promise<Runner> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    extra: FLOAT_ARITHMETIC,

    logSeverityLevel: 3,
  });
  return {
    provider: 'wasm',
    run: async (image, shape) =>
      collect(await session.run({ image: new ort.Tensor('float32', image, [...shape]) })),
    close: () => session.release(),
  };
}
