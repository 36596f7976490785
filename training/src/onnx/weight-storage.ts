import type { GraphBuilder } from './graph-builder.ts';

/** How weights are stored; the arithmetic is float32 for all of them. */
export type Precision = 'fp32' | 'fp16' | 'int8';

export interface WeightMatrix {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major float32. */
  readonly data: Float32Array;
  /** The axis of `shape` that counts output channels. */
  readonly outputAxis: number;
}

/**
 * Stores a weight matrix and gives the float32 value that the graph computes with.
 *
 * int8 has one symmetric scale an output channel (largest magnitude / 127); fp16 is rounded to nearest even.
 * Both are widened inside the graph (DequantizeLinear, Cast), so every execution provider computes with the same numbers.
 */
export function storeWeight(graph: GraphBuilder, weight: WeightMatrix, precision: Precision): string {
  const { name, shape, data, outputAxis } = weight;
  if (precision === 'fp32') return graph.tensor(name, 'float32', shape, data);
  if (precision === 'fp16') {
    const half = graph.tensor(`${name}.fp16`, 'float16', shape, toFloat16(data));
    return graph.node('Cast', [half], { to: 1 });
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

/** IEEE 754 binary16 bit patterns, rounded to nearest even; what is too large becomes infinite. */
export function toFloat16(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const out = new Uint16Array(data.length);
  for (let i = 0; i < bits.length; i++) out[i] = halfBits(bits[i] ?? 0);
  return out;
}

function halfBits(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const exponent = (single >>> 23) & 0xff;
  const fraction = single & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const shifted = exponent - 112;
  if (shifted >= 31) return sign | 0x7c00;
  if (shifted <= 0) {
    if (shifted < -10) return sign;
    return sign | roundShift(fraction | 0x800000, 14 - shifted);
  }
  // A carry out of the fraction rightly moves into the exponent.
  return sign | ((shifted << 10) + roundShift(fraction, 13));
}

function roundShift(value: number, shift: number): number {
  const whole = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole;
}
