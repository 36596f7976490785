import { AlibiError } from '../errors.ts';
import type { GraphSession } from './backend.ts';
import { isDeviceLost } from './resilient-encoder.ts';

/** The part of onnxruntime-common that both runtimes share and we use. */
export interface OrtRuntime<Options> {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: Options): Promise<OrtSession> };
}

interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  dispose(): void;
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>, fetches: readonly string[]): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/**
 * What every session is opened with. Weights stored as int8 are widened once while loading: left to itself
 * the CPU provider quantises the activations beside them, which no other provider does (docs/data-flow.md).
 */
export const SESSION_OPTIONS = {
  graphOptimizationLevel: 'all',
  // Errors only: the warnings tell how nodes were distributed, which is no business of a user's console.
  logSeverityLevel: 3,
  extra: { session: { disable_quant_qdq: '1' } },
} as const;

/** Load `model` and give its `features` output for an `image`. */
export async function openOrtSession<Options>(
  ort: OrtRuntime<Options>,
  model: Uint8Array,
  options: Options,
  describe: (error: unknown) => AlibiError = runFailed,
): Promise<GraphSession> {
  const session = await ort.InferenceSession.create(model, options);
  let released: Promise<void> | undefined;
  return {
    async run(image, heightPx, widthPx) {
      const input = new ort.Tensor('float32', image, [1, 3, heightPx, widthPx]);
      try {
        const { features } = await session.run({ image: input }, ['features']);
        const data = features?.data;
        if (!(data instanceof Float32Array)) throw noFeatures(features?.type);
        // A copy: the runtime may reuse its memory, and the caller owns what it gets.
        const copy = data.slice();
        features?.dispose();
        return copy;
      } catch (error) {
        if (error instanceof AlibiError || isDeviceLost(error)) throw error;
        throw describe(error);
      } finally {
        input.dispose();
      }
    },
    close() {
      released ??= session.release();
      return released;
    },
  };
}

function noFeatures(type: string | undefined): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what:
      type === undefined ? 'the graph has no output called "features"' : `"features" is ${type}, not float32`,
    where: 'ONNX graph',
    remedy: 'Convert the checkpoint with "alibi-train convert".',
  });
}

function runFailed(cause: unknown): AlibiError {
  return new AlibiError('Environment', {
    what: `the transformer could not be run: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: 'ONNX Runtime',
    remedy: 'Close other tabs or programs if memory is short, then open the image again.',
    cause,
  });
}
