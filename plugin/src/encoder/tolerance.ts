import type { CheckpointManifest } from 'alibi-zarr-schemas';
import type { ManifestGraph } from './parse-manifest.ts';

/** Largest relative error of the self-test that a precision may have: rounding of sums at fp32, of numbers below it. */
export function precisionTolerance(precision: ManifestGraph['precision']): number {
  return precision === 'fp32' ? 1e-3 : 2e-2;
}

/** Largest relative error of the self-test that admits a graph: its own, else the checkpoint's, else its precision's. */
export function selfTestTolerance(
  selfTest: Pick<CheckpointManifest['selfTest'], 'tolerance'>,
  graph: Pick<ManifestGraph, 'precision' | 'tolerance'>,
): number {
  return graph.tolerance ?? selfTest.tolerance ?? precisionTolerance(graph.precision);
}
