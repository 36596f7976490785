import { AlibiError } from 'alibi-zarr/checkpoint';
import type { Block, VitWeights } from '../weights/vit-weights.ts';
import { GraphBuilder } from './graph-builder.ts';
import { type Context, type ExportOptions, layerNorm, linear, mlp } from './layers.ts';
import {
  type AlibiPosition,
  type AttentionBias,
  buildAttentionBias,
  buildPositionEmbedding,
  buildSincosEmbedding,
  fixedSlopes,
  type GridValues,
} from './position.ts';
import { floatTypeOf, type Precision } from './precision.ts';
import { storeFloats, storeWeight } from './weight-storage.ts';

/**
 * A vision transformer as an ONNX graph whose token grid is free.
 *
 * Input `image` float32 [N, 3, H, W], normalised, H and W multiples of the patch. Outputs `features`
 * [N, dim, rows, cols] and `prefix` [N, 1 + registers, dim], both after the last norm, and `layer.N`
 * [N, dim, rows, cols] where asked for. LayerScale and the attention's 1/√d are folded into the weights.
 *
 * @returns the bytes of a `.onnx` file; the caller owns the buffer
 * @throws AlibiError  InvalidInput where the options do not fit the weights
 */
export function exportVit(weights: VitWeights, options: ExportOptions): Uint8Array<ArrayBuffer> {
  assertFits(weights, options);
  const graph = new GraphBuilder();
  const { dim } = weights;
  const float = floatTypeOf(options.precision);
  const patches = embedPatches(graph, weights, options.precision);
  const context = {
    graph,
    weights,
    options,
    float,
    ...gridOf(graph, patches),
    prefixTokens: prefixCount(weights),
  };
  let tokens = embed(context, patches);
  const bias = options.position.kind === 'alibi' ? sharedBias(context, options.position) : null;
  for (const n of weights.blocks.keys()) {
    tokens = buildBlock(context, tokens, n, bias);
    if (options.layers.includes(n)) {
      const layer = asImage(context, patchesOf(context, tokens));
      graph.output(asFloat32(context, layer), `layer.${n}`, ['N', dim, 'rows', 'cols']);
    }
  }
  const normed = layerNorm(context, tokens, weights.norm, 'norm');
  const features = asImage(context, patchesOf(context, normed));
  graph.output(asFloat32(context, features), 'features', ['N', dim, 'rows', 'cols']);
  const prefix = asFloat32(context, slice(graph, normed, 0, context.prefixTokens));
  graph.output(prefix, 'prefix', ['N', context.prefixTokens, dim]);
  return graph.finish({ name: options.name, producer: 'alibi-train', notice: options.notice });
}

/** Image [N, 3, H, W] → [N, dim, rows, cols] in the type that the graph computes in. */
function embedPatches(graph: GraphBuilder, weights: VitWeights, precision: Precision): string {
  const { patchEmbedding, dim, patch } = weights;
  const float = floatTypeOf(precision);
  const image = graph.input('image', ['N', 3, 'H', 'W']);
  const { shape, data } = patchEmbedding.weight;
  const weight = storeWeight(graph, { name: 'patch.weight', shape, data, outputAxis: 0 }, precision);
  const bias = { name: 'patch.bias', shape: [dim], data: patchEmbedding.bias?.data ?? new Float32Array(dim) };
  const inputs = [float === 'float16' ? graph.cast(image, float) : image, weight];
  return graph.node('Conv', [...inputs, storeFloats(graph, float, bias)], { strides: [patch, patch] });
}

/** A value for one of the graph's outputs, which are float32 at every precision. */
function asFloat32({ graph, float }: Context, value: string): string {
  return float === 'float32' ? value : graph.cast(value, 'float32');
}

function assertFits(weights: VitWeights, options: ExportOptions): void {
  const refuse = (what: string, remedy: string): never => {
    throw new AlibiError('InvalidInput', { what, where: options.name, remedy });
  };
  if (weights.dim % options.heads !== 0) {
    refuse(
      `${options.heads} heads do not divide a dimension of ${weights.dim}`,
      'Give --heads the right number.',
    );
  }
  if (options.position.kind === 'learned' && weights.position === null) {
    refuse('the weights have no position embedding', 'Use --position alibi or none.');
  }
  const missing = options.layers.find((layer) => layer >= weights.blocks.length);
  if (missing !== undefined) {
    refuse(
      `there is no block ${missing}: the weights have 0 to ${weights.blocks.length - 1}`,
      'Change --layers.',
    );
  }
  if (options.position.kind !== 'alibi' || options.position.slopes !== 'learned') return;
  const without = weights.blocks.findIndex((block) => block.slopes?.data.length !== options.heads);
  if (without >= 0) {
    refuse(
      `block ${without} does not hold ${options.heads} learned slopes (attn.m)`,
      'Use --slopes constant or fixed, or other weights.',
    );
  }
}

function prefixCount(weights: VitWeights): number {
  return 1 + (weights.registers.shape[0] ?? 0);
}

function gridOf(graph: GraphBuilder, patches: string): { grid: GridValues; batch: string } {
  const shape = graph.node('Shape', [patches]);
  const at = (i: number): string => graph.node('Gather', [shape, graph.integers(i)]);
  const asFloat = (size: string): string =>
    graph.node('Cast', [graph.node('Squeeze', [size, graph.integers(0)])], { to: 1 });
  const rows = at(2);
  const cols = at(3);
  return { grid: { rows, cols, rowsFloat: asFloat(rows), colsFloat: asFloat(cols) }, batch: at(0) };
}

/** [N, dim, rows, cols] → tokens [N, prefix + rows·cols, dim] with prefix and position embedding. */
function embed(context: Context, patches: string): string {
  const { graph, weights, options, grid, batch, float } = context;
  const flat = graph.node('Reshape', [patches, graph.integers(0, weights.dim, -1)]);
  let tokens = graph.node('Transpose', [flat], { perm: [0, 2, 1] });
  const learned = options.position.kind === 'learned' ? weights.position : null;
  const added =
    learned !== null
      ? buildPositionEmbedding(graph, grid, learned, weights.dim)
      : options.position.kind === 'sincos'
        ? buildSincosEmbedding(graph, grid, weights.dim)
        : null;
  if (added !== null) {
    tokens = graph.node('Add', [tokens, float === 'float32' ? added : graph.cast(added, float)]);
  }
  const prefix = new Float32Array(context.prefixTokens * weights.dim);
  prefix.set(weights.cls.data);
  for (const [i, value] of (learned?.cls?.data ?? []).entries()) prefix[i] = (prefix[i] ?? 0) + value;
  prefix.set(weights.registers.data, weights.dim);
  const prefixShape = [1, context.prefixTokens, weights.dim];
  const stored = storeFloats(graph, float, { name: 'prefix.tokens', shape: prefixShape, data: prefix });
  const shape = graph.node('Concat', [batch, graph.integers(context.prefixTokens, weights.dim)], { axis: 0 });
  return graph.node('Concat', [graph.node('Expand', [stored, shape]), tokens], { axis: 1 });
}

/** What a block adds to its attention logits: shared by all blocks unless the slopes are learned. */
type BlockBias = (block: Block, n: number) => string;

function sharedBias(context: Context, position: AlibiPosition): BlockBias {
  const { graph, grid, prefixTokens } = context;
  const { heads } = context.options;
  const bias = buildAttentionBias(graph, grid, position, prefixTokens);
  if (position.slopes === 'constant') {
    const shared = masked(context, bias, bias.distance);
    return () => shared;
  }
  if (position.slopes === 'fixed') {
    const slopes = graph.tensor('slopes', 'float32', [1, heads, 1, 1], fixedSlopes(heads));
    const shared = masked(context, bias, graph.node('Mul', [bias.distance, slopes]));
    return () => shared;
  }
  return (block, n) => {
    const slopes = block.slopes?.data ?? new Float32Array(heads);
    const stored = graph.tensor(`block.${n}.slopes`, 'float32', [1, heads, 1, 1], slopes);
    return masked(context, bias, graph.node('Mul', [bias.distance, stored]));
  };
}

// Lower and float16 has −∞, which makes a NaN of a row of nothing else; exp of it is 0 all the same.
const LEAST_HALF = -6e4;

function masked({ graph, float }: Context, bias: AttentionBias, scaled: string): string {
  const sum = bias.mask === null ? scaled : graph.node('Add', [scaled, bias.mask]);
  if (float === 'float32') return sum;
  return graph.cast(graph.node('Max', [sum, graph.scalar(LEAST_HALF)]), float);
}

function buildBlock(context: Context, tokens: string, n: number, bias: BlockBias | null): string {
  const { graph, weights } = context;
  const block = weights.blocks[n];
  if (block === undefined) throw new RangeError(`no block ${n}`);
  const name = `block.${n}`;
  const attended = attention(context, layerNorm(context, tokens, block.norm1, `${name}.norm1`), block, {
    name,
    bias: bias === null ? null : bias(block, n),
  });
  const projected = linear(context, attended, block.proj, `${name}.proj`, { outputScale: block.layerScale1 });
  const middle = graph.node('Add', [tokens, projected]);
  const normed = layerNorm(context, middle, block.norm2, `${name}.norm2`);
  return graph.node('Add', [middle, mlp(context, normed, block.mlp, name, block.layerScale2)]);
}

function attention(
  context: Context,
  tokens: string,
  block: Block,
  o: { readonly name: string; readonly bias: string | null },
): string {
  const { graph, weights, options } = context;
  const { dim } = weights;
  const perHead = dim / options.heads;
  const scale = new Float32Array(3 * dim).fill(1).fill(1 / Math.sqrt(perHead), 0, dim);
  const outputScale = options.folded === true ? null : { shape: [3 * dim], data: scale };
  const joined = linear(context, tokens, block.qkv, `${o.name}.qkv`, { outputScale });
  const parts = graph.nodes('Split', [joined, graph.integers(dim, dim, dim)], 3, { axis: 2 });
  const [query = '', key = '', value = ''] = parts;
  if (options.graph === 'fused') {
    const inputs = [query, key, value, ...(o.bias === null ? [] : ['', '', o.bias])];
    const attributes = { num_heads: options.heads, scale: { float: 1 } };
    return graph.node('com.microsoft:MultiHeadAttention', inputs, attributes);
  }
  const split = graph.integers(0, 0, options.heads, perHead);
  const heads = (part: string, perm: readonly number[]): string =>
    graph.node('Transpose', [graph.node('Reshape', [part, split])], { perm });
  const products = graph.node('MatMul', [heads(query, [0, 2, 1, 3]), heads(key, [0, 2, 3, 1])]);
  const logits = o.bias === null ? products : graph.node('Add', [products, o.bias]);
  const weighted = graph.node('MatMul', [
    graph.node('Softmax', [logits], { axis: -1 }),
    heads(value, [0, 2, 1, 3]),
  ]);
  const merged = graph.node('Transpose', [weighted], { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [merged, graph.integers(0, 0, dim)]);
}

function slice(graph: GraphBuilder, x: string, from: number, to: number): string {
  return graph.node('Slice', [x, graph.integers(from), graph.integers(to), graph.integers(1)]);
}

function patchesOf(context: Context, tokens: string): string {
  return slice(context.graph, tokens, context.prefixTokens, 2 ** 31 - 1);
}

/** [N, rows·cols, dim] → [N, dim, rows, cols] */
function asImage(context: Context, patches: string): string {
  const { graph, weights, grid, batch } = context;
  const shape = graph.node('Concat', [batch, graph.integers(weights.dim), grid.rows, grid.cols], { axis: 0 });
  return graph.node('Reshape', [graph.node('Transpose', [patches], { perm: [0, 2, 1] }), shape]);
}
