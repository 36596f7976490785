import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCpuRunner } from '../src/onnx/run.ts';
import { writeRandomCheckpoint } from '../src/random-checkpoint.ts';

describe('writeRandomCheckpoint', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'alibi-random-'));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true });
  });

  it('writes the same bytes for the same seed', async () => {
    const first = await writeRandomCheckpoint(join(dir, 'a'), { seed: 5 });
    const second = await writeRandomCheckpoint(join(dir, 'b'), { seed: 5 });
    const other = await writeRandomCheckpoint(join(dir, 'c'), { seed: 6 });
    expect(second.graphs[0]?.sha256).toBe(first.graphs[0]?.sha256);
    expect(other.graphs[0]?.sha256).not.toBe(first.graphs[0]?.sha256);
  });

  it('gives features of the promised shapes that differ between tokens', async () => {
    const manifest = await writeRandomCheckpoint(join(dir, 'd'), { registers: 3, patch: 4, layers: [1] });
    const runner = await openCpuRunner(await readFile(join(dir, 'd', 'model.onnx')));
    const image = Float32Array.from({ length: 2 * 3 * 8 * 20 }, (_, i) => Math.sin(i * i));
    const outputs = await runner.run(image, [2, 3, 8, 20]);
    await runner.close();
    expect(outputs.get('features')?.shape).toEqual([2, manifest.architecture.dim, 2, 5]);
    expect(outputs.get('prefix')?.shape).toEqual([2, 4, manifest.architecture.dim]);
    expect(outputs.get('layer.1')?.shape).toEqual([2, manifest.architecture.dim, 2, 5]);
    const features = outputs.get('features')?.data ?? new Float32Array();
    expect(new Set(features.subarray(0, 10)).size).toBe(10);
    expect(features.every(Number.isFinite)).toBe(true);
  });
});
