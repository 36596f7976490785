import { AlibiError, ProtobufWriter } from 'alibi-zarr/checkpoint';
import { toFloat16 } from './float16.ts';

/** ONNX element types (onnx.proto, TensorProto.DataType) this exporter writes. */
const ELEMENT = { float32: 1, uint8: 2, int8: 3, int64: 7, bool: 9, float16: 10 } as const;
export type ElementType = keyof typeof ELEMENT;

/** Integer unless written as `{ float: x }`. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** A name, or a number for a fixed size. */
export type Dimension = string | number;

const ONNX_OPSET = 17; // LayerNormalization; nothing later is needed
const IR_VERSION = 8;
// A protobuf message may hold less than 2 GiB; weights kept in a separate file are not written.
const BYTE_LIMIT = 2 ** 31 - 1;

/**
 * Collects the nodes and constants of one ONNX graph. Values are the names of tensors.
 * Source: onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto).
 */
export class GraphBuilder {
  readonly #graph = new ProtobufWriter();
  readonly #domains = new Set<string>();
  readonly #constants = new Map<string, string>();
  #count = 0;

  /** Adds a node with one output and gives the output's name. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const [output] = this.nodes(op, inputs, 1, attributes);
    return output ?? '';
  }

  /** Adds a node with several outputs; an operator named `domain:Name` is not one of ONNX's own. */
  nodes(
    op: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const [domain, type] = op.includes(':') ? op.split(':', 2) : ['', op];
    const name = `${type}_${this.#count++}`;
    const outputs = Array.from({ length: outputCount }, (_, i) => (i === 0 ? name : `${name}.${i}`));
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, name).text(4, type ?? op);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attributeMessage(key, value));
    if (domain !== undefined && domain !== '') {
      node.text(7, domain);
      this.#domains.add(domain);
    }
    this.#graph.message(1, node);
    return outputs;
  }

  /** The value in another type. */
  cast(value: string, type: ElementType): string {
    return this.node('Cast', [value], { to: ELEMENT[type] });
  }

  /** Gives a value the name under which the graph puts it out. */
  output(value: string, name: string, shape: readonly Dimension[]): void {
    const node = new ProtobufWriter()
      .text(1, value)
      .text(2, name)
      .text(3, `output.${name}`)
      .text(4, 'Identity');
    this.#graph.message(1, node).message(12, valueInfo(name, shape));
  }

  input(name: string, shape: readonly Dimension[]): string {
    this.#graph.message(11, valueInfo(name, shape));
    return name;
  }

  /** @param data  row-major in the machine's (little-endian) order; kept by reference until {@link finish} */
  tensor(name: string, type: ElementType, shape: readonly number[], data: ArrayBufferView): string {
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.integer(1, size);
    tensor
      .integer(2, ELEMENT[type])
      .text(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#graph.message(5, tensor);
    return name;
  }

  /** A float32 scalar; equal ones are stored once. */
  scalar(value: number): string {
    return this.#once(`f:${value}`, (name) => this.tensor(name, 'float32', [], Float32Array.of(value)));
  }

  /** A float16 scalar; equal ones are stored once. */
  half(value: number): string {
    return this.#once(`h:${value}`, (name) =>
      this.tensor(name, 'float16', [], toFloat16(Float32Array.of(value))),
    );
  }

  /** A uint8 scalar; equal ones are stored once. */
  byte(value: number): string {
    return this.#once(`b:${value}`, (name) => this.tensor(name, 'uint8', [], Uint8Array.of(value)));
  }

  /** An int64 vector; equal ones are stored once. */
  integers(...values: readonly number[]): string {
    return this.#once(`i:${values.join()}`, (name) =>
      this.tensor(name, 'int64', [values.length], BigInt64Array.from(values, BigInt)),
    );
  }

  /** An int64 scalar; equal ones are stored once. */
  integer(value: number): string {
    return this.#once(`s:${value}`, (name) =>
      this.tensor(name, 'int64', [], BigInt64Array.of(BigInt(value))),
    );
  }

  /** @returns the bytes of a `.onnx` file; the caller owns the buffer */
  finish(o: {
    readonly name: string;
    readonly producer: string;
    readonly notice: string;
  }): Uint8Array<ArrayBuffer> {
    this.#graph.text(2, o.name);
    const model = new ProtobufWriter().integer(1, IR_VERSION).text(2, o.producer);
    model.message(7, this.#graph);
    model.message(8, new ProtobufWriter().text(1, '').integer(2, ONNX_OPSET));
    for (const domain of this.#domains) model.message(8, new ProtobufWriter().text(1, domain).integer(2, 1));
    model.message(14, new ProtobufWriter().text(1, 'notice').text(2, o.notice));
    if (model.byteLength > BYTE_LIMIT) {
      throw new AlibiError('UnsupportedFormat', {
        what: `the graph would take ${model.byteLength} bytes, and an ONNX file holds less than 2 GiB`,
        where: o.name,
        remedy: 'Use --precision fp16 or int8.',
      });
    }
    return model.finish();
  }

  #once(key: string, make: (name: string) => string): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = make(`constant.${this.#constants.size}`);
    this.#constants.set(key, name);
    return name;
  }
}

function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function valueInfo(name: string, shape: readonly Dimension[]): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    const dimension = new ProtobufWriter();
    if (typeof size === 'number') dimension.integer(1, size);
    else dimension.text(2, size);
    dimensions.message(1, dimension);
  }
  const tensor = new ProtobufWriter().integer(1, ELEMENT.float32).message(2, dimensions);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
