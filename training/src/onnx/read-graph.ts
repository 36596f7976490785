import { AlibiError, protobufFields, protobufNumbers } from 'alibi-zarr/checkpoint';
import type { Affine, Block, Mlp, Norm, Tensor, VitWeights } from '../weights/vit-weights.ts';

// TensorProto.DataType
const FLOAT = 1;

/**
 * The weights in a float32 graph written by {@link exportVit}, with what the export folded into them: the attention's 1/√d,
 * LayerScale, and a learned embedding of CLS. Export them with `folded`, and the same bytes come out.
 *
 * @param model  bytes of a `.onnx` file; tensors are copied
 * @param shape  of the architecture, what the graph does not tell
 * @throws AlibiError  UnsupportedFormat: not such a graph
 */
export function readGraphWeights(
  model: Uint8Array,
  shape: {
    readonly blocks: number;
    readonly trainedGrid: readonly [number, number] | null;
    readonly where: string;
  },
): VitWeights {
  const tensors = readTensors(model, shape.where);
  const optional = (name: string): Tensor | null => tensors.get(name) ?? null;
  const tensor = (name: string): Tensor => {
    const found = tensors.get(name);
    if (found !== undefined) return found;
    throw notOurs(`it holds no float32 tensor "${name}"`, shape.where);
  };
  const norm = (name: string): Norm => ({ weight: tensor(`${name}.weight`), bias: tensor(`${name}.bias`) });
  const affine = (name: string): Affine => ({
    weight: transposed(tensor(`${name}.weight`)),
    bias: optional(`${name}.bias`),
  });
  const mlp = (name: string): Mlp =>
    tensors.has(`${name}.fc1.weight`)
      ? { kind: 'gelu', fc1: affine(`${name}.fc1`), fc2: affine(`${name}.fc2`) }
      : { kind: 'swiglu', gateAndValue: affine(`${name}.gate-value`), out: affine(`${name}.out`) };
  const block = (_: unknown, n: number): Block => ({
    norm1: norm(`block.${n}.norm1`),
    qkv: affine(`block.${n}.qkv`),
    proj: affine(`block.${n}.proj`),
    layerScale1: null,
    norm2: norm(`block.${n}.norm2`),
    mlp: mlp(`block.${n}`),
    layerScale2: null,
    slopes: optional(`block.${n}.slopes`),
  });
  const patch = tensor('patch.weight');
  const dim = patch.shape[0] ?? 0;
  const prefix = tensor('prefix.tokens');
  return {
    patch: patch.shape[2] ?? 0,
    dim,
    patchEmbedding: { weight: patch, bias: tensor('patch.bias') },
    cls: { shape: [dim], data: prefix.data.slice(0, dim) },
    registers: { shape: [(prefix.shape[1] ?? 1) - 1, dim], data: prefix.data.slice(dim) },
    position:
      shape.trainedGrid === null
        ? null
        : { grid: shape.trainedGrid, patches: tensor('position.patches'), cls: null },
    blocks: Array.from({ length: shape.blocks }, block),
    norm: norm('norm'),
  };
}

/** The float32 initializers of a model. */
function readTensors(model: Uint8Array, where: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  try {
    for (const graph of submessages(model, 7)) {
      for (const initializer of submessages(graph, 5)) {
        const tensor = readTensor(initializer);
        if (tensor !== null) tensors.set(tensor.name, tensor);
      }
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw notOurs(cause.message, where);
  }
  return tensors;
}

function* submessages(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const part of protobufFields(message)) {
    if (part.field === wanted && 'bytes' in part) yield part.bytes;
  }
}

/** TensorProto: 1 dims, 2 data_type, 8 name, 9 raw_data. */
function readTensor(message: Uint8Array): (Tensor & { readonly name: string }) | null {
  const shape: number[] = [];
  let [type, name] = [0, ''];
  let raw: Uint8Array | null = null;
  for (const part of protobufFields(message)) {
    if ('value' in part) {
      if (part.field === 1) shape.push(part.value);
      if (part.field === 2) type = part.value;
    } else if (part.field === 1) {
      for (const length of protobufNumbers(part.bytes)) shape.push(length);
    } else if (part.field === 8) name = new TextDecoder().decode(part.bytes);
    else if (part.field === 9) raw = part.bytes;
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (type !== FLOAT || raw === null || raw.byteLength !== 4 * size) return null;
  return { name, shape, data: new Float32Array(raw.slice().buffer) };
}

/** [inputs, outputs] → [outputs, inputs] */
function transposed({ shape, data }: Tensor): Tensor {
  const [rows = 0, cols = 0] = shape;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) out[col * rows + row] = data[row * cols + col] ?? 0;
  }
  return { shape: [cols, rows], data: out };
}

function notOurs(what: string, where: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what: `the graph was not written by "alibi-train convert" at fp32: ${what}`,
    where,
    remedy: 'Give the weights it was converted from with --weights.',
  });
}
