import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assertSafeModel } from '../../src/onnx-file/assert-safe-model.ts';
import { OnnxModel } from '../../src/onnx-file/model.ts';
import { ProtobufWriter } from '../../src/onnx-file/protobuf.ts';

const ports = { input: 'image', output: 'features' };
const check = (model: Uint8Array) => () => assertSafeModel(model, ports, 'graph.onnx');

/** A model around one node, written field by field (onnx.proto3). */
function model(node: ProtobufWriter, { input = 'image', output = 'features' } = {}): Uint8Array {
  const port = (name: string) => new ProtobufWriter().text(1, name);
  const graph = new ProtobufWriter().message(1, node).message(11, port(input)).message(12, port(output));
  return new ProtobufWriter().integer(1, 8).message(7, graph).finish();
}

const identity = () => new ProtobufWriter().text(1, 'image').text(2, 'features').text(4, 'Identity');
const external = (name: string, path: string) =>
  new ProtobufWriter()
    .text(8, name)
    .message(13, new ProtobufWriter().text(1, 'location').text(2, path))
    .integer(14, 1);

describe('a graph that is no encoder of ours', () => {
  it('is not the checkpoint that is shipped', () => {
    const file = new Uint8Array(
      readFileSync(new URL('../../models/alibi-dv2-vits14-local/model.onnx', import.meta.url)),
    );
    expect(check(file)).not.toThrow();
    // Cut anywhere, the last field is not whole.
    for (const share of [0.1, 0.5, 0.999]) {
      expect(check(file.subarray(0, Math.floor(file.length * share)))).toThrow(/no ONNX file|no (in|out)put/);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /holds no graph/],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), /no ONNX file/],
    ['a page of HTML', new TextEncoder().encode('<!doctype html>'), /no ONNX file/],
    ['another input', model(identity(), { input: 'input_ids' }), /no input "image" but input_ids/],
    ['another output', model(identity(), { output: 'logits' }), /no output "features" but logits/],
    ['an operator of a library', model(identity().text(7, 'evil.custom')), /domain "evil\.custom"/],
    [
      'a constant in another file',
      model(
        identity().message(
          5,
          new ProtobufWriter().text(1, 'value').message(5, external('w', '../../etc/passwd')),
        ),
      ),
      /tensor "w" lies in another file/,
    ],
    [
      'a constant in another file, in a branch',
      model(
        identity().message(
          5,
          new ProtobufWriter().message(6, new ProtobufWriter().message(5, external('w', 'https://host/w'))),
        ),
      ),
      /tensor "w" lies in another file/,
    ],
  ])('%s: refused', (_, bytes, why) => {
    expect(check(bytes)).toThrow(why);
  });

  it('a graph in a graph, without end: refused, not followed', () => {
    let graph = new ProtobufWriter().text(2, 'innermost');
    for (let depth = 0; depth < 500; depth++) {
      graph = new ProtobufWriter().message(
        1,
        new ProtobufWriter().message(5, new ProtobufWriter().message(6, graph)),
      );
    }
    expect(check(new ProtobufWriter().message(7, graph).finish())).toThrow(/nested more than 16 deep/);
  });

  it('a classifier of ours is one of other ports', () => {
    const other = new OnnxModel();
    other.input({ name: 'features', type: 'float32', shape: ['n', 4] });
    other.node('Identity', ['features'], ['label'], {});
    other.output({ name: 'label', type: 'float32', shape: ['n'] });
    expect(check(other.finish('classifier', {}))).toThrow(/no input "image" but features/);
  });
});
