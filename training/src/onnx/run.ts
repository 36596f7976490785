import * as ort from 'onnxruntime-node';
import type { Tensor } from '../weights/vit-weights.ts';

/** An ONNX graph of one image input, loaded on one execution provider. */
export interface Runner {
  readonly provider: string;
  /** @param image  float32 of the given shape [N, 3, H, W]; @returns the graph's outputs by name, owned by the caller */
  run(image: Float32Array, shape: readonly number[]): Promise<ReadonlyMap<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * Without this ONNX Runtime's CPU provider fuses int8 weights into kernels that round the activations to int8 as well
 * (relative error 1.6e-2 on a ViT-S/14, and half as fast); with it the weights are widened once while loading.
 */
export const FLOAT_ARITHMETIC = { session: { disable_quant_qdq: '1' } } as const;

/** ONNX Runtime on the processor. */
export async function openCpuRunner(model: Uint8Array): Promise<Runner> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    extra: FLOAT_ARITHMETIC,
    // 3: errors only; the warnings are about optimisations.
    logSeverityLevel: 3,
  });
  return {
    provider: 'cpu',
    run: async (image, shape) =>
      collect(await session.run({ image: new ort.Tensor('float32', image, [...shape]) })),
    close: () => session.release(),
  };
}

/** @throws TypeError  an output is not float32 */
export function collect(
  outputs: Readonly<Record<string, { readonly data: unknown; readonly dims: readonly number[] }>>,
): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { data, dims }] of Object.entries(outputs)) {
    if (!(data instanceof Float32Array)) throw new TypeError(`output ${name} is not float32`);
    tensors.set(name, { shape: dims, data });
  }
  return tensors;
}
