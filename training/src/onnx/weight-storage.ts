import { toFloat16 } from './float16.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { FloatType, Precision } from './precision.ts';

export interface WeightMatrix {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major float32. */
  readonly data: Float32Array;
  /** The axis of `shape` that counts output channels. */
  readonly outputAxis: number;
}

/** Stores numbers in the type that the graph computes in, rounded to nearest even. */
export function storeFloats(
  graph: GraphBuilder,
  type: FloatType,
  tensor: Pick<WeightMatrix, 'name' | 'shape' | 'data'>,
): string {
  const { name, shape, data } = tensor;
  return graph.tensor(name, type, shape, type === 'float16' ? toFloat16(data) : data);
}

/**
 * Stores a weight and gives the value that the graph computes with.
 *
 * int8 has one symmetric scale an output channel (largest magnitude / 127); fp16 is rounded to nearest even. Both are
 * widened inside the graph (DequantizeLinear, Cast), so every execution provider computes with the same numbers. At
 * `fp16-arithmetic` the stored value itself is what is computed with.
 */
export function storeWeight(graph: GraphBuilder, weight: WeightMatrix, precision: Precision): string {
  const { name, shape, data, outputAxis } = weight;
  if (precision === 'fp32') return storeFloats(graph, 'float32', weight);
  if (precision === 'fp16-arithmetic') return storeFloats(graph, 'float16', weight);
  if (precision === 'fp16') {
    const half = graph.tensor(`${name}.fp16`, 'float16', shape, toFloat16(data));
    return graph.cast(half, 'float32');
  }
  const { values, scales } = quantise(weight);
  const stored = graph.tensor(`${name}.int8`, 'int8', shape, values);
  const scale = graph.tensor(`${name}.scale`, 'float32', [scales.length], scales);
  return graph.node('DequantizeLinear', [stored, scale], { axis: outputAxis });
}

/** @returns values of the weight's shape in −127…127 and scales [output channels]; weight ≈ value · scale */
export function quantise(weight: WeightMatrix): { values: Int8Array; scales: Float32Array } {
  const { shape, data, outputAxis } = weight;
  const channels = shape[outputAxis] ?? 1;
  const inner = shape.slice(outputAxis + 1).reduce((product, size) => product * size, 1);
  const scales = new Float32Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    scales[channel] = Math.max(scales[channel] ?? 0, Math.abs(data[i] ?? 0));
  }
  // A channel of zeros keeps a scale of one: DequantizeLinear must not see a zero.
  for (let c = 0; c < channels; c++) scales[c] = scales[c] === 0 ? 1 : (scales[c] ?? 0) / 127;
  const values = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const quotient = (data[i] ?? 0) / (scales[Math.floor(i / inner) % channels] ?? 1);
    values[i] = Math.max(-127, Math.min(127, Math.round(quotient)));
  }
  return { values, scales };
}
