import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProbeTensorsOutput } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedPath } from '../../../../test/shared.ts';
import { rampOf } from '../../../src/bench/probe/ramps.ts';
import { main } from '../../../src/cli.ts';
import { capturedIo } from '../captured-io.ts';
import { safetensorsBytes } from '../safetensors-bytes.ts';

describe('alibi-train probe --tensors', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-probe-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true });
  });

  it.skipIf(!hasShared())('gives what the reference gives (needs ../shared)', async () => {
    const { io, out } = capturedIo();
    const inputs = sharedPath('golden', 'tiny', 'probe_inputs.safetensors');
    expect(await main(['probe', '--tensors', inputs, '--json'], io)).toBe(0);
    expect(out).toHaveLength(1);
    const printed: unknown = JSON.parse(out[0] ?? '');
    expect(parseProbeTensorsOutput(printed).ok).toBe(true);
    const expected = parseProbeTensorsOutput(
      JSON.parse(await readFile(sharedPath('golden', 'tiny', 'probe_expected.json'), 'utf8')),
    );
    if (!expected.ok) throw new Error(expected.message);
    const got = parseProbeTensorsOutput(printed);
    if (!got.ok) throw new Error(got.message);
    expect(Object.keys(got.value).sort()).toEqual(Object.keys(expected.value).sort());
    for (const [name, { r2, per_channel_r2: channels }] of Object.entries(expected.value)) {
      expect(Math.abs((got.value[name]?.r2 ?? 9) - r2)).toBeLessThan(1e-5);
      expect(got.value[name]?.per_channel_r2).toHaveLength(channels.length);
      for (const [c, score] of channels.entries()) {
        expect(Math.abs((got.value[name]?.per_channel_r2[c] ?? 9) - score)).toBeLessThan(1e-5);
      }
    }
  });

  it('takes maps with and without a last axis of one, and masks of bytes and of floats', async () => {
    // A channel that is the ramp, and one that is constant: trained on all n tokens, standardised, α = 1, the weight is
    // n / (n + 1) of the exact one, so that R² = 1 − 1 / (n + 1)² alone and with the constant channel beside it.
    const ramp = Float32Array.from(rampOf('ud', 4, 3));
    const feats = Float32Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? (ramp[i >> 1] ?? 0) : 3));
    const path = join(dir, 'forms.safetensors');
    await writeFile(
      path,
      safetensorsBytes({
        'feats.a': { shape: [4, 3, 2], data: feats },
        'ramp.flat': { shape: [4, 3], data: ramp },
        'mask.flat': { shape: [4, 3], data: new Uint8Array(12).fill(1) },
        'ramp.deep': { shape: [4, 3, 1], data: ramp },
        'mask.deep': { shape: [4, 3, 1], data: new Float32Array(12).fill(1) },
      }),
    );
    const { io, out } = capturedIo();
    expect(await main(['probe', '--tensors', path, '--json', '--out', join(dir, 'forms.json')], io)).toBe(0);
    const printed = JSON.parse(out[0] ?? '');
    expect(Object.keys(printed).sort()).toEqual(['a.deep', 'a.flat']);
    for (const { r2, per_channel_r2: channels } of Object.values<{ r2: number; per_channel_r2: number[] }>(
      printed,
    )) {
      expect(r2).toBeCloseTo(1 - 1 / 13 ** 2, 6);
      expect(channels[0]).toBeCloseTo(1 - 1 / 13 ** 2, 6);
      expect(channels[1]).toBeCloseTo(0, 6);
    }
    expect(JSON.parse(await readFile(join(dir, 'forms.json'), 'utf8'))).toEqual(printed);
  });

  const ones = { shape: [2, 2], data: new Uint8Array(4).fill(1) };
  const ramp = { shape: [2, 2], data: Float32Array.of(0, 1, 0, 1) };
  const feats = { shape: [2, 2, 1], data: Float32Array.of(1, 2, 3, 4) };
  it.each([
    ['no features', { 'ramp.a': ramp, 'mask.a': ones }, '0 tensors feats.NAME'],
    ['no mask', { 'feats.x': feats, 'ramp.a': ramp }, 'mask.a is missing'],
    [
      'another grid',
      { 'feats.x': feats, 'ramp.a': { shape: [4, 1], data: ramp.data }, 'mask.a': ones },
      'ramp.a is [4,1], not [2, 2]',
    ],
    ['flat features', { 'feats.x': ramp, 'ramp.a': ramp, 'mask.a': ones }, 'feats.x is [2,2]'],
    [
      'a mask of one token',
      { 'feats.x': feats, 'ramp.a': ramp, 'mask.a': { shape: [2, 2], data: Uint8Array.of(1, 0, 0, 0) } },
      'fewer than two tokens',
    ],
    [
      'a constant ramp',
      { 'feats.x': feats, 'ramp.a': { shape: [2, 2], data: new Float32Array(4) }, 'mask.a': ones },
      'ramp.a is constant',
    ],
    [
      'a hole',
      {
        'feats.x': { shape: [2, 2, 1], data: Float32Array.of(1, Number.NaN, 3, 4) },
        'ramp.a': ramp,
        'mask.a': ones,
      },
      'not finite',
    ],
  ])('refuses %s in one line', async (_, tensors, text) => {
    const path = join(dir, 'bad.safetensors');
    await writeFile(path, safetensorsBytes(tensors));
    const { io, err } = capturedIo();
    expect(await main(['probe', '--tensors', path, '--json'], io)).toBe(2);
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(text);
  });
});
