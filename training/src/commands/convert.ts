import { join } from 'node:path';
import type { Command, CommandSpec, Flags } from 'alibi-zarr/command-line';
import type { ConvertOutput } from 'alibi-zarr-schemas';
import { type ConvertOptions, convert as convertWeights } from '../convert.ts';
import {
  commandText,
  gridOf,
  INPUT_FLAGS,
  inputOf,
  invalidFlag,
  oneOf,
  toggle,
  valued,
  whole,
} from '../flag-values.ts';
import { givenPosition, POSITION_FLAGS } from '../position-flags.ts';
import { windowOf } from '../window-flags.ts';

const spec: CommandSpec = {
  program: 'alibi-train',
  name: 'convert',
  summary: 'A public checkpoint as an ONNX graph with a manifest',
  positionals: ['WEIGHTS'],
  flags: {
    out: valued('DIR', 'where to write model.onnx, self-test.bin and manifest.json'),
    name: valued('NAME', "the checkpoint's name (default: the file's)"),
    title: valued('TEXT', 'a name to show'),
    heads: valued('N', 'attention heads (default: config.json beside the weights, else dim / 64)'),
    'trained-grid': valued('ROWS,COLS', 'grid of the position embedding, where it is not square'),
    ...POSITION_FLAGS,
    ...INPUT_FLAGS,
    window: valued('ROWS,COLS,OVERLAP', 'tokens of the window plan (default: 32,32,4)'),
    precision: valued(
      'P',
      'how weights are stored: fp32 (default), fp16, int8; several in one manifest, and lower arithmetic, by quantize',
    ),
    graph: valued('KIND', 'plain (default), fused (com.microsoft.MultiHeadAttention)'),
    layers: valued('0,1,...', 'put out the tokens after these blocks as layer.N'),
    source: valued('TEXT', 'what the manifest says of where the weights come from'),
    licence: valued('TEXT', 'and of their licence'),
    finetuned: toggle('the weights were finetuned for this position'),
  },
  examples: [
    'convert model.safetensors --out dinov2-alibi',
    'convert student.safetensors --heads 6 --no-wrap --distance-scale 5 --hide-prefix --precision int8 --out local',
  ],
};

export const convert: Command = {
  spec,
  async run(flags, io) {
    const options = convertOptions(flags);
    const { manifest, scheme } = await convertWeights({ ...options, onProgress: io.err });
    const [graph] = manifest.graphs;
    if (graph === undefined) throw new TypeError('a manifest without graphs was written');
    const { path, precision, bytes, sha256 } = graph;
    const output: ConvertOutput = {
      manifest: join(options.out, 'manifest.json'),
      name: manifest.name,
      scheme,
      graph: { path, precision, bytes, sha256 },
    };
    io.out(
      flags.has('json')
        ? JSON.stringify(output)
        : `${output.manifest}: ${manifest.name}, ${precision}, ${bytes} bytes`,
    );
    return 0;
  },
};

/** @throws AlibiError  InvalidInput naming the flag */
function convertOptions(flags: Flags): ConvertOptions {
  const [weights = ''] = flags.positionals;
  const out = flags.text('out');
  if (out === undefined) throw invalidFlag('it is missing', '--out');
  const name = flags.text('name');
  if (name !== undefined && !/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    throw invalidFlag('a name has lower-case letters, digits, dots, dashes and underscores', '--name');
  }
  const trainedGrid = flags.text('trained-grid');
  return {
    weights,
    out,
    name,
    title: flags.text('title'),
    heads: flags.integer('heads', 1),
    trainedGrid: trainedGrid === undefined ? undefined : gridOf(trainedGrid),
    position: givenPosition(flags),
    precision: oneOf(flags.text('precision') ?? 'fp32', ['fp32', 'fp16', 'int8'], '--precision'),
    graph: oneOf(flags.text('graph') ?? 'plain', ['plain', 'fused'], '--graph'),
    layers: layersOf(flags.text('layers') ?? ''),
    ...inputOf(flags),
    window: windowOf(flags.text('window') ?? '32,32,4', '--window'),
    source: flags.text('source'),
    licence: flags.text('licence') ?? 'not stated; see the source',
    finetuned: flags.has('finetuned'),
    command: `alibi-train convert ${commandText(flags.argv)}`,
  };
}

function layersOf(text: string): number[] {
  if (text === '') return [];
  return [...new Set(text.split(',').map((part) => whole(part, '--layers', 0)))].sort((a, b) => a - b);
}
