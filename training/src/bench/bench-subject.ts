import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BenchModel } from 'alibi-zarr-schemas';
import { chooseGraph } from '../choose-graph.ts';
import { sha256 } from '../hash.ts';
import type { CheckpointManifest, Triple } from '../manifest.ts';
import type { Precision } from '../onnx/precision.ts';
import { openCpuRunner, type Runner } from '../onnx/run.ts';
import { readManifest, readVerified } from '../verify.ts';
import type { Normalisation } from './bench-images.ts';
import { positionText } from './position-text.ts';

/** A checkpoint opened to be measured. */
export interface BenchSubject {
  readonly path: string;
  readonly manifest: CheckpointManifest;
  readonly model: BenchModel;
  readonly input: Normalisation;
  /** Of the graph asked for, on the CPU. */
  readonly runner: Runner;
}

/**
 * The caller closes the runner.
 *
 * @param precision  of the graph; default: the manifest's first
 * @throws AlibiError  NotFound, InvalidInput, Integrity, UnsupportedFormat
 */
export async function openSubject(path: string, precision?: Precision): Promise<BenchSubject> {
  const manifest = await readManifest(path);
  const graph = chooseGraph(manifest, precision);
  const file = join(dirname(path), graph.path);
  const runner = await openCpuRunner(await readVerified(file, graph.sha256), file);
  return {
    path,
    manifest,
    model: {
      name: manifest.name,
      manifestSha256: sha256(await readFile(path)),
      position: positionText(manifest.position),
      precision: graph.precision,
    },
    input: { mean: triple(manifest.input.mean), std: triple(manifest.input.std) },
    runner,
  };
}

/** The size nearest to `sizePx` that is a whole number of patches, two at least. */
export function wholePatches({ manifest }: Pick<BenchSubject, 'manifest'>, sizePx: number): number {
  const { patch } = manifest.architecture;
  return Math.max(2, Math.round(sizePx / patch)) * patch;
}

function triple([red = 0, green = 0, blue = 0]: readonly number[]): Triple {
  return [red, green, blue];
}
