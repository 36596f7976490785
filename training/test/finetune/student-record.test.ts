import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCheckpointManifest } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { main } from '../../src/cli.ts';
import { PAPER } from '../../src/onnx/position.ts';
import { relativeError } from '../../src/onnx/relative-error.ts';
import { openCpuRunner } from '../../src/onnx/run.ts';
import { openFile } from '../../src/weights/open-file.ts';
import { readWeights } from '../../src/weights/read-weights.ts';
import { readTensors } from '../../src/weights/scheme.ts';
import type { StateDict } from '../../src/weights/vit-weights.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { capturedIo } from '../bench/captured-io.ts';
import { golden } from '../golden.ts';
import { LOCAL } from '../tiny-variants.ts';

describe.skipIf(!hasShared())('what a student’s file records', () => {
  let dir = '';
  const at = (...parts: string[]): string => join(dir, ...parts);
  const tensors = sharedPath('golden', 'tiny', 'train_expected.safetensors');

  async function run(...argv: string[]): Promise<string> {
    const { io, out, err } = capturedIo();
    expect(await main(argv, io), err.join('\n')).toBe(0);
    return [...out, ...err].join('\n');
  }

  async function manifestOf(folder: string) {
    const parsed = parseCheckpointManifest(JSON.parse(await readFile(at(folder, 'manifest.json'), 'utf8')));
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.value;
  }

  /** Features of the reference's input by a converted checkpoint. */
  async function features(folder: string): Promise<Float32Array> {
    const image = (await golden('tiny', 'expected')).get('input.5x5');
    if (image === undefined) throw new Error('the reference lacks input.5x5');
    const runner = await openCpuRunner(await readFile(at(folder, 'model.onnx')));
    const output = (await runner.run(image.data, image.shape)).get('features');
    await runner.close();
    return output?.data ?? new Float32Array();
  }

  /** The reference's weights under the names timm has for DINOv3, whose norms have an epsilon of 1e-5. */
  async function dinov3(): Promise<StateDict> {
    const file = await openFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
    const stored = await readTensors(file);
    await file.close();
    return new Map([...stored].map(([name, tensor]) => [name.replace(/ls(\d)\.gamma/, 'gamma_$1'), tensor]));
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-record-'));
    await writeSafetensors(at('dinov3.safetensors'), await dinov3());
    const position = ['--no-wrap', '--distance-scale', '5', '--hide-prefix'];
    const one = ['--steps', '1', '--lr', '1e-30', '--schedule', 'constant', '--weight-decay', '0'];
    const argv = ['--weights', at('dinov3.safetensors'), '--heads', '3', '--tensors', tensors];
    const input = ['--mean', '0.5,0.5,0.5', '--std', '0.25,0.25,0.25', '--backend', 'wasm'];
    await run('finetune', ...argv, ...one, ...position, ...input, '--out', at('run'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('heads, epsilon, position and input, in the file itself', async () => {
    const { recorded, scheme, layerNormEps } = await readWeights(at('run', 'student.safetensors'));
    expect(recorded).toEqual({
      format: 'alibi-train/student/1',
      heads: 3,
      layerNormEps: 1e-5,
      position: LOCAL,
      input: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      blank: [],
    });
    // By its tensors alone it would pass for a DINOv2.
    expect([scheme, layerNormEps]).toEqual(['timm', 1e-6]);
    expect((await readWeights(at('dinov3.safetensors'))).recorded).toBeNull();
    const config: unknown = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ heads: 3, layerNormEps: 1e-5 });
  });

  it('is what convert writes: a student that learned nothing gives its original’s features', async () => {
    const position = ['--no-wrap', '--distance-scale', '5', '--hide-prefix'];
    await run('convert', at('dinov3.safetensors'), '--heads', '3', ...position, '--out', at('original'));
    await run('convert', at('run', 'student.safetensors'), '--out', at('student'));
    expect(await manifestOf('student')).toMatchObject({
      architecture: { heads: 3, layerNormEps: 1e-5 },
      position: LOCAL,
      input: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      provenance: { finetuned: true },
    });
    expect(relativeError(await features('student'), await features('original'))).toBeLessThan(1e-6);
  });

  it('flags go before it, and convert says that they differ', async () => {
    const said = await run(
      'convert',
      at('run', 'student.safetensors'),
      '--slopes',
      'constant',
      '--out',
      at('other'),
    );
    expect(said).toContain('it learned as local ALiBi');
    expect(await manifestOf('other')).toMatchObject({ position: PAPER, provenance: { finetuned: false } });
  });

  it('a record that cannot be read is said, with the file', async () => {
    const file = at('broken.safetensors');
    await writeSafetensors(file, await dinov3(), { alibi_train: '{"format":"alibi-train/student/1"}' });
    await expect(readWeights(file)).rejects.toThrow(/broken\.safetensors/);
    await writeSafetensors(file, await dinov3(), { alibi_train: '{' });
    await expect(readWeights(file)).rejects.toThrow(/not JSON/);
  });
});
