import { parseArgs } from 'node:util';
import { AlibiError } from 'alibi-zarr/checkpoint';
import type { ConvertOptions } from './convert.ts';
import type { Triple } from './manifest.ts';
import type { AlibiPosition, Position } from './onnx/position.ts';

export const CONVERT_HELP = `alibi-train convert <weights> --out <dir>

Reads a .pth or .safetensors file under the names of timm, facebookresearch or Hugging Face and writes
model.onnx, self-test.bin and manifest.json.

  --out dir                  where to write
  --name name                the checkpoint's name (default: the file's)
  --title text               a name to show
  --heads n                  attention heads (default: config.json beside the weights, else dim / 64)
  --trained-grid rows,cols   grid of the position embedding, where it is not square
  --position kind            alibi (default), learned, none
  --metric metric            euclidean (default), manhattan
  --no-wrap                  distances not on the torus of the window
  --no-normalise             distances in tokens, not divided by the window's largest
  --distance-scale s         distances divided by s tokens instead
  --hide-prefix              patches do not read CLS and registers
  --attention-radius r       nor patches more than r tokens away
  --slopes kind              constant (default: 1), fixed (2^(-8i/heads)), learned (attn.m of the weights)
  --mean r,g,b --std r,g,b   normalisation of the input in 0..1 (default: ImageNet's)
  --window rows,cols,overlap tokens of the window plan (default: 24,24,3)
  --precision p              fp32 (default), fp16, int8: how weights are stored; arithmetic is fp32
  --graph kind               plain (default), fused (com.microsoft.MultiHeadAttention)
  --layers 0,1,...           put out the tokens after these blocks as layer.N
  --source text --licence text --finetuned   what the manifest says of where the weights come from
  --json                     print the manifest and what was read on stdout
  --help`;

const OPTIONS = {
  out: { type: 'string' },
  name: { type: 'string' },
  title: { type: 'string' },
  heads: { type: 'string' },
  'trained-grid': { type: 'string' },
  position: { type: 'string', default: 'alibi' },
  metric: { type: 'string', default: 'euclidean' },
  'no-wrap': { type: 'boolean', default: false },
  'no-normalise': { type: 'boolean', default: false },
  'distance-scale': { type: 'string' },
  'hide-prefix': { type: 'boolean', default: false },
  'attention-radius': { type: 'string' },
  slopes: { type: 'string', default: 'constant' },
  mean: { type: 'string', default: '0.485,0.456,0.406' },
  std: { type: 'string', default: '0.229,0.224,0.225' },
  window: { type: 'string', default: '24,24,3' },
  precision: { type: 'string', default: 'fp32' },
  graph: { type: 'string', default: 'plain' },
  layers: { type: 'string', default: '' },
  source: { type: 'string' },
  licence: { type: 'string', default: 'not stated; see the source' },
  finetuned: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export type ConvertCommand =
  | { readonly help: true }
  | { readonly help: false; readonly json: boolean; readonly options: ConvertOptions };

/** @throws AlibiError  InvalidInput naming the flag */
export function parseConvert(argv: readonly string[]): ConvertCommand {
  const { values, positionals } = parse(argv);
  if (values.help) return { help: true };
  const [weights, extra] = positionals;
  if (weights === undefined || extra !== undefined) throw invalid('one weights file is needed', 'convert');
  if (values.out === undefined) throw invalid('--out is missing', 'convert');
  if (values.name !== undefined && !/^[a-z0-9][a-z0-9._-]*$/.test(values.name)) {
    throw invalid('a name has lower-case letters, digits, dots, dashes and underscores', '--name');
  }
  return {
    help: false,
    json: values.json,
    options: {
      weights,
      out: values.out,
      name: values.name,
      title: values.title,
      heads: values.heads === undefined ? undefined : whole(values.heads, '--heads', 1),
      trainedGrid: values['trained-grid'] === undefined ? undefined : gridOf(values['trained-grid']),
      position: positionOf(values),
      precision: oneOf(values.precision, ['fp32', 'fp16', 'int8'], '--precision'),
      graph: oneOf(values.graph, ['plain', 'fused'], '--graph'),
      layers: layersOf(values.layers),
      mean: triple(values.mean, '--mean'),
      std: positives(triple(values.std, '--std'), '--std'),
      window: windowOf(values.window),
      source: values.source,
      licence: values.licence,
      finetuned: values.finetuned,
      command: `alibi-train convert ${commandText(argv)}`,
    },
  };
}

type Values = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw invalid(
      error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error),
      'convert',
      error,
    );
  }
}

function positionOf(values: Values): Position {
  const kind = oneOf(values.position, ['alibi', 'learned', 'none'], '--position');
  const scale = values['distance-scale'];
  const radius = values['attention-radius'];
  const asked = ['no-wrap', 'no-normalise', 'hide-prefix'] as const;
  const flag =
    asked.find((name) => values[name]) ?? (scale && 'distance-scale') ?? (radius && 'attention-radius');
  if (kind !== 'alibi') {
    if (flag !== undefined) throw invalid(`it has a meaning for --position alibi alone`, `--${flag}`);
    return { kind };
  }
  if (scale !== undefined && values['no-normalise']) {
    throw invalid('it excludes --distance-scale', '--no-normalise');
  }
  const normalise: AlibiPosition['normalise'] =
    scale !== undefined ? 'scale' : values['no-normalise'] ? 'none' : 'window';
  return {
    kind,
    metric: oneOf(values.metric, ['euclidean', 'manhattan'], '--metric'),
    wrap: !values['no-wrap'],
    normalise,
    distanceScale: scale === undefined ? null : positive(scale, '--distance-scale'),
    attentionRadius: radius === undefined ? null : positive(radius, '--attention-radius'),
    hidePrefix: values['hide-prefix'],
    slopes: oneOf(values.slopes, ['constant', 'fixed', 'learned'], '--slopes'),
  };
}

function windowOf(text: string): ConvertOptions['window'] {
  const [rows, cols, overlap, extra] = text.split(',').map((part) => whole(part, '--window', 0));
  const valid = extra === undefined && rows !== undefined && cols !== undefined && overlap !== undefined;
  if (!valid || rows < 1 || cols < 1 || 2 * overlap > Math.min(rows, cols)) {
    throw invalid('it is rows,cols,overlap in tokens, the overlap at most half a window', '--window');
  }
  return { rows, cols, overlap };
}

function gridOf(text: string): readonly [number, number] {
  const [rows, cols, extra] = text.split(',').map((part) => whole(part, '--trained-grid', 1));
  if (rows === undefined || cols === undefined || extra !== undefined) {
    throw invalid('it is rows,cols', '--trained-grid');
  }
  return [rows, cols];
}

function layersOf(text: string): number[] {
  if (text === '') return [];
  return [...new Set(text.split(',').map((part) => whole(part, '--layers', 0)))].sort((a, b) => a - b);
}

function triple(text: string, flag: string): Triple {
  const [red, green, blue, extra] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (red === undefined || green === undefined || blue === undefined || extra !== undefined) {
    throw invalid(`"${text}" is not three numbers r,g,b`, flag);
  }
  if (![red, green, blue].every(Number.isFinite)) throw invalid(`"${text}" is not three numbers r,g,b`, flag);
  return [red, green, blue];
}

function positives(values: Triple, flag: string): Triple {
  if (values.every((value) => value > 0)) return values;
  throw invalid('each must be above 0', flag);
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw invalid(`"${text}" is not a number above 0`, flag);
}

function whole(text: string, flag: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(`"${text}" is not a whole number from ${least}`, flag);
}

function oneOf<const T extends string>(text: string, choices: readonly T[], flag: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw invalid(`"${text}" is not one of ${choices.join(', ')}`, flag);
}

/** The folders are the reader's own and say nothing about the checkpoint. */
function commandText(argv: readonly string[]): string {
  return argv
    .map((part) => (/[\\/]/.test(part) ? (part.split(/[\\/]/).slice(-2).join('/') ?? part) : part))
    .map((part) => (/[^\w.,:=/+-]/.test(part) ? JSON.stringify(part) : part))
    .join(' ');
}

function invalid(what: string, where: string, cause?: unknown): AlibiError {
  return new AlibiError('InvalidInput', { what, where, remedy: 'See alibi-train convert --help.', cause });
}
