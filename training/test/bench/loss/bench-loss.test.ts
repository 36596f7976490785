import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from 'alibi-zarr/checkpoint';
import {
  type LossResult,
  parseBenchComparison,
  parseCheckpointManifest,
  parseLossResult,
} from 'alibi-zarr-schemas';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../../test/shared.ts';
import { tokenLoss } from '../../../src/bench/loss/token-loss.ts';
import { main } from '../../../src/cli.ts';
import { writeRandomCheckpoint } from '../../../src/random-checkpoint.ts';
import { capturedIo } from '../captured-io.ts';

describe('tokenLoss', () => {
  it('is 1 − cosine over kept channels, mean over tokens', () => {
    // Tokens (3, 4, 9) and (1, 0, 9) against (4, 3, 0) and (0, 2, 0) without the last channel: cosines 24/25 and 0.
    const features = Float32Array.of(3, 4, 9, 1, 0, 9);
    const target = Float32Array.of(4, 3, 0, 0, 2, 0);
    expect(tokenLoss(features, target, Uint8Array.of(1, 1, 0))).toBeCloseTo((1 / 25 + 1) / 2, 12);
    expect(tokenLoss(new Float32Array(3), target.subarray(0, 3), Uint8Array.of(1, 1, 1))).toBe(1);
  });
});

describe.skipIf(!hasShared())('bench loss', { timeout: 120_000 }, () => {
  const teacher = sharedPath('golden', 'tiny', 'dinov2_base.timm.safetensors');
  const original = ['--teacher', teacher, '--heads', '3'];
  let dir = '';
  const at = (...parts: string[]): string => join(dir, ...parts);

  async function run(...argv: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
    const { io, out, err } = capturedIo();
    return { code: await main(argv, io), out, err };
  }

  async function json(...argv: string[]): Promise<unknown> {
    const { code, out, err } = await run(...argv, '--json');
    expect(code, err.join('\n')).toBe(0);
    return JSON.parse(out[0] ?? '');
  }

  async function loss(...argv: string[]): Promise<LossResult> {
    const parsed = parseLossResult(await json('bench', 'loss', ...argv));
    if (!parsed.ok) throw new Error(`${parsed.path} ${parsed.message}`);
    return parsed.value;
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-loss-'));
    const random = createRandom(4);
    await mkdir(at('held'));
    for (const [name, width] of [
      ['a.png', 120],
      ['b.png', 60],
    ] as const) {
      const data = Uint8Array.from(
        { length: 60 * width * 3 },
        (_, i) => 100 + 90 * Math.sin(i / 50) + 60 * random(),
      );
      await writeFile(at('held', name), encode({ width, height: 60, channels: 3, depth: 8, data }));
    }
    const sources = [{ folder: 'held', weight: 2 }, { generated: 2 }];
    await writeFile(at('held.json'), JSON.stringify({ sources }));
    const learn = ['--steps', '2', '--tokens', '4', '--batch', '1', '--lr', '1e-3', '--blank', '5,17'];
    const local = ['--no-wrap', '--distance-scale', '5', '--hide-prefix', '--backend', 'wasm'];
    const validate = ['--validate', at('held.json'), '--out', at('run')];
    const made = await run(
      'finetune',
      '--weights',
      teacher,
      '--heads',
      '3',
      '--data',
      at('held.json'),
      ...learn,
      ...local,
      ...validate,
    );
    expect(made.code, made.err.join('\n')).toBe(0);
    await json('convert', at('run', 'student.safetensors'), '--precision', 'int8', '--out', at('shipped'));
    await json('convert', teacher, '--heads', '3', '--position', 'learned', '--out', at('teacher'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const student = (): string => at('run', 'student.safetensors');
  const data = (): string[] => [...original, '--data', at('held.json')];

  it('on the views of a run’s validation is the loss that the run logged', async () => {
    const lines = (await readFile(at('run', 'log.jsonl'), 'utf8')).trim().split('\n');
    const logged: { validation: { loss: number } } = JSON.parse(lines.at(-1) ?? '');
    const result = await loss(student(), ...data(), '--grid', '4', '--views', '16');
    expect(result.blank).toEqual([5, 17]);
    expect(result.grids[0]?.perImage).toHaveLength(16);
    expect(result.grids[0]?.loss).toBeCloseTo(logged.validation.loss, 4);
    expect(result.grids[0]?.loss).toBeGreaterThan(0.001);
    expect(result.sampling).toEqual({ kind: 'views', views: 16, scales: [0.6, 2.5], seed: 0 });
  });

  it('is nothing for the original itself, at every grid, on every image', async () => {
    const result = await loss(
      at('teacher', 'manifest.json'),
      ...data(),
      '--grid',
      '3,5',
      '--blank',
      'auto:3',
    );
    expect(result.images).toEqual(['a.png', 'b.png', 'generated 0', 'generated 1']);
    expect(result.blank).toHaveLength(3);
    expect(result.grids.map(({ tokens }) => tokens)).toEqual([3, 5]);
    for (const { perImage } of result.grids) {
      expect(perImage).toHaveLength(4);
      for (const image of perImage) expect(Math.abs(image.loss)).toBeLessThan(1e-6);
    }
  });

  it('compares what is shipped with what it was made of, and stores figures in manifests alone', async () => {
    const shipped = at('shipped', 'manifest.json');
    const argv = [...data(), '--grid', '4', '--crops', '3', '--first', '1'];
    const parsed = parseBenchComparison(await json('bench', 'loss', student(), shipped, ...argv));
    if (!parsed.ok) throw new Error(parsed.message);
    const [of32, of8] = parsed.value.results.map((result) => {
      const one = parseLossResult(result);
      if (!one.ok) throw new Error(`${one.path} ${one.message}`);
      return one.value;
    });
    expect([of32?.model.name, of32?.model.precision, of8?.model.precision]).toEqual(['run', 'fp32', 'int8']);
    expect(of8?.model.position).toBe('local ALiBi');
    expect(of32?.images).toEqual(['a.png', 'generated 0']);
    const [a, b] = [of32?.grids[0]?.loss ?? 0, of8?.grids[0]?.loss ?? 0];
    expect(a).not.toBe(b);
    expect(Math.abs(a - b) / a).toBeLessThan(0.05);
    await json('bench', 'loss', shipped, ...argv, '--blank', '5,17', '--write');
    const manifest = parseCheckpointManifest(JSON.parse(await readFile(shipped, 'utf8')));
    if (!manifest.ok) throw new Error(manifest.message);
    expect(manifest.value.measured).toMatchObject([
      { name: 'loss to the teacher, 4×4 tokens', value: Number(b.toFixed(4)), precision: 'int8' },
    ]);
    expect(manifest.value.measured[0]?.command).not.toContain(dir);
  });

  it('says what is wrong, in one line', async () => {
    await writeRandomCheckpoint(at('other'), { patch: 4, dim: 24, position: { kind: 'none' } });
    const held = ['--data', at('held.json')];
    for (const [argv, text] of [
      [[student(), ...held], '--teacher'],
      [[student(), ...original], '--data'],
      [[teacher, ...data()], 'does not record its position'],
      [[at('other', 'manifest.json'), ...data()], 'patches of 4 and 24 channels'],
      [[student(), ...data(), '--blank', '48'], 'no channel 48'],
      [[student(), ...data(), '--crops', '6'], '--crops'],
      [[student(), ...data(), '--views', '2', '--crops', '2'], '--crops'],
      [[student(), ...data(), '--scales', '1,2'], '--scales'],
      [[student(), ...data(), '--grid', '0'], '--grid'],
      [[student(), ...data(), '--write'], '--write'],
    ] as const) {
      const { code, out, err } = await run('bench', 'loss', ...argv);
      expect([code, out], text).toEqual([2, []]);
      expect(err.at(-1)).toContain(text);
    }
  });

  it('stops when interrupted', async () => {
    const { io, out } = capturedIo(AbortSignal.abort());
    expect(await main(['bench', 'loss', student(), ...data(), '--grid', '3'], io)).toBe(130);
    expect(out).toEqual([]);
  });
});
