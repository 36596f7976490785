import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRandomCheckpoint } from 'alibi-train';
import { openSessionInProcess } from 'alibi-zarr/node';
import { syntheticImage } from './synthetic-image.ts';

/**
 * Pan over a synthetic image of 100,000² pixels: at each step the image chunks and feature colours of a
 * view at a random place and level are asked for, and given up halfway every third time. Prints resident
 * memory as it goes; bounded means the last quarter is no higher than the second.
 */
export async function memory({ steps = 240, sizePx = 100_000 } = {}) {
  const source = syntheticImage(sizePx);
  // As wide as ViT-S, so that tokens take as much memory, but one block deep, so that it is quick.
  const folder = await mkdtemp(join(tmpdir(), 'alibi-bench-'));
  await writeRandomCheckpoint(folder, { dim: 384, blocks: 1, window: { rows: 24, cols: 24, overlap: 3 } });
  const session = await openSessionInProcess({ source, model: join(folder, 'manifest.json') });
  const layer = await session.pca();
  const resident: number[] = [];
  let state = 12345;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let step = 0; step < steps; step++) {
    const level = random(session.image.levels.length - 4);
    const abort = new AbortController();
    const pixels = session.image.pixels[level]!;
    const counts = pixels.shape.map((size, axis) => Math.floor(size / pixels.chunkShape[axis]!));
    const image = Array.from({ length: 12 }, () =>
      pixels.getChunk(counts.map(random), { signal: abort.signal }),
    );
    const colours = layer.levels[level]!.pixels;
    const at = colours.shape.map((size, axis) => random(Math.floor(size / colours.chunkShape[axis]!)));
    at[at.length - 1] = 0;
    const features = colours.getChunk(at, { signal: abort.signal });
    if (step % 3 === 2) abort.abort();
    await Promise.allSettled([...image, features]);
    resident.push(process.memoryUsage().rss / 2 ** 20);
    if (step % 20 === 19)
      console.error(`step ${step + 1}/${steps}: ${resident.at(-1)?.toFixed(0)} MiB resident`);
  }
  await session.close();
  await rm(folder, { recursive: true });
  const quarter = (n: number) => Math.max(...resident.slice((n * steps) / 4, ((n + 1) * steps) / 4));
  const [second, last] = [quarter(1), quarter(3)];
  return {
    steps,
    sizePx,
    chunksRead: source.reads(),
    residentMiB: { firstQuarter: quarter(0), secondQuarter: second, lastQuarter: last },
    growth: last / second,
  };
}
