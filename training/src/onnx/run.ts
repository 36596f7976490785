import { AlibiError, assertSafeModel } from 'alibi-zarr/checkpoint';
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

/** What messages call a graph that was made in this process. */
export const OWN_GRAPH = 'the exported graph';

/**
 * ONNX Runtime on the processor.
 *
 * @param where  the graph's file, for messages; absent: it was made in this process
 * @throws AlibiError  UnsupportedFormat: not an encoder's graph, or one that would open other files or libraries
 */
export async function openCpuRunner(model: Uint8Array, where = OWN_GRAPH): Promise<Runner> {
  const session = await openSafely(model, where, () =>
    ort.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      extra: FLOAT_ARITHMETIC,
      // 3: errors only; the warnings are about optimisations.
      logSeverityLevel: 3,
    }),
  );
  return {
    provider: 'cpu',
    run: async (image, shape) =>
      collect(await session.run({ image: new ort.Tensor('float32', image, [...shape]) })),
    close: () => session.release(),
  };
}

/**
 * Look at a graph before a runtime does, and say where it is from when the runtime refuses it.
 *
 * @throws AlibiError  UnsupportedFormat
 */
export async function openSafely<T>(model: Uint8Array, where: string, create: () => Promise<T>): Promise<T> {
  assertSafeModel(model, { input: 'image', output: 'features' }, where);
  try {
    return await create();
  } catch (cause) {
    throw new AlibiError('UnsupportedFormat', {
      what: `ONNX Runtime refuses the graph: ${cause instanceof Error ? cause.message : cause}`,
      where,
      remedy: 'Convert the checkpoint with "alibi-train convert", from weights that you trust.',
      cause,
    });
  }
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
