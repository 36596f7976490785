import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeStore, openSessionInProcess } from 'alibi-zarr/node';
import { parseCheckpointManifest, parseLossResult } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { main } from '../../src/cli.ts';
import { exportVit } from '../../src/onnx/export.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { readWeights } from '../../src/weights/read-weights.ts';
import { capturedIo } from '../bench/captured-io.ts';
import { golden } from '../golden.ts';
import { LOCAL } from '../tiny-variants.ts';

describe.skipIf(!hasShared())('a student of some of the blocks', { timeout: 120_000 }, () => {
  const teacher = sharedPath('golden', 'tiny', 'dinov2_base.timm.safetensors');
  let dir = '';
  const at = (...parts: string[]): string => join(dir, ...parts);

  async function run(...argv: string[]): Promise<string> {
    const { io, out, err } = capturedIo();
    expect(await main(argv, io), err.join('\n')).toBe(0);
    return out.join('\n');
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-small-'));
    const tensors = sharedPath('golden', 'tiny', 'train_expected.safetensors');
    // A rate at which no float32 moves: what is left are the blocks of the reference.
    const still = ['--steps', '1', '--lr', '1e-30', '--schedule', 'constant', '--weight-decay', '0'];
    const local = ['--no-wrap', '--distance-scale', '5', '--hide-prefix', '--keep-blocks', '0,2'];
    const argv = ['--weights', teacher, '--heads', '3', '--tensors', tensors, '--backend', 'wasm'];
    await run('finetune', ...argv, ...still, ...local, '--out', at('run'));
    const name = ['--name', 'small', '--window', '5,5,1'];
    await run(
      'convert',
      at('run', 'student.safetensors'),
      ...name,
      '--precision',
      'int8',
      '--out',
      at('small'),
    );
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('holds the blocks named, in their order, and computes what they compute', async () => {
    const { weights: whole } = await readWeights(teacher);
    const small = (await readWeights(at('run', 'student.safetensors'))).weights;
    const blocks = [whole.blocks[0], whole.blocks[2]].filter((block) => block !== undefined);
    expect(small.blocks).toHaveLength(2);
    const image = (await golden('tiny', 'expected')).get('input.5x5');
    if (image === undefined) throw new Error('the reference lacks input.5x5');
    const shared = {
      heads: 3,
      layerNormEps: 1e-6,
      position: LOCAL,
      precision: 'fp32',
      graph: 'plain',
      layers: [],
    } as const;
    const features = await Promise.all(
      [small, { ...whole, position: null, blocks }].map(async (weights) => {
        const runner = await openCpuRunner(exportVit(weights, { ...shared, name: 'x', notice: '' }));
        const output = (await runner.run(image.data, image.shape)).get('features');
        await runner.close();
        return output?.data ?? new Float32Array();
      }),
    );
    const [own, expected] = features;
    if (own === undefined || expected === undefined) throw new Error('two runs');
    expect(relativeError(own, expected)).toBeLessThan(1e-6);
  });

  it('is converted, verified and measured like any other, and the plugin computes with it', async () => {
    const manifest = parseCheckpointManifest(
      JSON.parse(await readFile(at('small', 'manifest.json'), 'utf8')),
    );
    expect(manifest).toMatchObject({
      ok: true,
      value: { architecture: { blocks: 2, heads: 3 }, position: LOCAL },
    });
    await run('verify', at('small', 'manifest.json'));
    const micrograph = sharedPath('data', 'micrographs', 'superalloy', 'test', 'spot2_0d_0.png');
    await run('bench', 'seam', at('small', 'manifest.json'), micrograph, '--tokens', '8', '--no-shift');
    const data = sharedPath('data', 'micrographs', 'superalloy', 'test');
    const loss = [
      '--teacher',
      teacher,
      '--heads',
      '3',
      '--data',
      data,
      '--first',
      '1',
      '--grid',
      '4',
      '--json',
    ];
    const parsed = parseLossResult(
      JSON.parse(await run('bench', 'loss', at('small', 'manifest.json'), ...loss)),
    );
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.value.grids[0]?.loss).toBeGreaterThan(0.01);
    const image = sharedPath('data', 'ome-zarr', 'ez_zarr', 'example_data_zarr3', '6001240_labels_v0.5.zarr');
    const session = await openSessionInProcess({
      source: createNodeStore(image),
      model: at('small', 'manifest.json'),
    });
    const colours = (await session.pca()).levels.at(-1)?.pixels;
    const chunk = await colours?.getChunk(
      colours.shape.map(() => 0),
      {},
    );
    const values = new Set(Array.from(chunk?.data ?? [], String));
    expect(values.size).toBeGreaterThan(10);
    await session.close();
  });
});
