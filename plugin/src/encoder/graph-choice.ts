import type { CheckpointManifest } from 'alibi-zarr-schemas';
import type { Backend } from './backend.ts';
import type { ExecutionProvider } from './encoder.ts';
import type { ManifestGraph } from './parse-manifest.ts';

export type Precision = ManifestGraph['precision'];

/** As the manifest's schema has them. */
export const PRECISIONS: readonly Precision[] = [
  'fp32',
  'fp16',
  'fp16-arithmetic',
  'int8',
  'int8-dynamic',
  'int4',
];

/** The name in a manifest's `measured` of a graph's time a window over that of fp32 on the same provider. */
export const RELATIVE_TIME = 'time relative to fp32';

/** What of a device decides between graphs. */
export interface Device extends Pick<Backend, 'provider' | 'graphs'> {
  /** It computes in float16 by itself; elsewhere float16 is emulated and gains nothing. */
  readonly halfFloat: boolean;
}

export interface ChoiceOptions {
  /** Only graphs of this precision, forced ones too. */
  readonly precision?: Precision;
}

/** Within this of fp32's time two graphs count as equally fast, and the smaller download wins. */
const EQUAL_WITHIN = 0.1;
/** Until somebody has measured it: half the bytes and at least the rate of float32 where the device has float16. */
const ASSUMED_HALF_TIME = 0.5;

/**
 * A checkpoint's graphs in the order in which a device tries them. The first that passes the self-test is used.
 *
 * Faster than fp32 first, the fastest of all at the head; then those as fast as fp32; then the slower ones. Among equals
 * the device's preferred kind, then the smallest download, then the manifest's order. A graph whose arithmetic is of
 * lower precision counts as slower until it was measured on this provider, but for float16 on a device that has it. A
 * graph that was forced past its precision's limit is left out unless its precision is asked for.
 */
export function graphsFor(
  device: Device,
  manifest: Pick<CheckpointManifest, 'graphs' | 'measured'>,
  { precision }: ChoiceOptions = {},
): ManifestGraph[] {
  return manifest.graphs
    .filter((graph) => (precision === undefined ? isOffered(graph, device) : graph.precision === precision))
    .map((graph) => ({
      graph,
      kind: device.graphs.indexOf(graph.graph),
      time: timeOf(graph, device, manifest),
    }))
    .filter(({ kind }) => kind >= 0)
    .sort(
      (a, b) =>
        speedClass(a.time) - speedClass(b.time) ||
        (speedClass(a.time) === 0 ? a.time - b.time : 0) ||
        a.kind - b.kind ||
        a.graph.bytes - b.graph.bytes,
    )
    .map(({ graph }) => graph);
}

function isOffered(graph: ManifestGraph, { halfFloat }: Device): boolean {
  return graph.tolerance === undefined && (graph.precision !== 'fp16-arithmetic' || halfFloat);
}

/** Over fp32's: 0 faster, 1 as fast, 2 slower. */
function speedClass(time: number): 0 | 1 | 2 {
  if (time < 1 - EQUAL_WITHIN) return 0;
  return time <= 1 + EQUAL_WITHIN ? 1 : 2;
}

/** Time of a window over fp32's: as measured on this provider, else what its arithmetic lets expect. */
function timeOf(
  { precision }: ManifestGraph,
  { provider, halfFloat }: Device,
  { measured }: Pick<CheckpointManifest, 'measured'>,
): number {
  const figure = measured.find(
    (entry) =>
      entry.name === RELATIVE_TIME &&
      entry.precision === precision &&
      entry.provider === measuredAs(provider),
  );
  // Where weights are widened while loading a run computes what fp32 does: a measured difference is noise.
  if (precision === 'fp32' || precision === 'fp16' || precision === 'int8') return 1;
  if (figure !== undefined) return figure.value;
  if (precision === 'fp16-arithmetic' && halfFloat) return ASSUMED_HALF_TIME;
  return Number.POSITIVE_INFINITY;
}

/** Threads speed all graphs up alike, so one figure serves WASM with and without. */
function measuredAs(provider: ExecutionProvider): 'cpu' | 'wasm' | 'webgpu' {
  return provider === 'wasm-threads' ? 'wasm' : provider;
}
