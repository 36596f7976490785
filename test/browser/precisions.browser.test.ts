import type { CheckpointManifest } from 'alibi-zarr-schemas';
import { expect } from 'chai';
import { sha256 } from '../../plugin/src/array/fit.ts';
import { loadManifest, type ModelReader } from '../../plugin/src/encoder/manifest.ts';
import { type OpenEncoderOptions, openEncoder } from '../../plugin/src/encoder/open-encoder.ts';
import { webBackends } from '../../plugin/src/encoder/ort-web.ts';
import { relativeError } from '../../plugin/src/encoder/self-test.ts';
import { selfTestImage } from '../../plugin/src/encoder/self-test-input.ts';
import { exportVit } from '../../training/src/onnx/export.ts';
import type { Precision } from '../../training/src/onnx/precision.ts';
import { randomVit } from '../../training/src/random-vit.ts';

const SHAPE = { seed: 1, dim: 24, blocks: 2, patch: 14, registers: 0 };
const TEST = { rows: 4, cols: 6, seed: 1 };
const PRECISIONS: readonly Precision[] = ['fp32', 'fp16', 'fp16-arithmetic', 'int8', 'int8-dynamic', 'int4'];

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
async function reference(image: Float32Array, heightPx: number, widthPx: number): Promise<Float32Array> {
  const [wasm] = webBackends({ threads: 1 }).filter(({ provider }) => provider === 'wasm');
  const session = await wasm?.open(model('fp32'), {});
  const features = await session?.run(image, heightPx, widthPx);
  await session?.close();
  return features ?? new Float32Array();
}

interface Served extends ModelReader {
  readonly read: ModelReader['read'];
  readonly asked: string[];
}

/** A checkpoint of these precisions in memory, with fp32's answer to the self-test, that notes which files are read. */
async function served(
  precisions: readonly Precision[],
  o: { readonly tolerance?: number; readonly measured?: CheckpointManifest['measured'] } = {},
): Promise<Served> {
  const [height, width] = [TEST.rows * SHAPE.patch, TEST.cols * SHAPE.patch];
  const answer = new Uint8Array(
    (await reference(selfTestImage(TEST.seed, height, width), height, width)).buffer,
  );
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

const backendsOf = (provider: string): OpenEncoderOptions['backends'] =>
  webBackends({ softwareGpu: true, threads: 2 }).filter((backend) => backend.provider === provider);

async function open(reader: Served, options: Partial<OpenEncoderOptions> = {}) {
  const opened = await openEncoder({
    ...(await loadManifest(reader)),
    backends: backendsOf('wasm-threads'),
    ...options,
  });
  return opened;
}

describe('a checkpoint of several precisions in Chromium', () => {
  it('WASM takes int8, reads that graph alone, and computes what the weights say', async () => {
    const reader = await served(['fp32', 'fp16', 'fp16-arithmetic', 'int8', 'int8-dynamic']);
    const { encoder, graph, report } = await open(reader);
    expect(graph.precision).to.equal('int8');
    expect(reader.asked).to.deep.equal(['manifest.json', 'self-test.bin', 'int8.onnx']);
    expect(report.refused).to.deep.equal([]);
    expect(report.selfTestError).to.be.within(1e-3, 2e-2);
    const image = selfTestImage(8, 28, 70);
    const { tokens } = await encoder.run(image, 28, 70, {});
    await encoder.close();
    const wanted = await reference(image, 28, 70);
    const tokenMajor = tokens.map((_, i) => wanted[(i % 24) * 10 + Math.floor(i / 24)] ?? Number.NaN);
    expect(relativeError(tokens, tokenMajor)).to.be.below(2e-2);
  });

  it('WASM takes int8-dynamic where the manifest has it measured as faster', async () => {
    const figure = { name: 'time relative to fp32', value: 0.5, command: 'test' } as const;
    const measured = [{ ...figure, precision: 'int8-dynamic' as const, provider: 'wasm' as const }];
    const reader = await served(['fp32', 'int8', 'int8-dynamic'], { measured });
    const { encoder, graph, report } = await open(reader);
    await encoder.close();
    expect(graph.precision).to.equal('int8-dynamic');
    expect(report.selfTestError).to.be.below(2e-2);
  });

  it('a graph whose self-test fails is reported, and the next is taken', async () => {
    // 4 bits, smallest and measured as fastest, are a relative error of 0.13.
    const figure = { name: 'time relative to fp32', value: 0.5, command: 'test' } as const;
    const measured = [{ ...figure, precision: 'int4' as const, provider: 'wasm' as const }];
    const reader = await served(['fp32', 'int8', 'int4'], { measured });
    const { encoder, graph, report } = await open(reader);
    await encoder.close();
    expect(graph.precision).to.equal('int8');
    expect(report.refused).to.have.length(1);
    expect(report.refused[0]).to.include({ provider: 'wasm-threads', graph: 'int4.onnx' });
    expect(report.refused[0]?.reason).to.match(/^self-test: relative error 0\.1\d+ is above 0\.02$/);
    expect(reader.asked).to.deep.equal(['manifest.json', 'self-test.bin', 'int4.onnx', 'int8.onnx']);
  });

  it('a forced graph runs where it is asked for, and only there', async () => {
    const reader = await served(['int4', 'fp32'], { tolerance: 0.2 });
    const { encoder, graph } = await open(reader);
    await encoder.close();
    expect(graph.precision).to.equal('fp32');
    const asked = await open(reader, { precision: 'int4' });
    await asked.encoder.close();
    expect(asked.graph.precision).to.equal('int4');
  });

  for (const provider of ['wasm-threads', 'webgpu']) {
    it(`every precision runs on ${provider}, float16 in the arithmetic where the device has it`, async function () {
      this.timeout(300_000);
      const [backend] = backendsOf(provider);
      const obstacle = await backend?.obstacle();
      if (backend === undefined || obstacle !== undefined) {
        console.info(`skipped: ${obstacle}`);
        return this.skip();
      }
      const halfFloat = provider !== 'webgpu' || (await backend.halfFloat?.()) === true;
      if (!halfFloat) console.info('skipped: fp16-arithmetic, as this WebGPU has no shader-f16');
      const reader = await served(PRECISIONS, { tolerance: 0.2 });
      for (const precision of PRECISIONS) {
        if (precision === 'fp16-arithmetic' && !halfFloat) continue;
        const { encoder, graph, report } = await open(reader, { backends: [backend], precision });
        await encoder.close();
        expect(graph.precision).to.equal(precision);
        const limit = precision === 'fp32' ? 1e-3 : precision === 'int4' ? 0.2 : 2e-2;
        expect(report.selfTestError, precision).to.be.below(limit);
      }
    });
  }
});
