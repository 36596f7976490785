import { describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import { tokensArray } from '../../src/encoder/tokens.ts';
import { deferred, fakeArray, seeded, settle } from '../array/fake-array.ts';
import { fakeEncoder } from './fake-encoder.ts';

const patch = 2;
const input = { mean: [0.25, 0, 0], std: [0.5, 1, 1] };
const normalisation = { channels: [0], black: [0], white: [100] };

function noiseImage(heightPx: number, widthPx: number) {
  const random = seeded(heightPx * 1000 + widthPx);
  const values = Float32Array.from({ length: heightPx * widthPx }, () => Math.floor(random() * 100));
  const level = fakeArray({
    shape: [heightPx, widthPx],
    chunkShape: [5, 7],
    value: (index) => values[index[0]! * widthPx + index[1]!]!,
    scale: [0.5, 0.25],
    translation: [10, 20],
  });
  return { level, values };
}

/** Reflection as numpy's pad does it, by walking back and forth. */
function bounce(position: number, size: number): number {
  let at = 0;
  let step = 1;
  for (let i = 0; i < position && size > 1; i++) {
    if (at + step < 0 || at + step >= size) step = -step;
    at += step;
  }
  return at;
}

/** The definition, token by token: every window that holds it, weighted by its distance to the nearer edges. */
function naiveToken(
  values: Float32Array,
  size: readonly [number, number],
  grid: { rows: number; cols: number; overlap: number },
  at: readonly [number, number],
): number[] {
  const [heightPx, widthPx] = size;
  const starts = (tokens: number, window: number): number[] => {
    const list = [0];
    while (list.at(-1)! + window < tokens)
      list.push(Math.min(list.at(-1)! + window - grid.overlap, tokens - window));
    return list;
  };
  const toEdge = (k: number, window: number): number => Math.min(k + 1, window - k);
  const pixel = (y: number, x: number): number =>
    (values[bounce(y, heightPx) * widthPx + bounce(x, widthPx)]! / 100 - 0.25) / 0.5;
  const sums = [0, 0, 0, 0];
  let weights = 0;
  for (const top of starts(Math.ceil(heightPx / patch), grid.rows)) {
    for (const left of starts(Math.ceil(widthPx / patch), grid.cols)) {
      const [r, c] = [at[0] - top, at[1] - left];
      if (r < 0 || c < 0 || r >= grid.rows || c >= grid.cols) continue;
      const weight = toEdge(r, grid.rows) * toEdge(c, grid.cols);
      weights += weight;
      let patchSum = 0;
      let windowSum = 0;
      for (let y = 0; y < grid.rows * patch; y++) {
        for (let x = 0; x < grid.cols * patch; x++) {
          const value = pixel(top * patch + y, left * patch + x);
          windowSum += value;
          if (Math.floor(y / patch) === r && Math.floor(x / patch) === c) patchSum += value;
        }
      }
      const token = [patchSum / patch ** 2, windowSum / (grid.rows * grid.cols * patch ** 2), r, c];
      token.forEach((value, i) => {
        sums[i]! += weight * value;
      });
    }
  }
  return sums.map((sum) => sum / weights);
}

describe('tokensArray', () => {
  it.each([
    ['several windows', 41, 37, { rows: 6, cols: 5, overlap: 2 }],
    ['exactly one window', 12, 12, { rows: 6, cols: 6, overlap: 2 }],
    ['smaller than a window', 13, 15, { rows: 10, cols: 12, overlap: 3 }],
    ['one pixel', 1, 1, { rows: 4, cols: 4, overlap: 1 }],
    ['no overlap', 20, 18, { rows: 4, cols: 4, overlap: 0 }],
    ['more than half overlapped', 30, 30, { rows: 6, cols: 6, overlap: 4 }],
  ])('gives the blended tokens of the definition: %s', async (_, heightPx, widthPx, window) => {
    const { level, values } = noiseImage(heightPx, widthPx);
    const encoder = fakeEncoder(patch);
    const tokens = tokensArray({ level, normalisation, encoder, manifest: { input, window } });
    const [rows, cols] = [Math.ceil(heightPx / patch), Math.ceil(widthPx / patch)];
    expect(tokens.shape).toEqual([rows, cols, 4]);
    const all = await readRegion(tokens, { start: [0, 0, 0], stop: [rows, cols, 4] }, {});
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < cols; x++) {
        const expected = naiveToken(values, [heightPx, widthPx], window, [y, x]);
        expected.forEach((value, c) => {
          expect(all.data[(y * cols + x) * 4 + c]).toBeCloseTo(value, 4);
        });
      }
    }
    expect(encoder.runs).toBe(tokens.plan.windows);
  });

  it('runs exactly the windows of a chunk, and nothing when asked again', async () => {
    const { level } = noiseImage(80, 80);
    const encoder = fakeEncoder(patch);
    // 40 × 40 tokens, windows of 8 with 2 overlapped: starts 0, 6, 12, 18, 24, 30, 32.
    const window = { rows: 8, cols: 8, overlap: 2 };
    const tokens = tokensArray({ level, normalisation, encoder, manifest: { input, window } });
    await tokens.getChunk([0, 0, 0], {});
    expect(encoder.runs).toBe(1); // tokens 0…5 lie in window 0 alone
    await tokens.getChunk([0, 0, 0], {});
    expect(encoder.runs).toBe(1);
    await tokens.getChunk([2, 2, 0], {});
    expect(encoder.runs).toBe(1 + 4); // windows 1 and 2 along either axis
    await Promise.all([tokens.getChunk([2, 3, 0], {}), tokens.getChunk([2, 3, 0], {})]);
    expect(encoder.runs).toBe(1 + 4 + 2); // columns 2 and 3: column 2 is there
  });

  it('places tokens at the centre of their patch', () => {
    const level = fakeArray({
      shape: [3, 2, 4, 30, 28],
      axes: ['c', 't', 'z', 'x', 'y'],
      chunkShape: [1, 1, 1, 30, 28],
      scale: [1, 5, 2, 0.25, 0.5],
      translation: [0, 1, 3, 20, 10],
    });
    const window = { rows: 6, cols: 6, overlap: 1 };
    const tokens = tokensArray({
      level,
      normalisation,
      encoder: fakeEncoder(4),
      manifest: { input, window },
    });
    expect(tokens.axes.map((axis) => axis.name)).toEqual(['t', 'z', 'y', 'x', 'c']);
    expect(tokens.shape).toEqual([2, 4, 7, 8, 4]);
    expect(tokens.chunkShape).toEqual([1, 1, 5, 5, 4]);
    // Centre of the first patch of 4 pixels: pixel 1.5.
    expect(tokens.transform).toEqual({
      scale: [5, 2, 2, 1, 1],
      translation: [1, 3, 10 + 1.5 * 0.5, 20 + 1.5 * 0.25, 0],
    });
  });

  it('reads the slice and channels it is asked for', async () => {
    const level = fakeArray({
      shape: [3, 2, 8, 8],
      axes: ['c', 'z', 'x', 'y'],
      chunkShape: [1, 1, 8, 8],
      value: ([c, z]) => 10 * c! + 50 * z!,
    });
    const tokens = tokensArray({
      level,
      normalisation: { channels: [2, 1, 0], black: [0, 0, 0], white: [100, 100, 100] },
      encoder: fakeEncoder(2),
      manifest: { input, window: { rows: 4, cols: 4, overlap: 1 } },
    });
    const { data } = await tokens.getChunk([1, 0, 0, 0], {});
    expect(data[0]).toBeCloseTo((0.7 - 0.25) / 0.5, 5); // red is channel 2 of slice 1: (20 + 50) / 100
  });

  it('forgets a window aborted in the queue, keeps one that is in the transformer', async () => {
    const { level } = noiseImage(16, 48);
    const gate = deferred();
    const encoder = fakeEncoder(patch, () => gate.promise);
    const window = { rows: 8, cols: 8, overlap: 0 };
    const tokens = tokensArray({ level, normalisation, encoder, manifest: { input, window } });
    const aborts = [0, 1, 2].map(() => new AbortController());
    const asked = aborts.map(({ signal }, i) => tokens.getChunk([0, i, 0], { signal, priority: () => i }));
    const outcomes = Promise.allSettled(asked);
    await settle();
    expect(encoder.runs).toBe(1);
    for (const controller of aborts) controller.abort();
    const settled = await outcomes; // at once, though the transformer still runs
    expect(settled.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    const again = tokens.getChunk([0, 0, 0], {});
    await settle();
    gate.resolve();
    await again;
    expect(encoder.runs).toBe(1); // joined the run that was under way
    await tokens.getChunk([0, 0, 0], {});
    expect(encoder.runs).toBe(1);
  });

  it('keeps a window whose callers have all left by the time it comes out', async () => {
    const { level } = noiseImage(16, 16);
    const gate = deferred();
    const encoder = fakeEncoder(patch, () => gate.promise);
    const window = { rows: 8, cols: 8, overlap: 0 };
    const tokens = tokensArray({ level, normalisation, encoder, manifest: { input, window } });
    const controller = new AbortController();
    const asked = tokens.getChunk([0, 0, 0], { signal: controller.signal });
    await settle();
    controller.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    gate.resolve();
    await settle();
    await tokens.getChunk([0, 0, 0], {});
    expect(encoder.runs).toBe(1);
  });

  it('runs nothing for a caller that has aborted before', async () => {
    const { level } = noiseImage(16, 16);
    const encoder = fakeEncoder(patch);
    const tokens = tokensArray({
      level,
      normalisation,
      encoder,
      manifest: { input, window: { rows: 8, cols: 8, overlap: 0 } },
    });
    await expect(tokens.getChunk([0, 0, 0], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await settle();
    expect(encoder.runs).toBe(0);
    expect(level.asked).toEqual([]);
  });

  it('does not compute a chunk twice for two callers, and spares one the abort of the other', async () => {
    const { level } = noiseImage(16, 16);
    const gate = deferred();
    const encoder = fakeEncoder(patch, () => gate.promise);
    const window = { rows: 8, cols: 8, overlap: 0 };
    const tokens = tokensArray({ level, normalisation, encoder, manifest: { input, window } });
    const controller = new AbortController();
    const one = tokens.getChunk([0, 0, 0], { signal: controller.signal });
    const other = tokens.getChunk([0, 0, 0], {});
    await settle();
    controller.abort();
    await expect(one).rejects.toThrow(/abort/i);
    gate.resolve();
    expect((await other).shape).toEqual([8, 8, 4]);
    expect(encoder.runs).toBe(1);
  });
});
