import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCheckpointManifest, parsePullListOutput, parsePullOutput } from 'alibi-zarr-schemas';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasShared, sharedPath } from '../../../test/shared.ts';
import { main } from '../../src/cli.ts';
import { type Hub, openHub, sha256Of } from './hub-server.ts';

describe('alibi-train pull', () => {
  let hub: Hub;
  let dir = '';
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    signal: new AbortController().signal,
  };
  beforeEach(async () => {
    hub = await openHub();
    dir = await mkdtemp(join(tmpdir(), 'alibi-pull-command-'));
    vi.stubEnv('ALIBI_TRAIN_CACHE', dir);
    vi.stubEnv('HF_ENDPOINT', hub.endpoint);
    vi.stubEnv('HF_TOKEN', '');
    out.length = 0;
    err.length = 0;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await hub.close();
    await rm(dir, { recursive: true });
  });

  it('lists what it knows by name, for people and for programs', async () => {
    expect(await main(['pull', '--list'], io)).toBe(0);
    const text = out.join('\n');
    for (const name of [
      'alibi_dv2_vits14_reg4',
      'alibi_coco_dv2_vits14_reg4',
      'nope_coco_dv2_vits14_reg4',
      'alibi_coco_dv3_vits16_plus_reg4',
      ...['small', 'base', 'large', 'giant'].map((size) => `facebook/dinov2-with-registers-${size}`),
      ...['small', 'base', 'large', 'giant'].map((size) => `facebook/dinov2-${size}`),
    ]) {
      expect(text).toContain(name);
    }
    out.length = 0;
    expect(await main(['pull', '--list', '--json'], io)).toBe(0);
    const listed = parsePullListOutput(JSON.parse(out.join('')));
    expect(listed.ok && listed.value.checkpoints.length).toBe(text.split('\n').length);
  });

  it.skipIf(!hasShared())(
    'prints the command that converts what it fetched, and that command works',
    async () => {
      const weights = await readFile(sharedPath('golden', 'tiny', 'alibi.timm.pth'));
      for (const stem of ['alibi_coco_dv2_vits14_reg4', 'nope_coco_dv2_vits14_reg4']) {
        hub.files.set(`rmdocherty/dino-saw/${stem}.pth`, weights);
        out.length = 0;
        expect(await main(['pull', stem, '--json'], io)).toBe(0);
        const printed = parsePullOutput(JSON.parse(out.join('')));
        if (!printed.ok) throw new Error(JSON.stringify(printed));
        expect(printed.value.files[0]).toMatchObject({ sha256: sha256Of(weights), from: 'network' });
        const [program, ...argv] = words(printed.value.convert ?? '');
        expect(program).toBe('alibi-train');
        const to = join(dir, stem);
        argv.splice(argv.indexOf('--out') + 1, 1, to);
        expect(await main(argv, io)).toBe(0);
        const manifest = parseCheckpointManifest(
          JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')),
        );
        expect(manifest).toMatchObject({
          ok: true,
          value: {
            architecture: { heads: 6 },
            position: stem.startsWith('nope')
              ? { kind: 'none' }
              : {
                  kind: 'alibi',
                  metric: 'euclidean',
                  wrap: true,
                  normalise: 'window',
                  hidePrefix: false,
                  slopes: 'constant',
                },
            provenance: { finetuned: true },
          },
        });
      }
      out.length = 0;
      expect(await main(['pull', 'alibi_coco_dv2_vits14_reg4'], io)).toBe(0);
      expect(out.join('\n')).toMatch(
        /was there, checked by its SHA-256[\s\S]*Convert it:\nalibi-train convert .*--heads 6/,
      );
    },
  );

  it.each([
    [['pull'], /NAME\|URL/],
    [['pull', 'a/b', '--endpoint', 'hub'], /not an http/],
    [['pull', 'a/b', '--sha256', 'abc'], /64 hexadecimal/],
    [['pull', 'alibi_dv2_vits14_reg5'], /--list/],
    [['pull', 'alibi_dv2_vits14_reg4'], /answers 404 \(EntryNotFound\)/],
    [
      ['pull', 'alibi_dv2_vits14_reg4', '--endpoint', 'http://127.0.0.1:1'],
      /Put the file at .* as .*reg4\.pth, then/,
    ],
  ])('%j ends with exit code 2 and one line', async (argv, line) => {
    expect(await main(argv, io)).toBe(2);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(line);
    expect(out).toEqual([]);
  });

  it('ends with exit code 130 and says what is kept when it is interrupted', async () => {
    hub.files.set('a/b/c.bin', Buffer.alloc(100_000, 7));
    hub.behaviour.stalls = 1;
    const controller = new AbortController();
    const status = (): void => controller.abort();
    expect(await main(['pull', 'a/b/c.bin'], { ...io, status, signal: controller.signal })).toBe(130);
    expect(err.at(-1)).toContain('goes on with it');
  });
});

/** A command line as a POSIX shell takes it apart, for words in single quotes or none. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}
