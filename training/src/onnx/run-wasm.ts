import * as ort from 'onnxruntime-web';
import { collect, FLOAT_ARITHMETIC, OWN_GRAPH, openSafely, type Runner } from './run.ts';

/**
 * ONNX Runtime Web's WASM, which is what a browser without WebGPU runs; one thread, in Node.
 *
 * @param where  the graph's file, for messages; absent: it was made in this process
 * @throws AlibiError  UnsupportedFormat: not an encoder's graph, or one that would open other files or libraries
 */
export async function openWasmRunner(model: Uint8Array, where = OWN_GRAPH): Promise<Runner> {
  ort.env.wasm.numThreads = 1;
  const session = await openSafely(model, where, () =>
    ort.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      extra: FLOAT_ARITHMETIC,
      logSeverityLevel: 3,
    }),
  );
  return {
    provider: 'wasm',
    run: async (image, shape) =>
      collect(await session.run({ image: new ort.Tensor('float32', image, [...shape]) })),
    close: () => session.release(),
  };
}
