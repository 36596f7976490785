import { AlibiError } from '../errors.ts';
import { protobufFields } from './protobuf-reader.ts';

export interface ExpectedPorts {
  readonly input: string;
  readonly output: string;
}

/** Operators that ONNX Runtime itself brings; any other domain asks for a library of somebody's. */
const knownDomains: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft']);
/** A graph in an attribute of a node in a graph …: loops and branches, two deep at most in practice. */
const depthLimit = 16;
const nodeLimit = 1_000_000;

/**
 * Refuse an ONNX file that is not what an encoder is: no ONNX at all, other inputs or outputs, operators of an unknown
 * domain, or tensors that lie in other files (which a runtime would open by whatever path the file gives).
 *
 * @param where  the file, for messages
 * @throws UnsupportedFormatError  naming what is wrong
 * Source: onnx.proto3 (ModelProto 1, 7, 8, 20, 25; GraphProto 1, 5, 11, 12, 15; NodeProto 5, 7; AttributeProto 5, 6, 10, 11, 22,
 *   23; TensorProto 8, 13, 14)
 */
export function assertSafeModel(model: Uint8Array, { input, output }: ExpectedPorts, where: string): void {
  const check = new ModelCheck(where);
  try {
    check.model(model);
  } catch (cause) {
    if (cause instanceof AlibiError) throw cause;
    throw refusal(`it is no ONNX file: ${cause instanceof Error ? cause.message : cause}`, where);
  }
  const list = (names: ReadonlySet<string>): string => [...names].slice(0, 5).join(', ') || 'none';
  if (!check.hasGraph) throw refusal('it is no ONNX file: it holds no graph', where);
  if (!check.inputs.has(input)) throw refusal(`it has no input "${input}" but ${list(check.inputs)}`, where);
  if (!check.outputs.has(output)) {
    throw refusal(`it has no output "${output}" but ${list(check.outputs)}`, where);
  }
}

function refusal(what: string, where: string): AlibiError {
  return new AlibiError('UnsupportedFormat', {
    what: `the graph is refused: ${what}`,
    where,
    remedy: 'Convert the checkpoint with "alibi-train convert", from weights that you trust.',
  });
}

class ModelCheck {
  readonly inputs = new Set<string>();
  readonly outputs = new Set<string>();
  hasGraph = false;
  #nodes = 0;
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  model(bytes: Uint8Array): void {
    for (const part of protobufFields(bytes)) {
      if (!('bytes' in part)) continue;
      if (part.field === 7) {
        this.hasGraph = true;
        this.#graph(part.bytes, 0);
      } else if (part.field === 8) this.#opset(part.bytes);
      else if (part.field === 20) throw refusal('it holds a training graph', this.#where);
      else if (part.field === 25) this.#nodesOf(part.bytes, 7, 0);
    }
  }

  #opset(bytes: Uint8Array): void {
    for (const part of protobufFields(bytes)) {
      if (part.field === 1 && 'bytes' in part) this.#domain(textOf(part.bytes));
    }
  }

  #domain(domain: string): void {
    if (knownDomains.has(domain)) return;
    throw refusal(`it needs operators of the domain ${JSON.stringify(domain.slice(0, 100))}`, this.#where);
  }

  #graph(bytes: Uint8Array, depth: number): void {
    if (depth > depthLimit) throw new Error(`graphs are nested more than ${depthLimit} deep`);
    for (const part of protobufFields(bytes)) {
      if (!('bytes' in part)) continue;
      if (part.field === 1) this.#node(part.bytes, depth);
      else if (part.field === 5) this.#tensor(part.bytes);
      else if (part.field === 15) this.#sparse(part.bytes);
      else if (depth === 0 && part.field === 11) this.inputs.add(nameOf(part.bytes));
      else if (depth === 0 && part.field === 12) this.outputs.add(nameOf(part.bytes));
    }
  }

  /** The nodes of a function, which has them under another number than a graph. */
  #nodesOf(bytes: Uint8Array, field: number, depth: number): void {
    for (const part of protobufFields(bytes)) {
      if (part.field === field && 'bytes' in part) this.#node(part.bytes, depth);
    }
  }

  #node(bytes: Uint8Array, depth: number): void {
    if (++this.#nodes > nodeLimit) throw new Error(`it has more than ${nodeLimit} nodes`);
    for (const part of protobufFields(bytes)) {
      if (!('bytes' in part)) continue;
      if (part.field === 7) this.#domain(textOf(part.bytes));
      else if (part.field === 5) this.#attribute(part.bytes, depth);
    }
  }

  #attribute(bytes: Uint8Array, depth: number): void {
    for (const part of protobufFields(bytes)) {
      if (!('bytes' in part)) continue;
      if (part.field === 5 || part.field === 10) this.#tensor(part.bytes);
      else if (part.field === 6 || part.field === 11) this.#graph(part.bytes, depth + 1);
      else if (part.field === 22 || part.field === 23) this.#sparse(part.bytes);
    }
  }

  #sparse(bytes: Uint8Array): void {
    for (const part of protobufFields(bytes)) {
      if ((part.field === 1 || part.field === 2) && 'bytes' in part) this.#tensor(part.bytes);
    }
  }

  #tensor(bytes: Uint8Array): void {
    let name = '';
    let external = false;
    for (const part of protobufFields(bytes)) {
      if ('bytes' in part && part.field === 8) name = textOf(part.bytes);
      external ||= part.field === 13 || (part.field === 14 && 'value' in part && part.value !== 0);
    }
    if (!external) return;
    throw refusal(`its tensor ${JSON.stringify(name.slice(0, 100))} lies in another file`, this.#where);
  }
}

function nameOf(valueInfo: Uint8Array): string {
  for (const part of protobufFields(valueInfo)) {
    if (part.field === 1 && 'bytes' in part) return textOf(part.bytes);
  }
  return '';
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
