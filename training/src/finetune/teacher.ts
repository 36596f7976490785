import { exportVit } from '../onnx/export.ts';
import type { Position } from '../onnx/position.ts';
import { openCpuRunner } from '../onnx/run.ts';
import type { VitWeights } from '../weights/vit-weights.ts';

/** The frozen original. */
export interface Teacher {
  /** @param images  float32 [count, 3, size, size]; @returns its tokens [count, tokens, dim] */
  tokens(images: Float32Array, count: number, sizePx: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * The teacher on ONNX Runtime: about twice as fast as libtensorflow's forward pass on a processor, and beside it, so that
 * the next batch's tokens are computed while the student learns from this one's.
 */
export async function openTeacher(
  weights: VitWeights,
  o: { readonly heads: number; readonly layerNormEps: number },
): Promise<Teacher> {
  const position: Position = weights.position === null ? { kind: 'none' } : { kind: 'learned' };
  const model = exportVit(weights, {
    ...o,
    name: 'teacher',
    position,
    precision: 'fp32',
    graph: 'fused',
    layers: [],
    notice: '',
  });
  const runner = await openCpuRunner(model);
  return {
    async tokens(images, count, sizePx) {
      const features = (await runner.run(images, [count, 3, sizePx, sizePx])).get('features');
      if (features === undefined) throw new TypeError('the graph has no output "features"');
      return channelsLast(features.data, { count, dim: weights.dim });
    },
    close: () => runner.close(),
  };
}

/** [count, dim, tokens] → [count, tokens, dim] */
export function channelsLast(
  data: Float32Array,
  { count, dim }: { readonly count: number; readonly dim: number },
): Float32Array {
  const tokens = data.length / count / dim;
  const result = new Float32Array(data.length);
  for (let b = 0; b < count; b++) {
    for (let c = 0; c < dim; c++) {
      const from = (b * dim + c) * tokens;
      for (let t = 0; t < tokens; t++) result[(b * tokens + t) * dim + c] = data[from + t] ?? 0;
    }
  }
  return result;
}
