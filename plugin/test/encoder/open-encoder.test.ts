import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/encoder/backend.ts';
import type { ProviderReport } from '../../src/encoder/encoder.ts';
import { loadManifest } from '../../src/encoder/manifest.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { nodeBackend } from '../../src/encoder/ort-node.ts';
import { webBackends } from '../../src/encoder/ort-web.ts';
import { deviceLost } from '../../src/encoder/resilient-encoder.ts';
import { relativeError } from '../../src/encoder/self-test.ts';
import { selfTestImage } from '../../src/encoder/self-test-input.ts';
import { type TinyCheckpoint, tinyCheckpoint } from './tiny-checkpoint.ts';

// Node resolves the package itself to its build for Node, which finds the .wasm on the disk.
const wasmInNode = () => webBackends({ threads: 2, load: () => import('onnxruntime-web') });

/** The graph as plain JavaScript in place of a runtime; `fault` is added to every feature. */
function scriptBackend(
  tiny: TinyCheckpoint,
  provider: Backend['provider'],
  fault = 0,
): Backend & { opened: number; closed: number } {
  const backend = {
    provider,
    graphs: ['plain', 'fused'] as const,
    opened: 0,
    closed: 0,
    obstacle: async () => undefined,
    async open() {
      backend.opened++;
      return {
        run: async (image: Float32Array, heightPx: number, widthPx: number) =>
          tiny.features(image, heightPx, widthPx).map((value) => value + fault),
        close: async () => {
          backend.closed++;
        },
      };
    },
  };
  return backend;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it should have been refused'),
    (error: unknown) => error,
  );
}

describe('openEncoder with real runtimes', () => {
  it.each([
    ['onnxruntime-node', () => [nodeBackend()], 'cpu'],
    ['onnxruntime-web, WASM', wasmInNode, 'wasm-threads'],
  ] as const)('%s gives the features computed without a runtime', async (_, backends, provider) => {
    const tiny = await tinyCheckpoint();
    const { encoder, report } = await openEncoder({ ...(await loadManifest(tiny)), backends: backends() });
    expect(report.chosen).toBe(provider);
    expect(report.selfTestError).toBeLessThan(1e-5);
    const [heightPx, widthPx] = [20, 32];
    const image = selfTestImage(99, heightPx, widthPx);
    const { tokens, rows, cols } = await encoder.run(image, heightPx, widthPx, {});
    expect([rows, cols]).toEqual([5, 8]);
    const expected = tiny.features(image, heightPx, widthPx);
    const tokenMajor = Float32Array.from(tokens, (_value, i) => expected[(i % 6) * 40 + Math.floor(i / 6)]!);
    expect(relativeError(tokens, tokenMajor)).toBeLessThan(1e-5);
    expect(encoder.runs).toBe(1);
    await encoder.close();
    await expect(encoder.run(image, heightPx, widthPx, {})).rejects.toThrow(/closed/);
  });

  it.each([
    ['onnxruntime-node', () => [nodeBackend()]],
    ['onnxruntime-web, WASM', wasmInNode],
  ] as const)('%s is refused when one weight differs', async (_, backends) => {
    const tiny = await tinyCheckpoint({ perturb: { by: 0.05 } });
    const error = await failure(openEncoder({ ...(await loadManifest(tiny)), backends: backends() }));
    expect(error).toMatchObject({
      tag: 'SelfTest',
      message: expect.stringMatching(/self-test: relative error 0\.\d+ is above 0\.001/),
    });
  });

  it('passes over WebGPU in Node and says why', async () => {
    const tiny = await tinyCheckpoint();
    const { report, encoder } = await openEncoder({ ...(await loadManifest(tiny)), backends: wasmInNode() });
    expect(report.refused).toEqual([{ provider: 'webgpu', reason: 'this browser has no WebGPU' }]);
    await encoder.close();
  });

  it('falls back to the plain graph where the fused one is wrong', async () => {
    const tiny = await tinyCheckpoint({ graphs: ['fused', 'plain'], perturb: { by: 0.05, graph: 'fused' } });
    const { report, graph, encoder } = await openEncoder({
      ...(await loadManifest(tiny)),
      backends: [nodeBackend()],
    });
    expect(graph.path).toBe('plain.onnx');
    expect(report.refused).toEqual([
      { provider: 'cpu', graph: 'fused.onnx', reason: expect.stringMatching(/^self-test: relative error/) },
    ]);
    await encoder.close();
  });

  it('reports a file that is no ONNX graph as the reason', async () => {
    const tiny = await tinyCheckpoint();
    const checkpoint = await loadManifest(tiny);
    const readFile: typeof checkpoint.readFile = async (path, options) =>
      path === 'plain.onnx' ? new Uint8Array([1, 2, 3]) : checkpoint.readFile(path, options);
    const error = await failure(openEncoder({ ...checkpoint, readFile, backends: [nodeBackend()] }));
    expect(error).toMatchObject({ tag: 'SelfTest', message: expect.stringMatching(/cpu: plain\.onnx: /) });
  });
});

describe('openEncoder', () => {
  it('takes the first provider that passes, and closes the ones that do not', async () => {
    const tiny = await tinyCheckpoint();
    const wrong = scriptBackend(tiny, 'webgpu', 0.1);
    const right = scriptBackend(tiny, 'wasm');
    const never = scriptBackend(tiny, 'cpu');
    const reports: ProviderReport[] = [];
    const { report } = await openEncoder({
      ...(await loadManifest(tiny)),
      backends: [wrong, right, never],
      onReport: (given) => reports.push(given),
    });
    expect(report.chosen).toBe('wasm');
    expect(report.refused.map((refusal) => refusal.provider)).toEqual(['webgpu']);
    expect(reports).toEqual([report]);
    expect([wrong.closed, right.closed, never.opened]).toEqual([1, 0, 0]);
  });

  it('goes on with the next provider when the device is lost, and says so', async () => {
    const tiny = await tinyCheckpoint();
    const gpu = scriptBackend(tiny, 'webgpu');
    let lost = false;
    const losing: Backend = {
      ...gpu,
      async open(model, options) {
        const session = await gpu.open(model, options);
        return {
          ...session,
          run: async (...args) => {
            if (lost) throw deviceLost('webgpu', new Error('device lost'));
            return session.run(...args);
          },
        };
      },
    };
    const spare = scriptBackend(tiny, 'wasm');
    const reports: ProviderReport[] = [];
    const { encoder } = await openEncoder({
      ...(await loadManifest(tiny)),
      backends: [losing, spare],
      onReport: (given) => reports.push(given),
    });
    expect(encoder.provider).toBe('webgpu');
    lost = true;
    const image = selfTestImage(1, 8, 8);
    const outputs = await Promise.all([encoder.run(image, 8, 8, {}), encoder.run(image, 8, 8, {})]);
    expect(outputs[0].tokens).toEqual(outputs[1].tokens);
    expect(encoder.provider).toBe('wasm');
    expect(spare.opened).toBe(1);
    expect(reports.map((report) => report.chosen)).toEqual(['webgpu', 'wasm']);
    expect(reports[1]?.refused).toEqual([
      { provider: 'webgpu', reason: 'the graphics device failed: device lost' },
    ]);
  });

  it('stops for an abort instead of trying the next provider', async () => {
    const tiny = await tinyCheckpoint();
    const controller = new AbortController();
    const backend = scriptBackend(tiny, 'wasm');
    const opening = openEncoder({
      ...(await loadManifest(tiny)),
      backends: [backend],
      signal: controller.signal,
      onTesting: () => controller.abort(),
    });
    expect(await failure(opening)).toBe(controller.signal.reason);
    expect(backend.opened).toBe(backend.closed);
  });
});

describe('openEncoder with graphs of several precisions', () => {
  /** Opens on the scripted backends and tells which files were read. */
  async function open(tiny: TinyCheckpoint, options: Partial<Parameters<typeof openEncoder>[0]>) {
    const checkpoint = await loadManifest(tiny);
    const read: string[] = [];
    const readFile: typeof checkpoint.readFile = (path, request) => {
      read.push(path);
      return checkpoint.readFile(path, request);
    };
    const opened = await openEncoder({ ...checkpoint, readFile, backends: [nodeBackend()], ...options });
    await opened.encoder.close();
    return { ...opened, read };
  }

  const fp32 = { path: 'a.onnx', precision: 'fp32' } as const;
  const int8 = { path: 'b.onnx', precision: 'int8' } as const;
  const half = { path: 'c.onnx', precision: 'fp16-arithmetic' } as const;

  it('downloads the graph that is chosen and no other', async () => {
    const { graph, read } = await open(await tinyCheckpoint({ graphs: [half, int8, fp32] }), {});
    expect(graph.precision).toBe('int8');
    expect(read).toEqual(['self-test.bin', 'b.onnx']);
  });

  it('admits rounding of the weights to 2e-2, and reports a graph beyond it before it takes the next', async () => {
    const near = await open(await tinyCheckpoint({ graphs: [{ ...int8, error: 0.01 }, fp32] }), {});
    expect(near.graph.path).toBe('b.onnx');
    expect(near.report.selfTestError).toBeGreaterThan(1e-3);
    expect(near.report.refused).toEqual([]);
    const far = await open(await tinyCheckpoint({ graphs: [{ ...int8, error: 0.5 }, fp32] }), {});
    expect(far.graph.path).toBe('a.onnx');
    expect(far.report.refused).toEqual([
      { provider: 'cpu', graph: 'b.onnx', reason: expect.stringMatching(/^self-test: .* is above 0\.02$/) },
    ]);
  });

  it('takes float16 arithmetic where the device has it', async () => {
    // All of one size here, so that the manifest's order decides between equals.
    const tiny = await tinyCheckpoint({ graphs: [int8, fp32, half] });
    const gpu: Backend = { ...scriptBackend(tiny, 'webgpu'), halfFloat: async () => true };
    expect((await open(tiny, { backends: [gpu] })).read).toEqual(['self-test.bin', 'c.onnx']);
    const without: Backend = { ...scriptBackend(tiny, 'webgpu'), halfFloat: async () => false };
    expect((await open(tiny, { backends: [without] })).read).toEqual(['self-test.bin', 'b.onnx']);
  });

  it('takes a forced graph only when asked, and says what is missing', async () => {
    const forced = { path: 'd.onnx', precision: 'int4', error: 0.5, tolerance: 0.9 } as const;
    const tiny = await tinyCheckpoint({ graphs: [forced, { ...fp32, error: 0.5 }] });
    const error = await failure(open(tiny, {}));
    expect(error).toMatchObject({
      tag: 'SelfTest',
      message: expect.stringMatching(/cpu: a\.onnx: self-test/),
    });
    expect(String(error)).not.toContain('d.onnx');
    expect((await open(tiny, { precision: 'int4' })).graph.path).toBe('d.onnx');
    const missing = await failure(open(tiny, { precision: 'int8' }));
    expect(missing).toMatchObject({
      message: expect.stringContaining('the checkpoint has no graph at int8; listed are int4, fp32'),
    });
  });

  it('keeps its graph when the device is lost, so that all features are of the same weights', async () => {
    const tiny = await tinyCheckpoint({ graphs: [fp32, int8, half] });
    let lost = false;
    const gpu = scriptBackend(tiny, 'webgpu');
    const losing: Backend = {
      ...gpu,
      halfFloat: async () => true,
      async open(model, options) {
        const session = await gpu.open(model, options);
        return {
          ...session,
          run: async (...args) => {
            if (lost) throw deviceLost('webgpu', new Error('device lost'));
            return session.run(...args);
          },
        };
      },
    };
    const checkpoint = await loadManifest(tiny);
    const ran: string[] = [];
    const { encoder } = await openEncoder({
      ...checkpoint,
      backends: [losing, nodeBackend()],
      onReport: ({ chosen }, { path }) => ran.push(`${chosen} ${path}`),
    });
    lost = true;
    await encoder.run(selfTestImage(1, 8, 8), 8, 8, {});
    await encoder.close();
    expect(ran).toEqual(['webgpu c.onnx', 'cpu c.onnx']);
  });
});
