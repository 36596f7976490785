import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfTestImage } from 'alibi-zarr/checkpoint';
import {
  type CheckpointManifest,
  parseCheckpointManifest,
  parseQuantizeOutput,
  parseVerifyOutput,
  type QuantizeOutput,
} from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { chooseGraph } from '../../src/choose-graph.ts';
import { main } from '../../src/cli.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { writeRandomCheckpoint } from '../../src/random-checkpoint.ts';

interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function call(argv: readonly string[], signal = new AbortController().signal): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), signal };
  return { code: await main(argv, io), out, err };
}

async function manifestOf(path: string): Promise<CheckpointManifest> {
  const parsed = parseCheckpointManifest(JSON.parse(await readFile(path, 'utf8')));
  if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
  return parsed.value;
}

function outputOf({ out }: Outcome): QuantizeOutput {
  const parsed = parseQuantizeOutput(JSON.parse(out.join('')));
  if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
  return parsed.value;
}

async function featuresOf(model: string, seed: number, side: number): Promise<Float32Array> {
  const runner = await openCpuRunner(await readFile(model));
  const outputs = await runner.run(selfTestImage(seed, side, side), [1, 3, side, side]);
  await runner.close();
  return outputs.get('features')?.data ?? new Float32Array();
}

let dir = '';
let count = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'alibi-quantize-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

/** A fresh random checkpoint at fp32; @returns its folder */
async function checkpoint(options: Parameters<typeof writeRandomCheckpoint>[1] = {}): Promise<string> {
  const folder = join(dir, `checkpoint-${count++}`);
  await writeRandomCheckpoint(folder, options);
  return folder;
}

describe('alibi-train quantize', { timeout: 120_000 }, () => {
  it('adds every precision within its limit, keeps the other out, and says so', async () => {
    const folder = await checkpoint();
    const manifestPath = join(folder, 'manifest.json');
    const precisions = 'fp16,fp16-arithmetic,int8,int8-dynamic,int4';
    const outcome = await call([
      'quantize',
      manifestPath,
      '--precision',
      precisions,
      '--repeats',
      '1',
      '--json',
    ]);
    // 4 bits are a step of an eighth: some 0.1, far above 2e-2.
    expect(outcome.code).toBe(1);
    const output = outputOf(outcome);
    expect(output).toMatchObject({ admitted: false, source: { kind: 'graph' }, images: [] });
    expect(output.graphs.map(({ precision, outcome: verdict }) => [precision, verdict])).toEqual([
      ['fp16', 'admitted'],
      ['fp16-arithmetic', 'admitted'],
      ['int8', 'admitted'],
      ['int8-dynamic', 'admitted'],
      ['int4', 'kept-out'],
    ]);
    const manifest = await manifestOf(manifestPath);
    expect(manifest.graphs.map(({ path }) => path)).toEqual([
      'model.onnx',
      'model.fp16.onnx',
      'model.fp16-arithmetic.onnx',
      'model.int8.onnx',
      'model.int8-dynamic.onnx',
    ]);
    expect(manifest.selfTest.tolerance).toBeUndefined();
    expect((await readdir(folder)).sort()).toEqual(
      ['manifest.json', 'self-test.bin', ...manifest.graphs.map(({ path }) => path)].sort(),
    );
    const bytes = new Map(manifest.graphs.map((graph) => [graph.precision, graph.bytes]));
    const [float = 1, half = 1, eight = 1] = (['fp32', 'fp16', 'int8'] as const).map((p) => bytes.get(p));
    expect(half).toBeLessThan(0.7 * float);
    expect(eight).toBeLessThan(half);
    const failed = manifest.measured.find(
      ({ name, precision, provider }) =>
        name === 'self-test relative error' && precision === 'int4' && provider === 'wasm',
    );
    expect(failed).toMatchObject({ note: 'above 0.02: kept out' });
    expect(failed?.value).toBeGreaterThan(0.02);
    expect(failed?.command).toContain('alibi-train quantize');
    for (const provider of ['cpu', 'wasm']) {
      expect(manifest.measured).toContainEqual(
        expect.objectContaining({ name: 'time relative to fp32', precision: 'int8-dynamic', provider }),
      );
    }
    expect(JSON.stringify(manifest)).not.toContain(dir);
    expect((await call(['verify', manifestPath])).code).toBe(0);
    const one = await call(['verify', manifestPath, '--precision', 'int8', '--json']);
    const checks = parseVerifyOutput(JSON.parse(one.out.join('')));
    expect(checks.ok && new Set(checks.value.checks.map(({ graph }) => graph))).toEqual(
      new Set(['model.int8.onnx']),
    );
    const none = await call(['verify', manifestPath, '--precision', 'int4']);
    expect(none).toMatchObject({
      code: 2,
      err: [expect.stringContaining('has no graph at int4; it has fp32, fp16')],
    });
  });

  it('measures features as computed here from the graphs written', async () => {
    const folder = await checkpoint();
    const graph = outputOf(
      await call([
        'quantize',
        join(folder, 'manifest.json'),
        '--precision',
        'int8',
        '--repeats',
        '0',
        '--json',
      ]),
    ).graphs[0];
    const [dim, tokens] = [24, 64];
    const cosines: number[] = [];
    let [difference, norm] = [0, 0];
    for (const seed of [2, 3, 4]) {
      const got = await featuresOf(join(folder, 'model.int8.onnx'), seed, 8 * 14);
      const wanted = await featuresOf(join(folder, 'model.onnx'), seed, 8 * 14);
      for (let token = 0; token < tokens; token++) {
        const at = (of: Float32Array): number[] =>
          Array.from({ length: dim }, (_, d) => of[d * tokens + token] ?? 0);
        const [a, b] = [at(got), at(wanted)];
        const dot = (x: number[], y: number[]): number =>
          x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
        cosines.push(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
        difference += a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
        norm += dot(b, b);
      }
    }
    expect(graph?.features.cosineMean).toBeCloseTo(cosines.reduce((a, b) => a + b) / cosines.length, 6);
    expect(graph?.features.cosineMin).toBeCloseTo(Math.min(...cosines), 6);
    expect(graph?.features.relativeError).toBeCloseTo(Math.sqrt(difference / norm), 6);
    expect(graph?.speed).toEqual([]);
  });

  it('lists a graph above its limit by force, with a tolerance of its own', async () => {
    const folder = await checkpoint();
    const manifestPath = join(folder, 'manifest.json');
    const argv = ['quantize', manifestPath, '--precision', 'int4', '--repeats', '0', '--force'];
    const { code, out } = await call(argv);
    expect(code).toBe(1);
    expect(out.join('\n')).toMatch(/int4: .*FAILED, above 0\.02: listed by force, runs only when asked for/);
    const graph = chooseGraph(await manifestOf(manifestPath), 'int4');
    expect(graph.tolerance).toBeGreaterThan(0.02);
    expect((await call(['verify', manifestPath, '--precision', 'int4'])).code).toBe(0);
    // Again, in place of itself: one graph of the precision, one figure of a kind.
    await call(argv);
    const again = await manifestOf(manifestPath);
    expect(again.graphs.map(({ precision }) => precision)).toEqual(['fp32', 'int4']);
    const figures = again.measured.map(({ name, precision, provider }) => [name, precision, provider].join());
    expect(new Set(figures).size).toBe(figures.length);
  });

  it('writes another folder with these precisions alone, and leaves the first as it was', async () => {
    const folder = await checkpoint({ graph: 'fused', layers: [0] });
    const before = await readFile(join(folder, 'manifest.json'), 'utf8');
    const to = join(dir, 'only', 'deep');
    const argv = ['quantize', join(folder, 'manifest.json'), '--precision', 'int8', '--repeats', '0'];
    expect((await call([...argv, '--only'])).code).toBe(2);
    expect((await call([...argv, '--only', '--out', to])).code).toBe(0);
    expect(await readFile(join(folder, 'manifest.json'), 'utf8')).toBe(before);
    expect((await readdir(folder)).sort()).toEqual(['manifest.json', 'model.onnx', 'self-test.bin']);
    expect((await readdir(to)).sort()).toEqual(['manifest.json', 'model.fused.int8.onnx', 'self-test.bin']);
    const manifest = await manifestOf(join(to, 'manifest.json'));
    expect(manifest.graphs).toMatchObject([{ precision: 'int8', graph: 'fused', layers: [0] }]);
    expect((await call(['verify', join(to, 'manifest.json')])).code).toBe(0);
    // Without --only the graph it started from goes along.
    const both = join(dir, 'both');
    expect((await call([...argv, '--out', both])).code).toBe(0);
    expect((await readdir(both)).sort()).toEqual([
      'manifest.json',
      'model.fused.int8.onnx',
      'model.onnx',
      'self-test.bin',
    ]);
    const none = await call([
      'quantize',
      join(folder, 'manifest.json'),
      '--precision',
      'int4',
      '--repeats',
      '0',
      '--only',
      '--out',
      join(dir, 'none'),
    ]);
    expect(none).toMatchObject({
      code: 2,
      err: [expect.any(String), expect.any(String), expect.stringContaining('no graph would be left')],
    });
  });

  it.each([
    [
      ['--precision', 'int3'],
      /"int3" is not one of fp16, fp16-arithmetic, int8, int8-dynamic, int4 \(--precision\)/,
    ],
    [['--precision', 'fp32'], /"fp32" is not one of/],
    [['--repeats', '-1'], /--repeats/],
    [['--images', 'no-such.png'], /no-such\.png/],
    [['a.png'], /"a\.png" is one manifest too many/],
  ])('%j ends with exit code 2 and one line', async (flags, message) => {
    const folder = await checkpoint();
    const { code, err } = await call(['quantize', join(folder, 'manifest.json'), ...flags]);
    expect(code).toBe(2);
    expect(err.at(-1)).toMatch(message);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it('asks for the weights where there is no fp32 graph', async () => {
    const folder = await checkpoint({ precision: 'int8' });
    const { code, err } = await call(['quantize', join(folder, 'manifest.json'), '--precision', 'fp16']);
    expect(code).toBe(2);
    expect(err.join()).toMatch(/no fp32 graph to start from, only int8.*--weights FILE/);
  });

  it('writes nothing when it is interrupted', async () => {
    const folder = await checkpoint();
    const controller = new AbortController();
    const [out, err]: [string[], string[]] = [[], []];
    const io = {
      out: (line: string) => out.push(line),
      err: (line: string) => {
        err.push(line);
        if (line.startsWith('int8:')) controller.abort();
      },
      signal: controller.signal,
    };
    expect(await main(['quantize', join(folder, 'manifest.json'), '--precision', 'fp16,int8'], io)).toBe(130);
    expect(err.at(-1)).toContain('nothing was written');
    expect(await readdir(folder)).toHaveLength(3);
  });

  it('refuses a graph that is not the one the manifest names', async () => {
    const folder = await checkpoint();
    const model = await readFile(join(folder, 'model.onnx'));
    model[9000] = (model[9000] ?? 0) ^ 1;
    await writeFile(join(folder, 'model.onnx'), model);
    const { code, err } = await call(['quantize', join(folder, 'manifest.json'), '--precision', 'int8']);
    expect([code, err.join()]).toEqual([2, expect.stringContaining('SHA-256')]);
  });
});

describe.skipIf(!hasShared())('alibi-train quantize on real weights', { timeout: 400_000 }, () => {
  const tiny = sharedPath('golden', 'tiny', 'alibi.timm.pth');

  it('starts from the weights an int8 checkpoint was converted from, and holds its graph against fp32', async () => {
    const folder = join(dir, 'from-weights');
    await call(['convert', tiny, '--out', folder, '--heads', '3', '--precision', 'int8']);
    const manifestPath = join(folder, 'manifest.json');
    const answer = await readFile(join(folder, 'self-test.bin'));
    const wrong = join(dir, 'wrong.pth');
    await writeFile(wrong, 'not these weights');
    const refused = await call(['quantize', manifestPath, '--precision', 'fp16', '--weights', wrong]);
    expect([refused.code, refused.err.join()]).toEqual([
      2,
      expect.stringContaining('the manifest was made from'),
    ]);
    const outcome = await call([
      'quantize',
      ...[manifestPath, '--precision', 'fp16', '--weights', tiny, '--repeats', '0', '--json'],
    ]);
    const output = outputOf(outcome);
    // The self-test now holds fp32's answer, which the int8 graph that was there has to meet as well.
    expect(output.graphs.map(({ precision }) => precision)).toEqual(['fp16', 'int8']);
    expect(output.source.kind).toBe('weights');
    expect((await readFile(join(folder, 'self-test.bin'))).equals(answer)).toBe(false);
    const manifest = await manifestOf(manifestPath);
    const admitted = output.graphs.filter(({ outcome: verdict }) => verdict === 'admitted');
    expect(manifest.graphs.map(({ precision }) => precision)).toEqual(
      admitted.map(({ precision }) => precision),
    );
    expect((await call(['verify', manifestPath])).code).toBe(0);
  });

  it('quantises the DINOv2 ViT-S/14: int8 keeps its features and its colours on micrographs, 4 bits do not', async () => {
    const folder = join(dir, 'vits14');
    await mkdir(folder);
    const weights = sharedPath('data', 'weights', 'dinov2_vits14', 'model.safetensors');
    await call([
      'convert',
      weights,
      '--out',
      folder,
      '--window',
      '8,8,2',
      '--no-wrap',
      '--distance-scale',
      '5',
    ]);
    const images = (await readdir(sharedPath('data', 'micrographs', 'superalloy', 'test')))
      .filter((name) => /^[^.]+\.png$/.test(name))
      .slice(0, 2)
      .map((name) => sharedPath('data', 'micrographs', 'superalloy', 'test', name));
    const output = outputOf(
      await call([
        'quantize',
        ...['--precision', 'fp16,int8,int8-dynamic,int4', '--repeats', '0', '--json', '--images', ...images],
        join(folder, 'manifest.json'),
      ]),
    );
    expect(output.images).toHaveLength(2);
    const by = new Map(output.graphs.map((graph) => [graph.precision, graph]));
    expect(by.get('fp16')?.features.cosineMin).toBeGreaterThan(0.99999);
    expect(by.get('int8')).toMatchObject({ outcome: 'admitted' });
    expect(by.get('int8')?.features.cosineMean).toBeGreaterThan(0.9995);
    expect(by.get('int8')?.features.pcaAgreement).toBeGreaterThan(0.999);
    expect(by.get('int8')?.bytes).toBeLessThan(23e6);
    expect(by.get('int4')).toMatchObject({ outcome: 'kept-out', path: null });
    expect(by.get('int4')?.bytes).toBeLessThan(15e6);
    for (const graph of output.graphs) {
      const worst = Math.max(...graph.selfTest.map(({ relativeError }) => relativeError ?? 1));
      expect(graph.outcome).toBe(worst <= 2e-2 ? 'admitted' : 'kept-out');
    }
  });
});
