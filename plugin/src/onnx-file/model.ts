import { ProtobufWriter } from './protobuf.ts';

/** Lists of an operator's attribute, by type. */
export type Attribute =
  | { readonly integer: number }
  | { readonly text: string }
  | { readonly integers: ArrayLike<number> }
  | { readonly floats: ArrayLike<number> }
  | { readonly texts: readonly string[] };

/** A tensor that a graph takes or gives; a dimension is a size or a name. */
export interface Port {
  readonly name: string;
  readonly type: 'float32' | 'int64';
  readonly shape: readonly (number | string)[];
}

const elementTypes = { float32: 1, int64: 7 } as const;

/** Version of the operators, and of the file. */
const opset = 17;
const mlOpset = 3;
const irVersion = 8;

/**
 * A small ONNX graph of float tensors, written node by node. Values are named.
 *
 * Source: onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto).
 */
export class OnnxModel {
  readonly #graph = new ProtobufWriter();

  /** @param domain  of the operator; default ONNX's own, `ai.onnx.ml` for trees */
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain?: 'ai.onnx.ml',
  ): void {
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, `${type}.${outputs[0] ?? ''}`).text(4, type);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
    if (domain !== undefined) node.text(7, domain);
    this.#graph.message(1, node);
  }

  /** A constant, row-major. */
  constant(name: string, shape: readonly number[], values: Float32Array | BigInt64Array): string {
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.integer(1, size);
    tensor
      .integer(2, values instanceof Float32Array ? elementTypes.float32 : elementTypes.int64)
      .text(8, name)
      .bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#graph.message(5, tensor);
    return name;
  }

  input(port: Port): void {
    this.#graph.message(11, portMessage(port));
  }

  output(port: Port): void {
    this.#graph.message(12, portMessage(port));
  }

  /**
   * @param metadata  texts stored with the model
   * @returns         the bytes of a `.onnx` file; the caller owns the buffer
   */
  finish(name: string, metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
    this.#graph.text(2, name);
    const model = new ProtobufWriter().integer(1, irVersion).text(2, 'alibi-zarr').message(7, this.#graph);
    model.message(8, new ProtobufWriter().text(1, '').integer(2, opset));
    model.message(8, new ProtobufWriter().text(1, 'ai.onnx.ml').integer(2, mlOpset));
    for (const [key, value] of Object.entries(metadata)) {
      model.message(14, new ProtobufWriter().text(1, key).text(2, value));
    }
    return model.finish();
  }
}

/** AttributeProto.type */
const attributeTypes = { integer: 2, text: 3, floats: 6, integers: 7, texts: 8 } as const;

function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if ('integer' in value) return message.integer(3, value.integer).integer(20, attributeTypes.integer);
  if ('text' in value) return message.text(4, value.text).integer(20, attributeTypes.text);
  if ('floats' in value) {
    for (let i = 0; i < value.floats.length; i++) message.float(7, value.floats[i]!);
    return message.integer(20, attributeTypes.floats);
  }
  if ('integers' in value) {
    for (let i = 0; i < value.integers.length; i++) message.integer(8, value.integers[i]!);
    return message.integer(20, attributeTypes.integers);
  }
  for (const text of value.texts) message.text(9, text);
  return message.integer(20, attributeTypes.texts);
}

function portMessage({ name, type, shape }: Port): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    const dimension = new ProtobufWriter();
    if (typeof size === 'number') dimension.integer(1, size);
    else dimension.text(2, size);
    dimensions.message(1, dimension);
  }
  const tensor = new ProtobufWriter().integer(1, elementTypes[type]).message(2, dimensions);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
