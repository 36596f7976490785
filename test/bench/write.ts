import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import {
  chunkCounts,
  elementCount,
  type LabelType,
  type LazyArray,
} from '../../plugin/src/array/lazy-array.ts';
import { fromMemory } from '../../plugin/src/array/memory.ts';
import { useCodecThreads } from '../../plugin/src/node/codec-threads.ts';
import type { ArraySpec } from '../../plugin/src/stores/array-spec.ts';
import { createArrayWriter } from '../../plugin/src/stores/array-writer.ts';
import { createNodeStore } from '../../plugin/src/stores/node-fs.ts';
import { hasPython, startPython } from '../interop/python.ts';

export interface WriteOptions {
  /** Side of the array in pixels. */
  readonly size?: number;
  /** Side of a chunk in pixels. */
  readonly chunk?: number;
  /** Times each is written; the median counts. */
  readonly rounds?: number;
}

interface Case {
  readonly title: string;
  readonly compression: 'zstd' | 'blosc' | 'none';
  readonly shard?: number;
}

/**
 * MB of ids a second to disk: this project, zarr-python and tensorstore, the same uint32 labels in the same chunks with the
 * same codec and level, one after the other in one run. The labels are cells of about 40 pixels on a plate that is a third
 * empty, so that some chunks are the fill value, as in life.
 */
export async function write({ size = 8192, chunk = 1024, rounds = 5 }: WriteOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'alibi-bench-write-'));
  try {
    await threads();
    const ids = cells(size);
    const raw = join(folder, 'ids.raw');
    await writeFile(raw, new Uint8Array(ids.buffer));
    const labels = fromMemory(ids, { shape: [size, size], dtype: 'uint32', chunkShape: [chunk, chunk] });
    const megabytes = ids.byteLength / 1e6;
    const cases: Case[] = [
      { title: 'zstd', compression: 'zstd' },
      { title: 'zstd, shards of 4 × 4 chunks', compression: 'zstd', shard: 4 * chunk },
      { title: 'blosc', compression: 'blosc' },
      { title: 'none', compression: 'none' },
    ];
    const results = [];
    for (const one of cases) {
      console.error(`write: ${one.title}`);
      const ours = await timed(rounds, (n) => writeOurs(join(folder, `ours-${n}`), labels, one, chunk));
      const others = hasPython() ? await python({ folder, raw, size, chunk, rounds, ...one }) : null;
      results.push({
        codec: one.title,
        'alibi-zarr MB/s': rate(megabytes, ours),
        'zarr-python MB/s': others === null ? null : rate(megabytes, others['zarr-python']),
        'tensorstore MB/s': others === null ? null : rate(megabytes, others.tensorstore),
      });
    }
    return { size, chunk, rounds, megabytes, threads: availableParallelism(), results };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The codec threads' script, which the sources have not. */
async function threads(): Promise<void> {
  // Where it finds the packages it imports.
  const script = fileURLToPath(
    new URL('../../node_modules/.cache/alibi-zarr/bench-codec-worker.mjs', import.meta.url),
  );
  await build({
    entryPoints: [fileURLToPath(new URL('../../plugin/src/node/codec-worker.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  useCodecThreads(new URL(`file://${script}`));
}

async function writeOurs(
  path: string,
  labels: LazyArray<LabelType>,
  { compression, shard }: Case,
  chunk: number,
): Promise<void> {
  const spec: ArraySpec<LabelType> = {
    zarrFormat: 3,
    shape: labels.shape,
    chunkShape: [chunk, chunk],
    ...(shard === undefined ? {} : { shardShape: [shard, shard] }),
    dtype: labels.dtype,
    compression,
  };
  const writer = createArrayWriter(createNodeStore(path), '/0', spec);
  const [rows = 0, columns = 0] = chunkCounts(labels);
  const perSide = (shard ?? chunk) / chunk;
  // Shard after shard, some chunks at a time.
  const order = Array.from(
    { length: elementCount([rows, columns]) },
    (_, i) => [Math.floor(i / columns), i % columns] as const,
  );
  const shardOf = ([y, x]: readonly [number, number]) =>
    Math.floor(y / perSide) * columns + Math.floor(x / perSide);
  order.sort((a, b) => shardOf(a) - shardOf(b));
  const next = order[Symbol.iterator]();
  const worker = async () => {
    for (const index of next) await writer.writeChunk(index, await labels.getChunk(index, {}));
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker));
  await writer.finish();
  await rm(path, { recursive: true });
}

/** Seconds of each round, without the first, which warms up. */
async function timed(rounds: number, run: (n: number) => Promise<void>): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n <= rounds; n++) {
    const start = performance.now();
    await run(n);
    if (n > 0) seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

async function python(request: object): Promise<{ 'zarr-python': number[]; tensorstore: number[] }> {
  const answer = await startPython('write_speed.py', request);
  // The answer of our own script.
  return answer as { 'zarr-python': number[]; tensorstore: number[] };
}

function rate(megabytes: number, seconds: readonly number[]): number {
  const sorted = [...seconds].sort((a, b) => a - b);
  return Math.round(megabytes / (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN));
}

/** uint32 [size, size]: each cell of a jittered grid has its own id; a third of the plate is 0. */
function cells(size: number): Uint32Array<ArrayBuffer> {
  const pitch = 40;
  const across = Math.ceil(size / pitch) + 1;
  const ids = new Uint32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < (2 * size) / 3; x++) {
      // A border that wanders by some pixels from row to row and column to column.
      const row = Math.floor((y + 3 * Math.sin(x / 7)) / pitch + 1);
      const column = Math.floor((x + 3 * Math.sin(y / 5)) / pitch + 1);
      ids[y * size + x] = row * across + column;
    }
  }
  return ids;
}
