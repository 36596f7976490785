import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { createRandom } from 'alibi-zarr/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FinetuneOptions } from '../../src/finetune/options.ts';
import { runFinetune } from '../../src/finetune/run.ts';
import { randomVit } from '../../src/random-vit.ts';
import { readWeights } from '../../src/weights/read-weights.ts';
import { toTimm } from '../../src/weights/to-timm.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import { eachBackend } from '../each-backend.ts';
import { LOCAL } from '../tiny-variants.ts';

/** An 8-bit grey PNG, every line unfiltered. */
function png(size: number, at: (y: number, x: number) => number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    // The reader does not look at checksums; other readers would.
    return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const lines = Buffer.alloc(size * (size + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) lines[y * (size + 1) + 1 + x] = at(y, x);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

interface LoggedStep {
  readonly step: number;
  readonly loss: number;
  readonly lr: number;
}

async function logOf(dir: string): Promise<LoggedStep[]> {
  const text = await readFile(join(dir, 'log.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line): LoggedStep => JSON.parse(line));
}

eachBackend((backend) => {
  describe('a run', { timeout: 120_000 }, () => {
    let dir = '';
    const options = (out: string, changes: Partial<FinetuneOptions> = {}): FinetuneOptions => ({
      weights: join(dir, 'teacher.safetensors'),
      out: join(dir, out),
      heads: 2,
      position: LOCAL,
      keepBlocks: null,
      data: { pictures: join(dir, 'data.json') },
      loss: 'cosine',
      blank: { mostPositional: 2 },
      first: { steps: 4, tokens: 3, batch: 2, peak: 1e-3 },
      second: { steps: 2, tokens: 4, batch: 1, peak: 1e-4 },
      margin: 2,
      scales: [0.5, 2],
      roll: false,
      deck: 8,
      schedule: 'cosine',
      warmup: 1,
      weightDecay: 0.01,
      clip: 1,
      accumulate: 2,
      emaDecay: 0.5,
      recompute: false,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
      seed: 1,
      backend,
      resume: false,
      saveEvery: 2,
      validation: { pictures: join(dir, 'data.json'), every: 3 },
      ...changes,
    });
    const run = (runOptions: FinetuneOptions, signal = new AbortController().signal) =>
      runFinetune(runOptions, { signal, say: () => {}, onStep: () => {} });

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'alibi-run-'));
      const random = createRandom(3);
      await writeFile(
        join(dir, 'a.png'),
        png(40, (y, x) => 120 + 80 * Math.sin(y / 3) + 40 * random() - x),
      );
      await writeFile(join(dir, 'a.labels.png'), 'not an image: must not be read');
      const sources = [{ folder: '.', weight: 2 }, { generated: 1 }];
      await writeFile(join(dir, 'data.json'), JSON.stringify({ sources }));
      const weights = randomVit({ seed: 1, dim: 16, blocks: 2, patch: 4, registers: 1 });
      const data = Float32Array.from({ length: 25 * 16 }, () => random() - 0.5);
      const position = { grid: [5, 5] as const, patches: { shape: [25, 16], data }, cls: null };
      await writeSafetensors(join(dir, 'teacher.safetensors'), toTimm({ ...weights, position }));
    });
    afterAll(() => rm(dir, { recursive: true }));

    it('interrupted at any step and resumed gives what an uninterrupted one gives, bit for bit', async () => {
      const whole = await run(options('whole'));
      expect(whole).toMatchObject({ done: true, steps: 6 });
      const expected = await logOf(join(dir, 'whole'));
      expect(expected.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      const student = await readFile(whole.student);
      for (const stopAt of [1, 3, 5]) {
        const out = `stopped-${stopAt}`;
        const controller = new AbortController();
        const first = await runFinetune(options(out), {
          signal: controller.signal,
          say: () => {},
          onStep: ({ step }) => step === stopAt && controller.abort(),
        });
        expect(first).toMatchObject({ done: false, steps: stopAt });
        const rest = await run(options(out, { resume: true }));
        expect(rest).toMatchObject({ done: true, steps: 6 });
        const losses = (log: LoggedStep[]) => log.map(({ step, loss, lr }) => ({ step, loss, lr }));
        expect(losses(await logOf(join(dir, out)))).toEqual(losses(expected));
        expect(student.equals(await readFile(rest.student))).toBe(true);
      }
    });

    it('killed between two states does the steps after the last state again', async () => {
      const out = 'killed';
      await run(options(out));
      // As a kill after step 5 leaves it: the state of step 4 is not there, that of step 2 is; a line is cut off.
      const expected = await logOf(join(dir, out));
      const early = 'early';
      const controller = new AbortController();
      await runFinetune(options(early), {
        signal: controller.signal,
        say: () => {},
        onStep: ({ step }) => step === 2 && controller.abort(),
      });
      await cp(join(dir, early, 'state.safetensors'), join(dir, out, 'state.safetensors'));
      const text = await readFile(join(dir, out, 'log.jsonl'), 'utf8');
      await writeFile(join(dir, out, 'log.jsonl'), text.slice(0, -20));
      await run(options(out, { resume: true }));
      const log = await logOf(join(dir, out));
      expect(log.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(log.map(({ loss }) => loss)).toEqual(expected.map(({ loss }) => loss));
    });

    it('learns: the loss falls, the student is readable and has no embedding', async () => {
      const long = options('long', { first: { steps: 30, tokens: 3, batch: 4, peak: 3e-3 }, second: null });
      const { student, lastLoss } = await run(long);
      const log = await logOf(join(dir, 'long'));
      const mean = (part: LoggedStep[]) => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
      expect(mean(log.slice(-8))).toBeLessThan(0.8 * mean(log.slice(0, 4)));
      expect(lastLoss).toBe(log.at(-1)?.loss);
      const { weights, scheme } = await readWeights(student);
      expect([scheme, weights.position, weights.blocks.length]).toEqual(['timm', null, 2]);
    });

    it('keeps the blocks asked for', async () => {
      const { student } = await run(options('small', { keepBlocks: [1], emaDecay: null }));
      expect((await readWeights(student)).weights.blocks).toHaveLength(1);
      await expect(run(options('none', { keepBlocks: [2] }))).rejects.toThrow('there is no block 2');
    });

    it('goes on from an earlier student, with a rate and a state of its own', async () => {
      const first = { steps: 1, tokens: 3, batch: 2, peak: 1e-12 };
      const still = { first, second: null, emaDecay: null, weightDecay: 0 };
      const earlier = await run(
        options('earlier', { first: { ...first, peak: 1e-2 }, second: null, emaDecay: null }),
      );
      const next = await run(options('next', { ...still, student: earlier.student }));
      const [a, b, original] = await Promise.all(
        [earlier.student, next.student, join(dir, 'teacher.safetensors')].map(async (path) => {
          const { weights } = await readWeights(path);
          return weights.blocks[0]!.qkv.weight.data;
        }),
      );
      // A rate of 1e-12 leaves what it started from.
      const furthest = (x: Float32Array, y: Float32Array) =>
        Math.max(...x.map((v, i) => Math.abs(v - y[i]!)));
      expect(furthest(b!, a!)).toBeLessThan(1e-6);
      expect(furthest(b!, original!)).toBeGreaterThan(1e-3);
      const other = randomVit({ seed: 1, dim: 24, blocks: 2, patch: 4, registers: 1 });
      const wide = join(dir, 'wide.safetensors');
      await writeSafetensors(wide, toTimm(other));
      await expect(run(options('wide', { student: wide }))).rejects.toThrow('the student has 24 channels');
      const resumed = options('next', { ...still, resume: true });
      await expect(run(resumed)).rejects.toThrow('other options');
    });

    it('refuses a folder with a run, another run’s state, and pictures that are not there', async () => {
      await run(options('taken'));
      await expect(run(options('taken'))).rejects.toThrow('there is a run in the folder');
      await expect(run(options('taken', { resume: true, seed: 2 }))).rejects.toThrow('other options');
      const nowhere = { data: { pictures: join(dir, 'nowhere') } };
      await expect(run(options('x', nowhere))).rejects.toThrow('nowhere');
      await writeFile(join(dir, 'bad.json'), '{"sources":[{"folder":".","zarr":"a.zarr"}]}');
      await expect(run(options('y', { data: { pictures: join(dir, 'bad.json') } }))).rejects.toThrow(
        'one of',
      );
    });
  });
});
