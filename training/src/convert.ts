import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { positionText } from './bench/position-text.ts';
import { type CheckpointOptions, writeCheckpoint } from './checkpoint.ts';
import { hashFile } from './hash.ts';
import {
  asTriple,
  type CheckpointManifest,
  IMAGENET,
  type Measured,
  storedPosition,
  type Triple,
} from './manifest.ts';
import { PAPER, type Position } from './onnx/position.ts';
import type { Precision } from './onnx/precision.ts';
import { readWeights } from './weights/read-weights.ts';
import type { Scheme } from './weights/scheme.ts';
import { shapeOfWeights } from './weights/weights-shape.ts';

export interface ConvertOptions {
  readonly weights: string;
  readonly out: string;
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  /** Default: what a student's file records, else what `config.json` beside the weights says, else dim / 64. */
  readonly heads?: number | undefined;
  readonly trainedGrid?: readonly [number, number] | undefined;
  /** Default: what a student's file records, else the paper's. */
  readonly position?: Position | undefined;
  readonly precision: Precision;
  readonly graph: 'plain' | 'fused';
  readonly layers: readonly number[];
  /** Default: what a student's file records, else ImageNet's. */
  readonly mean?: Triple | undefined;
  readonly std?: Triple | undefined;
  readonly window: CheckpointOptions['window'];
  readonly measured?: readonly Measured[] | undefined;
  readonly source?: string | undefined;
  readonly licence: string;
  readonly finetuned: boolean;
  readonly command: string;
  readonly onProgress?: (text: string) => void;
}

/** @throws AlibiError  the weights cannot be read, or the options do not fit them */
export async function convert(
  options: ConvertOptions,
): Promise<{ readonly manifest: CheckpointManifest; readonly scheme: Scheme }> {
  const report = options.onProgress ?? (() => {});
  report(`reading ${options.weights}`);
  const read = await readWeights(options.weights, { trainedGrid: options.trainedGrid });
  const { weights, scheme, recorded } = read;
  const shape = await shapeOfWeights(options.weights, read, options.heads);
  const position = options.position ?? recorded?.position ?? PAPER;
  const learnt = recorded !== null && isDeepStrictEqual(recorded.position, storedPosition(position, weights));
  if (recorded !== null && !learnt) {
    report(`it learned as ${positionText(recorded.position)}, and is written as asked for`);
  }
  report(`${scheme} names, ${weights.blocks.length} blocks of ${weights.dim}; writing ${options.out}`);
  const manifest = await writeCheckpoint(options.out, weights, {
    name: options.name ?? defaultName(options.weights),
    ...(options.title === undefined ? {} : { title: options.title }),
    ...shape,
    position,
    precision: options.precision,
    graph: options.graph,
    layers: options.layers,
    input: {
      mean: options.mean ?? (recorded === null ? IMAGENET.mean : asTriple(recorded.input.mean)),
      std: options.std ?? (recorded === null ? IMAGENET.std : asTriple(recorded.input.std)),
    },
    window: options.window,
    measured: options.measured ?? [],
    provenance: {
      source: options.source ?? basename(options.weights),
      sourceSha256: await hashFile(options.weights),
      licence: options.licence,
      finetuned: options.finetuned || learnt,
      command: options.command,
      tool: 'alibi-train 0.1.0',
    },
  });
  return { manifest, scheme };
}

function defaultName(path: string): string {
  const stem = basename(path).replace(/\.(pth|pt|bin|safetensors)$/i, '');
  const given = stem === 'model' ? basename(dirname(path)) : stem;
  return (
    given
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '') || 'checkpoint'
  );
}
