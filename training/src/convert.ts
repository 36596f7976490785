import { basename, dirname } from 'node:path';
import { type CheckpointOptions, writeCheckpoint } from './checkpoint.ts';
import { hashFile } from './hash.ts';
import type { CheckpointManifest, Measured, Triple } from './manifest.ts';
import type { Position } from './onnx/position.ts';
import type { Precision } from './onnx/precision.ts';
import { readConfig } from './weights/read-config.ts';
import { readWeights } from './weights/read-weights.ts';
import type { Scheme } from './weights/scheme.ts';

export interface ConvertOptions {
  readonly weights: string;
  readonly out: string;
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  /** Default: what `config.json` beside the weights says, else dim / 64. */
  readonly heads?: number | undefined;
  readonly trainedGrid?: readonly [number, number] | undefined;
  readonly position: Position;
  readonly precision: Precision;
  readonly graph: 'plain' | 'fused';
  readonly layers: readonly number[];
  readonly mean: Triple;
  readonly std: Triple;
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
  const { weights, scheme, layerNormEps } = await readWeights(options.weights, {
    trainedGrid: options.trainedGrid,
  });
  const config = await readConfig(dirname(options.weights), weights.dim);
  report(`${scheme} names, ${weights.blocks.length} blocks of ${weights.dim}; writing ${options.out}`);
  const manifest = await writeCheckpoint(options.out, weights, {
    name: options.name ?? defaultName(options.weights),
    ...(options.title === undefined ? {} : { title: options.title }),
    heads: options.heads ?? config.heads ?? Math.max(1, Math.round(weights.dim / 64)),
    layerNormEps: config.layerNormEps ?? layerNormEps,
    position: options.position,
    precision: options.precision,
    graph: options.graph,
    layers: options.layers,
    input: { mean: options.mean, std: options.std },
    window: options.window,
    measured: options.measured ?? [],
    provenance: {
      source: options.source ?? basename(options.weights),
      sourceSha256: await hashFile(options.weights),
      licence: options.licence,
      finetuned: options.finetuned,
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
