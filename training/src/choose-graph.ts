import { AlibiError } from 'alibi-zarr/checkpoint';
import type { CheckpointManifest } from './manifest.ts';
import type { Precision } from './onnx/precision.ts';

export type ManifestGraph = CheckpointManifest['graphs'][number];

/**
 * The graph of a checkpoint that a benchmark or a check is about: the first of the precision asked for, else the first.
 *
 * @throws AlibiError  InvalidInput: the checkpoint has none of that precision
 */
export function chooseGraph(manifest: CheckpointManifest, precision?: Precision): ManifestGraph {
  const graph = manifest.graphs.find(
    (candidate) => precision === undefined || candidate.precision === precision,
  );
  if (graph !== undefined) return graph;
  const listed = [...new Set(manifest.graphs.map((candidate) => candidate.precision))].join(', ');
  throw new AlibiError('InvalidInput', {
    what: `${manifest.name} has no graph at ${precision ?? 'all'}; it has ${listed}`,
    where: '--precision',
    remedy: `Ask for one of these, or make it with "alibi-train quantize --precision ${precision ?? 'int8'}".`,
  });
}
