import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCheckpointManifest, parseConvertOutput, parseVerifyOutput } from 'alibi-zarr-schemas';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasShared, sharedPath } from '../../test/shared.ts';
import { main } from '../src/cli.ts';
import { openCpuRunner } from '../src/onnx/run.ts';

const TINY = sharedPath('golden', 'tiny', 'alibi.timm.pth');

describe('alibi-train', () => {
  let dir = '';
  const out: string[] = [];
  const err: string[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-cli-'));
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  });
  beforeEach(() => {
    out.length = 0;
    err.length = 0;
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await rm(dir, { recursive: true });
  });

  it.each([
    [[], 'Usage: alibi-train COMMAND'],
    [['nonsense'], 'unknown command "nonsense"'],
    [['convert'], 'WEIGHTS is missing'],
    [['convert', 'a.pth'], '--out'],
    [['convert', 'a.pth', '--out', 'x', '--heads', '0'], '--heads'],
    [['convert', 'a.pth', '--out', 'x', '--position', 'rope'], 'not one of alibi, learned, none'],
    [['convert', 'a.pth', '--out', 'x', '--position', 'none', '--hide-prefix'], '--hide-prefix'],
    [['convert', 'a.pth', '--out', 'x', '--no-normalise', '--distance-scale', '5'], '--no-normalise'],
    [['convert', 'a.pth', '--out', 'x', '--window', '32,32,17'], '--window'],
    [['convert', 'a.pth', '--out', 'x', '--std', '1,1,0'], '--std'],
    [['convert', 'a.pth', '--out', 'x', '--mean', '1,1'], '--mean'],
    [['convert', 'a.pth', '--out', 'x', '--wat'], '--wat'],
    [['convert', 'no-such-file.pth', '--out', 'x'], 'cannot be opened'],
    [['convert', '.', '--out', 'x'], 'a folder, not a file'],
    [['verify'], 'MANIFEST is missing'],
    [['verify', 'no-such-manifest.json'], 'cannot be read'],
  ])('%j ends with exit code 2 and one line', async (argv, text) => {
    expect(await main(argv)).toBe(2);
    const said = [...out, ...err].join('');
    expect(said).toContain(text);
    if (argv.length > 0)
      expect(
        said
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('reading')).length,
      ).toBe(1);
  });

  it.each([['--help'], ['convert', '--help'], ['verify', '--help']])(
    '%s %s explains itself',
    async (...argv) => {
      expect(await main(argv)).toBe(0);
      expect(out.join('')).toContain('alibi-train');
    },
  );

  describe.skipIf(!hasShared())('on the tiny weights', () => {
    it.each([
      ['fp32', 'plain'],
      ['fp16', 'plain'],
      ['int8', 'fused'],
    ])('converts to %s (%s) and verifies', async (precision, graph) => {
      const to = join(dir, precision);
      const flags = [
        '--heads',
        '3',
        '--no-wrap',
        '--distance-scale',
        '5',
        '--hide-prefix',
        '--layers',
        '0,2',
      ];
      const argv = [TINY, '--out', to, ...flags, '--precision', precision, '--graph', graph, '--json'];
      expect(await main(['convert', ...argv])).toBe(0);
      const printed = parseConvertOutput(JSON.parse(out.join('')));
      expect(printed).toMatchObject({ ok: true, value: { scheme: 'timm', graph: { precision } } });
      const manifest = parseCheckpointManifest(JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')));
      expect(manifest).toMatchObject({
        ok: true,
        value: {
          name: 'alibi.timm',
          architecture: { patch: 14, dim: 48, blocks: 3, heads: 3, registers: 4, layerScale: true },
          position: { normalise: 'scale', distanceScale: 5, hidePrefix: true, wrap: false },
          window: { rows: 32, cols: 32, overlap: 4 },
        },
      });
      expect(await readFile(join(to, 'manifest.json'), 'utf8')).not.toContain(dir);
      out.length = 0;
      expect(await main(['verify', join(to, 'manifest.json'), '--json'])).toBe(0);
      const checked = parseVerifyOutput(JSON.parse(out.join('')));
      expect(checked).toMatchObject({ ok: true, value: { agrees: true } });
      // Self-test on two providers, then five grids of WASM against the CPU.
      if (checked.ok) expect(checked.value.checks).toHaveLength(7);
      const runner = await openCpuRunner(await readFile(join(to, 'model.onnx')));
      const outputs = await runner.run(new Float32Array(3 * 14 * 28), [1, 3, 14, 28]);
      await runner.close();
      expect([...outputs.keys()].sort()).toEqual(['features', 'layer.0', 'layer.2', 'prefix']);
    });

    it('says no, with exit code 1, where the answer is not the stored one', async () => {
      const to = join(dir, 'wrong');
      await main(['convert', TINY, '--out', to, '--heads', '3']);
      const other = join(dir, 'other');
      await main(['convert', TINY, '--out', other, '--heads', '3', '--no-wrap']);
      const manifest = JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8'));
      const wrong = JSON.parse(await readFile(join(other, 'manifest.json'), 'utf8'));
      await writeFile(join(to, 'self-test.bin'), await readFile(join(other, 'self-test.bin')));
      manifest.selfTest = wrong.selfTest;
      await writeFile(join(to, 'manifest.json'), JSON.stringify(manifest));
      out.length = 0;
      expect(await main(['verify', join(to, 'manifest.json'), '--json'])).toBe(1);
      expect(JSON.parse(out.join(''))).toMatchObject({ agrees: false });
    });

    it('refuses a graph whose hash is not the manifest’s, and options that do not fit the weights', async () => {
      const to = join(dir, 'hash');
      await main(['convert', TINY, '--out', to, '--heads', '3']);
      const model = await readFile(join(to, 'model.onnx'));
      model[2000] = (model[2000] ?? 0) ^ 1;
      await writeFile(join(to, 'model.onnx'), model);
      expect(await main(['verify', join(to, 'manifest.json')])).toBe(2);
      expect(err.join('')).toContain('SHA-256');
      for (const flags of [
        ['--heads', '5'],
        ['--position', 'learned'],
        ['--slopes', 'learned'],
        ['--layers', '3'],
      ]) {
        expect(await main(['convert', TINY, '--out', join(dir, 'no'), '--heads', '3', ...flags])).toBe(2);
      }
    });
  });
});
