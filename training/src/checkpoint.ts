import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfTestImage } from 'alibi-zarr/checkpoint';
import { sha256 } from './hash.ts';
import {
  type CheckpointManifest,
  type Measured,
  type Provenance,
  storedPosition,
  type Triple,
} from './manifest.ts';
import { exportVit } from './onnx/export.ts';
import type { ExportOptions } from './onnx/layers.ts';
import { openCpuRunner } from './onnx/run.ts';
import type { VitWeights } from './weights/vit-weights.ts';

export interface CheckpointOptions extends Omit<ExportOptions, 'notice'> {
  readonly title?: string;
  readonly input: { readonly mean: Triple; readonly std: Triple };
  readonly window: { readonly rows: number; readonly cols: number; readonly overlap: number };
  readonly measured?: readonly Measured[];
  readonly provenance: Provenance;
}

// Not square, so that exchanged axes show; few tokens, since a software WebGPU needs 0.1 s a token for a ViT-S.
const SELF_TEST = { rows: 4, cols: 6, seed: 1 };
// The answer is the very graph's on the CPU, and every provider widens the same stored weights to float32.
const SELF_TEST_TOLERANCE = 1e-3;

/**
 * Writes `model.onnx`, `self-test.bin` and `manifest.json` into a folder, which is made if it is not there.
 *
 * The self-test's answer is computed by ONNX Runtime on the CPU from the graph just written.
 */
export async function writeCheckpoint(
  dir: string,
  weights: VitWeights,
  options: CheckpointOptions,
): Promise<CheckpointManifest> {
  const model = exportVit(weights, { ...options, notice: noticeOf(options.provenance) });
  const answer = await selfTestAnswer(model, weights.patch);
  const manifest = describe(weights, options, model, answer);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'model.onnx'), model);
  await writeFile(join(dir, 'self-test.bin'), answer);
  await writeFile(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function describe(
  weights: VitWeights,
  options: CheckpointOptions,
  model: Uint8Array,
  answer: Uint8Array,
): CheckpointManifest {
  const [first] = weights.blocks;
  return {
    format: 'alibi-zarr/manifest/1',
    name: options.name,
    ...(options.title === undefined ? {} : { title: options.title }),
    architecture: {
      patch: weights.patch,
      dim: weights.dim,
      blocks: weights.blocks.length,
      heads: options.heads,
      registers: weights.registers.shape[0] ?? 0,
      layerScale: first?.layerScale1 != null,
      mlp: first?.mlp.kind ?? 'gelu',
      layerNormEps: options.layerNormEps,
    },
    position: storedPosition(options.position, weights),
    input: { mean: [...options.input.mean], std: [...options.input.std] },
    window: options.window,
    graphs: [
      {
        path: 'model.onnx',
        precision: options.precision,
        graph: options.graph,
        bytes: model.byteLength,
        sha256: sha256(model),
        layers: [...options.layers],
      },
    ],
    selfTest: { ...SELF_TEST, path: 'self-test.bin', sha256: sha256(answer), tolerance: SELF_TEST_TOLERANCE },
    measured: [...(options.measured ?? [])],
    provenance: options.provenance,
  };
}

/** @returns `features` as little-endian float32 [dim, rows, cols] */
export async function selfTestAnswer(
  model: Uint8Array,
  patch: number,
  { seed, rows, cols }: Pick<CheckpointManifest['selfTest'], 'seed' | 'rows' | 'cols'> = SELF_TEST,
): Promise<Uint8Array> {
  const runner = await openCpuRunner(model);
  try {
    const [heightPx, widthPx] = [rows * patch, cols * patch];
    const image = selfTestImage(seed, heightPx, widthPx);
    const outputs = await runner.run(image, [1, 3, heightPx, widthPx]);
    const features = outputs.get('features')?.data ?? new Float32Array();
    return new Uint8Array(features.buffer, features.byteOffset, features.byteLength);
  } finally {
    await runner.close();
  }
}

/** What a graph's own metadata says of its origin and licence. */
export function noticeOf(provenance: Provenance): string {
  return `Made by ${provenance.tool} from ${provenance.source}; ${provenance.licence}`;
}
