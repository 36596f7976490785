import { BLOCK, quantiseToFourBits } from './four-bit.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { Precision } from './precision.ts';
import { quantise, storeWeight, type WeightMatrix } from './weight-storage.ts';

/**
 * x · W for x [N, T, inputs] and W [inputs, outputs], as the precision has it.
 *
 * @param weight  its `outputAxis` is 1
 */
export function matMul(graph: GraphBuilder, x: string, weight: WeightMatrix, precision: Precision): string {
  if (precision === 'int8-dynamic') return integerMatMul(graph, x, weight);
  if (precision === 'int4') return fourBitMatMul(graph, x, weight);
  return graph.node('MatMul', [x, storeWeight(graph, weight, precision)]);
}

// Weights as uint8 about 128, not as int8: AVX2's product of uint8 and int8 adds pairs in 16 bits, which saturates.
const MIDDLE = 128;

/**
 * x = least + step · q for each token, q in 0…255, so x · W = step · (q · W) + least · (column sums of W).
 *
 * A range of its own for each token, not DynamicQuantizeLinear's one for all: with one for all a token's value would
 * depend on every other in its window.
 */
function integerMatMul(graph: GraphBuilder, x: string, weight: WeightMatrix): string {
  const { values, scales } = quantise(weight);
  const { name, shape } = weight;
  const [, outputs = 1] = shape;
  const float = (part: string, data: Float32Array): string =>
    graph.tensor(`${name}.${part}`, 'float32', [outputs], data);
  const bytes = Uint8Array.from(values, (value) => value + MIDDLE);
  const stored = graph.tensor(`${name}.uint8`, 'uint8', shape, bytes);
  const lastAxis = { axes: [-1], keepdims: 1 };
  const least = graph.node('ReduceMin', [x], lastAxis);
  const span = graph.node('Sub', [graph.node('ReduceMax', [x], lastAxis), least]);
  // A token of one value has no span; its q is 0 whatever the step.
  const step = graph.node('Div', [graph.node('Max', [span, graph.scalar(1e-12)]), graph.scalar(255)]);
  const quotient = graph.node('Div', [graph.node('Sub', [x, least]), step]);
  const q = graph.cast(graph.node('Round', [quotient]), 'uint8');
  const sums = graph.node('MatMulInteger', [q, stored, graph.byte(0), graph.byte(MIDDLE)]);
  const scaled = graph.node('Mul', [graph.cast(sums, 'float32'), step]);
  const product = graph.node('Mul', [scaled, float('scale', scales)]);
  return graph.node('Add', [product, graph.node('Mul', [least, float('sum', columnSums(values, scales))])]);
}

function columnSums(values: Int8Array, scales: Float32Array): Float32Array {
  const sums = new Float32Array(scales.length);
  for (let i = 0; i < values.length; i++) {
    const column = i % scales.length;
    sums[column] = (sums[column] ?? 0) + (values[i] ?? 0);
  }
  return sums.map((sum, column) => sum * (scales[column] ?? 1));
}

function fourBitMatMul(graph: GraphBuilder, x: string, { name, shape, data }: WeightMatrix): string {
  const [inputs = 0, outputs = 0] = shape;
  const { packed, scales } = quantiseToFourBits(data, inputs, outputs);
  const blocks = Math.ceil(inputs / BLOCK);
  const stored = graph.tensor(`${name}.int4`, 'uint8', [outputs, blocks, BLOCK / 2], packed);
  const scale = graph.tensor(`${name}.scale`, 'float32', [outputs, blocks], scales);
  // accuracy_level 1: the arithmetic is float32 on every provider.
  const attributes = { K: inputs, N: outputs, bits: 4, block_size: BLOCK, accuracy_level: 1 };
  return graph.node('com.microsoft:MatMulNBits', [x, stored, scale], attributes);
}
