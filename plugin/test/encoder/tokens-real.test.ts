import { describe, expect, it } from 'vitest';
import { readRegion } from '../../src/array/region.ts';
import type { Backend } from '../../src/encoder/backend.ts';
import { loadManifest } from '../../src/encoder/manifest.ts';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { nodeBackend } from '../../src/encoder/ort-node.ts';
import { webBackends } from '../../src/encoder/ort-web.ts';
import { relativeError } from '../../src/encoder/self-test.ts';
import { tokensArray } from '../../src/encoder/tokens.ts';
import { fakeArray, seeded } from '../array/fake-array.ts';
import { fakeEncoder } from './fake-encoder.ts';
import { tinyCheckpoint } from './tiny-checkpoint.ts';

const backends: readonly (readonly [string, () => readonly Backend[]])[] = [
  ['onnxruntime-node', () => [nodeBackend()]],
  ['onnxruntime-web, WASM', () => webBackends({ threads: 2, load: () => import('onnxruntime-web') })],
];

describe('tokensArray on a real runtime', () => {
  // The tiny graph sees one patch at a time, so tiled and blended tokens must be those of the whole image at once.
  it.each(backends)('gives the features of the whole image: %s', async (_, offered) => {
    const tiny = await tinyCheckpoint();
    const checkpoint = await loadManifest(tiny);
    const { encoder } = await openEncoder({ ...checkpoint, backends: offered() });
    const { mean, std } = checkpoint.manifest.input;
    const [heightPx, widthPx] = [40, 52]; // 10 × 13 tokens of 4 pixels, windows of 5 with 1 overlapped
    const random = seeded(3);
    const pixels = Uint16Array.from(
      { length: 3 * heightPx * widthPx },
      () => 1000 + Math.floor(4000 * random()),
    );
    const level = fakeArray({
      shape: [3, heightPx, widthPx],
      axes: ['c', 'y', 'x'],
      chunkShape: [1, 16, 16],
      dtype: 'uint16',
      value: ([c, y, x]) => pixels[(c! * heightPx + y!) * widthPx + x!]!,
    });
    const normalisation = { channels: [0, 1, 2], black: [1000, 1000, 1000], white: [5000, 5000, 5000] };
    const tokens = tokensArray({ level, normalisation, encoder, manifest: checkpoint.manifest });
    const { data } = await readRegion(tokens, { start: [0, 0, 0], stop: [10, 13, 6] }, {});
    const input = Float32Array.from(pixels, (value, i) => {
      const c = Math.floor(i / (heightPx * widthPx));
      return ((value - 1000) / 4000 - mean[c]!) / std[c]!;
    });
    const whole = tiny.features(input, heightPx, widthPx);
    const expected = Float32Array.from(data, (_value, i) => whole[(i % 6) * 130 + Math.floor(i / 6)]!);
    expect(relativeError(data, expected)).toBeLessThan(1e-5);
    expect(encoder.runs).toBe(3 * 3); // starts 0, 4, 5 of 10 and 0, 4, 8 of 13
    await encoder.close();
  });
});

describe('tokensArray over 100,000² pixels', () => {
  it('costs no more for a chunk than over a small image', async () => {
    const level = fakeArray({
      shape: [100_000, 100_000],
      chunkShape: [512, 512],
      dtype: 'uint8',
      value: () => 7,
    });
    const encoder = fakeEncoder(14);
    const window = { rows: 24, cols: 24, overlap: 3 };
    const input = { mean: [0, 0, 0], std: [1, 1, 1] };
    const tokens = tokensArray({
      level,
      normalisation: { channels: [0], black: [0], white: [255] },
      encoder,
      manifest: { input, window },
    });
    expect(tokens.shape).toEqual([7143, 7143, 4]);
    // 7143 = 340 · 21 + 3: chunk 340 holds the last three tokens, which lie in the last window alone or the one before.
    const chunk = await tokens.getChunk([340, 340, 0], {});
    expect(chunk.shape).toEqual([3, 3, 4]);
    expect(chunk.data[0]).toBeCloseTo(7 / 255, 6);
    expect(encoder.runs).toBeLessThanOrEqual(4);
    await tokens.getChunk([170, 170, 0], {});
    expect(encoder.runs).toBeLessThanOrEqual(8);
    expect(new Set(level.asked).size).toBeLessThan(20);
  });
});
