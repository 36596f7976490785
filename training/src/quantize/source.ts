import { dirname, join } from 'node:path';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { noticeOf } from '../checkpoint.ts';
import { hashFile } from '../hash.ts';
import type { CheckpointManifest } from '../manifest.ts';
import { exportVit } from '../onnx/export.ts';
import type { Precision } from '../onnx/precision.ts';
import { readGraphWeights } from '../onnx/read-graph.ts';
import { readVerified } from '../verify.ts';
import { openFile } from '../weights/open-file.ts';
import { readWeights } from '../weights/read-weights.ts';
import type { VitWeights } from '../weights/vit-weights.ts';

/** A checkpoint's weights at fp32, to be stored at any precision. */
export interface FloatSource {
  readonly kind: 'graph' | 'weights';
  readonly path: string;
  readonly graph: 'plain' | 'fused';
  /** @returns the bytes of a `.onnx` file; the caller owns them */
  exportAt(precision: Precision): Uint8Array<ArrayBuffer>;
}

/**
 * The float32 weights of a checkpoint: in the file it was converted from where that is given, else in its fp32 graph.
 *
 * @throws AlibiError  InvalidInput: no fp32 graph and no file; Integrity: another file than the manifest's source
 */
export async function openFloatSource(
  manifestPath: string,
  manifest: CheckpointManifest,
  weightsPath: string | undefined,
): Promise<FloatSource> {
  const { architecture, position } = manifest;
  const trainedGrid = position.kind === 'learned' ? gridOf(position.trainedGrid) : null;
  if (weightsPath !== undefined) {
    await assertSource(weightsPath, manifest);
    const { weights } = await readWeights(weightsPath, trainedGrid === null ? {} : { trainedGrid });
    const graph = manifest.graphs[0]?.graph ?? 'plain';
    return sourceOf({ manifest, weights, kind: 'weights', path: weightsPath, graph, folded: false });
  }
  const listed = manifest.graphs.find(({ precision }) => precision === 'fp32');
  if (listed === undefined) throw noFloats(manifestPath, manifest);
  const path = join(dirname(manifestPath), listed.path);
  const model = await readVerified(path, listed.sha256);
  const weights = readGraphWeights(model, { blocks: architecture.blocks, trainedGrid, where: path });
  return sourceOf({ manifest, weights, kind: 'graph', path, graph: listed.graph, folded: true });
}

function sourceOf(o: {
  readonly manifest: CheckpointManifest;
  readonly weights: VitWeights;
  readonly kind: FloatSource['kind'];
  readonly path: string;
  readonly graph: FloatSource['graph'];
  readonly folded: boolean;
}): FloatSource {
  const { name, architecture, position, graphs, provenance } = o.manifest;
  const { patch, dim, blocks } = architecture;
  if (o.weights.patch !== patch || o.weights.dim !== dim || o.weights.blocks.length !== blocks) {
    throw new AlibiError('InvalidInput', {
      what: `the weights have patch ${o.weights.patch}, dim ${o.weights.dim} and ${o.weights.blocks.length} blocks, the manifest says ${patch}, ${dim} and ${blocks}`,
      where: o.path,
      remedy: 'Give the weights this checkpoint was converted from.',
    });
  }
  return {
    kind: o.kind,
    path: o.path,
    graph: o.graph,
    exportAt: (precision) =>
      exportVit(o.weights, {
        name,
        heads: architecture.heads,
        layerNormEps: architecture.layerNormEps,
        position: position.kind === 'learned' ? { kind: 'learned' } : position,
        precision,
        graph: o.graph,
        layers: graphs[0]?.layers ?? [],
        notice: noticeOf(provenance),
        folded: o.folded,
      }),
  };
}

async function assertSource(path: string, { provenance }: CheckpointManifest): Promise<void> {
  // Opened first for its own error where it is not there.
  await (await openFile(path)).close();
  const actual = await hashFile(path);
  if (actual === provenance.sourceSha256) return;
  throw new AlibiError('Integrity', {
    what: `the weights have SHA-256 ${actual}, the manifest was made from ${provenance.sourceSha256}`,
    where: path,
    remedy: `Give the file that the manifest calls "${provenance.source}", or convert this one.`,
  });
}

function noFloats(path: string, { graphs, provenance }: CheckpointManifest): AlibiError {
  const listed = graphs.map(({ precision }) => precision).join(', ');
  return new AlibiError('InvalidInput', {
    what: `the checkpoint holds no fp32 graph to start from, only ${listed}`,
    where: path,
    remedy: `Give --weights FILE, the weights it was converted from ("${provenance.source}").`,
  });
}

function gridOf([rows = 1, cols = 1]: readonly number[]): readonly [number, number] {
  return [rows, cols];
}
