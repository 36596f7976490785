import { describe, expect, it } from 'vitest';
import { fromMemory } from '../../src/array/memory.ts';
import { createRandom } from '../../src/array/random.ts';
import { reflectIndex } from '../../src/array/reflect.ts';
import { readRegion } from '../../src/array/region.ts';
import { gaussianBlur } from '../../src/raster/gaussian.ts';
import { guidedScores } from '../../src/segment/guided-scores.ts';
import type { ReadPlanes } from '../../src/segment/types.ts';

const height = 90;
const width = 110;
const guide = { channels: [0], black: [0], white: [1] };

/** A slice as the pipeline reads it: reflected beyond its edges. */
const planesOf =
  (image: Float32Array): ReadPlanes =>
  async ({ y0, y1, x0, x1 }) => {
    const cols = x1 - x0;
    return Float32Array.from({ length: (y1 - y0) * cols }, (_, i) => {
      const y = reflectIndex(y0 + Math.floor(i / cols), height);
      return image[y * width + reflectIndex(x0 + (i % cols), width)]!;
    });
  };

/** Probabilities of two classes, the second being `second`. */
function scoresOf(second: Float32Array, chunkPx = 256) {
  const data = new Float32Array(2 * second.length);
  second.forEach((value, i) => {
    data[2 * i] = 1 - value;
    data[2 * i + 1] = value;
  });
  const axes = [
    { name: 'y', type: 'space' as const },
    { name: 'x', type: 'space' as const },
    { name: 'c', type: 'channel' as const },
  ];
  const shape = [height, width, 2];
  return fromMemory(data, { shape, axes, chunkShape: [chunkPx, chunkPx, 2], dtype: 'float32' });
}

async function smoothed(
  second: Float32Array,
  image: Float32Array,
  { sigmaPx, epsilon = 2e-4, chunkPx = 256 }: { sigmaPx: number; epsilon?: number; chunkPx?: number },
): Promise<Float32Array> {
  const source = { readPlanes: planesOf(image), heightPx: height, widthPx: width };
  const scores = guidedScores(scoresOf(second, chunkPx), source, guide, { sigmaPx, epsilon });
  return (await readRegion(scores, { start: [0, 0, 0], stop: [height, width, 2] }, {})).data;
}

const random = createRandom(5);
const noise = Float32Array.from({ length: height * width }, () => random());
const side = Float32Array.from({ length: height * width }, (_, i) => (i % width < 57 ? 0.3 : 0.7));

describe('guidedScores', () => {
  it('of an image without edges is the Gaussian, twice', async () => {
    const flat = new Float32Array(height * width).fill(0.5);
    const found = await smoothed(noise, flat, { sigmaPx: 3 });
    const shape = { height, width };
    const expected = gaussianBlur(gaussianBlur(noise, shape, 3, 'mirror'), shape, 3, 'mirror');
    expected.forEach((value, i) => {
      expect(Math.abs(found[2 * i + 1]! - value)).toBeLessThan(1e-5);
    });
  });

  it('gives back what is an affine function of the image', async () => {
    const image = noise;
    const second = image.map((value) => 0.2 + 0.6 * value);
    const found = await smoothed(second, image, { sigmaPx: 3, epsilon: 1e-9 });
    second.forEach((value, i) => {
      expect(Math.abs(found[2 * i + 1]! - value)).toBeLessThan(1e-3);
    });
  });

  it('averages noise away on each side of an edge and keeps the edge', async () => {
    const second = noise.map((value, i) => (side[i]! < 0.5 ? 0.6 * value : 0.4 + 0.6 * value));
    const found = await smoothed(second, side, { sigmaPx: 8 });
    const column = (x: number) => {
      let sum = 0;
      for (let y = 0; y < height; y++) sum += found[2 * (y * width + x) + 1]!;
      return sum / height;
    };
    // The means of the two sides are 0.3 and 0.7; a Gaussian of twice 8 px would leave a step of 0.02.
    expect(column(57) - column(56)).toBeGreaterThan(0.35);
    for (let i = 0; i < height * width; i++) {
      expect(Math.abs(found[2 * i + 1]! - (side[i]! < 0.5 ? 0.3 : 0.7))).toBeLessThan(0.05);
      expect(Math.abs(found[2 * i]! + found[2 * i + 1]! - 1)).toBeLessThan(1e-6);
    }
  });

  it('does not depend on the chunks, to the bit', async () => {
    const whole = await smoothed(noise, side, { sigmaPx: 8 });
    expect(await smoothed(noise, side, { sigmaPx: 8, chunkPx: 31 })).toEqual(whole);
  });
});
