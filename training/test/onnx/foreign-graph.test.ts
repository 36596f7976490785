import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProtobufWriter } from 'alibi-zarr/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSubject } from '../../src/bench/bench-subject.ts';
import { sha256 } from '../../src/hash.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { openWasmRunner } from '../../src/onnx/run-wasm.ts';
import { writeRandomCheckpoint } from '../../src/random-checkpoint.ts';
import { verify } from '../../src/verify.ts';

/** onnx.proto3: ModelProto 7 graph, GraphProto 1 node and 5 initializer; a field twice is one message with the parts of both. */
const graphPart = (field: number, part: ProtobufWriter) =>
  new ProtobufWriter().message(7, new ProtobufWriter().message(field, part)).finish();

const foreign: readonly [what: string, added: Uint8Array, expected: RegExp][] = [
  [
    'a tensor of another file',
    graphPart(
      5,
      new ProtobufWriter()
        .text(8, 'stolen')
        .message(13, new ProtobufWriter().text(1, 'location').text(2, '../../etc/passwd'))
        .integer(14, 1),
    ),
    /tensor "stolen" lies in another file/,
  ],
  [
    'an operator of a library',
    graphPart(1, new ProtobufWriter().text(1, 'image').text(2, 'x').text(4, 'Run').text(7, 'evil.custom')),
    /domain "evil\.custom"/,
  ],
  [
    'an operator that is none',
    graphPart(1, new ProtobufWriter().text(1, 'image').text(2, 'x').text(4, 'NoSuchOperator')),
    /ONNX Runtime refuses the graph: .*NoSuchOperator/s,
  ],
];

describe("a checkpoint with somebody else's graph", () => {
  let dir = '';
  let graph: Uint8Array;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-foreign-'));
    await writeRandomCheckpoint(dir, { seed: 1 });
    graph = new Uint8Array(await readFile(join(dir, 'model.onnx')));
  });
  afterAll(() => rm(dir, { recursive: true }));

  /** Listed in the manifest by its right hash: only its contents are wrong. */
  async function checkpointWith(model: Uint8Array): Promise<string> {
    const path = join(dir, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    Object.assign(manifest.graphs[0], { bytes: model.length, sha256: sha256(model) });
    await writeFile(path, JSON.stringify(manifest));
    await writeFile(join(dir, 'model.onnx'), model);
    return path;
  }

  it.each(foreign)('(%s) is refused by verify and bench, naming the file', async (_, added, expected) => {
    const path = await checkpointWith(Buffer.concat([graph, added]));
    for (const open of [() => verify(path), () => openSubject(path)]) {
      await expect(open()).rejects.toMatchObject({
        tag: 'UnsupportedFormat',
        what: expect.stringMatching(expected),
        where: join(dir, 'model.onnx'),
      });
    }
  });

  it.each([
    ['cpu', openCpuRunner],
    ['wasm', openWasmRunner],
  ])('is looked at before %s sees it, and one of ours is opened', async (_, open) => {
    for (const [, added, expected] of foreign) {
      await expect(open(Buffer.concat([graph, added]))).rejects.toMatchObject({
        tag: 'UnsupportedFormat',
        what: expect.stringMatching(expected),
      });
    }
    await expect(open(new TextEncoder().encode('<!doctype html>'))).rejects.toMatchObject({
      tag: 'UnsupportedFormat',
    });
    await (await open(graph)).close();
  });
});
