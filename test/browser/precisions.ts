import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { expect } from 'chai';
import { sha256 } from '../../plugin/src/array/fit.ts';
import { loadManifest, type ModelReader } from '../../plugin/src/encoder/manifest.ts';
import { type OpenEncoderOptions, openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { webBackends } from '../../plugin/src/encoder/ort-web.ts';
import { selfTestImage } from '../../plugin/src/encoder/self-test-input.ts';
import { exportVit } from '../../training/src/onnx/export.ts';
import type { Precision } from '../../training/src/onnx/precision.ts';
import { randomVit } from '../../training/src/random-vit.ts';

const SHAPE = { seed: 1, dim: 24, blocks: 2, patch: 14, registers: 0 };
const TEST = { rows: 4, cols: 6, seed: 1 };
export const PRECISIONS: readonly Precision[] = [
  'fp32',
  'fp16',
  'fp16-arithmetic',
  'int8',
  'int8-dynamic',
  'int4',
];

function model(precision: Precision): Uint8Array<ArrayBuffer> {
  return exportVit(randomVit(SHAPE), {
    name: 'random',
    heads: 2,
    layerNormEps: 1e-6,
    position: {
      kind: 'alibi',
      metric: 'euclidean',
      wrap: false,
      normalise: 'scale',
      distanceScale: 2,
      attentionRadius: null,
      hidePrefix: true,
      slopes: 'constant',
    },
    precision,
    graph: 'plain',
    layers: [],
    notice: '',
  });
}

/** The fp32 graph's features [dim, rows, cols] on ONNX Runtime Web's WASM, which the golden tests hold against PyTorch. */
export async function reference(
  image: Float32Array,
  heightPx: number,
  widthPx: number,
): Promise<Float32Array> {
  const [wasm] = webBackends({ threads: 1 }).filter(({ provider }) => provider === 'wasm');
  const session = await wasm?.open(model('fp32'), {});
  const features = await session?.run(image, heightPx, widthPx);
  await session?.close();
  return features ?? new Float32Array();
}

export interface Served extends ModelReader {
  readonly read: ModelReader['read'];
  readonly asked: string[];
}

/** A checkpoint of these precisions in memory, with fp32's answer to the self-test, that notes which files are read. */
export async function served(
  precisions: readonly Precision[],
  o: { readonly tolerance?: number; readonly measured?: CheckpointManifest['measured'] } = {},
): Promise<Served> {
  const [height, width] = [TEST.rows * SHAPE.patch, TEST.cols * SHAPE.patch];
  const features = await reference(selfTestImage(TEST.seed, height, width), height, width);
  const answer = new Uint8Array(Float32Array.from(features).buffer);
  const files = new Map<string, Uint8Array<ArrayBuffer>>([['self-test.bin', answer]]);
  const graphs: CheckpointManifest['graphs'] = [];
  for (const precision of precisions) {
    const [path, bytes] = [`${precision}.onnx`, model(precision)];
    files.set(path, bytes);
    const forced = precision === 'int4' && o.tolerance !== undefined ? { tolerance: o.tolerance } : {};
    const entry = { path, precision, graph: 'plain' as const, layers: [], ...forced };
    graphs.push({ ...entry, bytes: bytes.length, sha256: await sha256(bytes) });
  }
  const manifest: CheckpointManifest = {
    format: 'alibi-zarr/manifest/1',
    name: 'random',
    architecture: {
      patch: SHAPE.patch,
      dim: SHAPE.dim,
      blocks: SHAPE.blocks,
      heads: 2,
      registers: 0,
      layerScale: false,
      mlp: 'gelu',
      layerNormEps: 1e-6,
    },
    position: { kind: 'none' },
    input: { mean: [0, 0, 0], std: [1, 1, 1] },
    window: { rows: 8, cols: 8, overlap: 2 },
    graphs,
    selfTest: { ...TEST, path: 'self-test.bin', sha256: await sha256(answer) },
    measured: o.measured ?? [],
    provenance: {
      source: 'seeded random numbers',
      sourceSha256: '0'.repeat(64),
      licence: 'Apache-2.0',
      finetuned: false,
      command: 'test',
      tool: 'test',
    },
  };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  const asked: string[] = [];
  return {
    asked,
    location: 'memory:/manifest.json',
    manifestName: 'manifest.json',
    async read(path) {
      asked.push(path);
      const file = files.get(path);
      if (file === undefined) throw new Error(`no ${path}`);
      return file.slice();
    },
  };
}

export const backendsOf = (provider: string): OpenEncoderOptions['backends'] =>
  webBackends({ softwareGpu: true, threads: 2 }).filter((backend) => backend.provider === provider);

export async function openServed(reader: Served, options: Partial<OpenEncoderOptions> = {}) {
  const opened = await openEncoder({
    ...(await loadManifest(reader)),
    backends: backendsOf('wasm-threads'),
    ...options,
  });
  return opened;
}

/** Tests that every precision gives fp32's features within its limit on one execution provider of the browser. */
export function describePrecisions(provider: 'webgpu' | 'wasm-threads'): void {
  describe(`every precision on ${provider}`, () => {
    for (const precision of PRECISIONS) {
      it(precision, async function () {
        this.timeout(120_000);
        const [backend] = backendsOf(provider);
        const obstacle = await backend?.obstacle();
        if (backend === undefined || obstacle !== undefined) {
          console.info(`skipped: ${obstacle}`);
          return this.skip();
        }
        // WASM widens float16 as it runs; a graphics device without it cannot.
        const isHalf = precision === 'fp16-arithmetic' && provider === 'webgpu';
        if (isHalf && (await backend.halfFloat?.()) !== true) {
          console.info('skipped: this WebGPU has no shader-f16');
          return this.skip();
        }
        const reader = await served([precision], { tolerance: 0.2 });
        const { encoder, graph, report } = await openServed(reader, { backends: [backend], precision });
        await encoder.close();
        expect(graph.precision).to.equal(precision);
        const limit = precision === 'fp32' ? 1e-3 : precision === 'int4' ? 0.2 : 2e-2;
        expect(report.selfTestError).to.be.below(limit);
      });
    }
  });
}
