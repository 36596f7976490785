import type { Affine, Mlp, Norm, Tensor, VitWeights } from '../weights/vit-weights.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { matMul } from './mat-mul.ts';
import type { GridValues, Position } from './position.ts';
import type { FloatType, Precision } from './precision.ts';
import { storeFloats } from './weight-storage.ts';

export interface ExportOptions {
  readonly name: string;
  readonly heads: number;
  readonly layerNormEps: number;
  readonly position: Position;
  readonly precision: Precision;
  /** `fused` uses ONNX Runtime's com.microsoft.MultiHeadAttention; `plain` only ONNX's own operators. */
  readonly graph: 'plain' | 'fused';
  /** Blocks, from 0, whose output is put out as `layer.N`, before the last norm. */
  readonly layers: readonly number[];
  /** Stored in the file's metadata: licence and origin. */
  readonly notice: string;
  /** The attention's 1/√d is in the weights already, as in those read back from a graph. */
  readonly folded?: boolean;
}

/** What every part of the transformer needs. */
export interface Context {
  readonly graph: GraphBuilder;
  readonly weights: VitWeights;
  readonly options: ExportOptions;
  readonly grid: GridValues;
  /** What everything between the image and the outputs is computed in. */
  readonly float: FloatType;
  /** CLS and registers. */
  readonly prefixTokens: number;
  /** [N] as an int64 vector of length one. */
  readonly batch: string;
}

/** @returns tokens [N, T, dim]; `outputScale` is the block's LayerScale */
export function mlp(
  context: Context,
  tokens: string,
  layer: Mlp,
  name: string,
  outputScale: Tensor | null,
): string {
  const { graph } = context;
  if (layer.kind === 'gelu') {
    const hidden = gelu(context, linear(context, tokens, layer.fc1, `${name}.fc1`));
    return linear(context, hidden, layer.fc2, `${name}.fc2`, { outputScale });
  }
  const size = (layer.gateAndValue.weight.shape[0] ?? 0) / 2;
  const joined = linear(context, tokens, layer.gateAndValue, `${name}.gate-value`);
  const [gate = '', value = ''] = graph.nodes('Split', [joined, graph.integers(size, size)], 2, { axis: 2 });
  const silu = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])]);
  return linear(context, graph.node('Mul', [silu, value]), layer.out, `${name}.out`, { outputScale });
}

/** x·½·(1 + erf(x/√2)), the exact GELU. */
function gelu({ graph, float }: Context, x: string): string {
  const scalar = (value: number): string => (float === 'float16' ? graph.half(value) : graph.scalar(value));
  const erf = graph.node('Erf', [graph.node('Div', [x, scalar(Math.SQRT2)])]);
  return graph.node('Mul', [graph.node('Mul', [x, graph.node('Add', [erf, scalar(1)])]), scalar(0.5)]);
}

/** x·Wᵀ + b; `outputScale` (LayerScale, attention scale) multiplies weight and bias by output channel. */
export function linear(
  context: Context,
  x: string,
  layer: Affine,
  name: string,
  o: { readonly outputScale: Tensor | null } = { outputScale: null },
): string {
  const { graph, float } = context;
  const [outputs = 0, inputs = 0] = layer.weight.shape;
  const transposed = new Float32Array(inputs * outputs);
  for (let row = 0; row < outputs; row++) {
    const scale = o.outputScale?.data[row] ?? 1;
    for (let col = 0; col < inputs; col++) {
      transposed[col * outputs + row] = scale * (layer.weight.data[row * inputs + col] ?? 0);
    }
  }
  const stored = { name: `${name}.weight`, shape: [inputs, outputs], data: transposed, outputAxis: 1 };
  const product = matMul(graph, x, stored, context.options.precision);
  if (layer.bias === null) return product;
  const bias = Float32Array.from(layer.bias.data, (value, i) => value * (o.outputScale?.data[i] ?? 1));
  return graph.node('Add', [
    product,
    storeFloats(graph, float, { name: `${name}.bias`, shape: [outputs], data: bias }),
  ]);
}

export function layerNorm(context: Context, x: string, norm: Norm, name: string): string {
  const { graph, weights, options, float } = context;
  const store = (part: string, data: Float32Array): string =>
    storeFloats(graph, float, { name: `${name}.${part}`, shape: [weights.dim], data });
  const [weight, bias] = [store('weight', norm.weight.data), store('bias', norm.bias.data)];
  return graph.node('LayerNormalization', [x, weight, bias], {
    axis: -1,
    epsilon: { float: options.layerNormEps },
  });
}
