import { describe, expect, it } from 'vitest';
import type { EditRun } from '../../../src/array/edited.ts';
import { fromMemory } from '../../../src/array/memory.ts';
import { createRandom } from '../../../src/array/random.ts';
import { flood, idAtPixel } from '../../../src/segment/editing/flood.ts';
import { splitByLine } from '../../../src/segment/editing/split.ts';
import { floodComponents, randomIds } from '../../raster/volumes.ts';

function slice(ids: Uint32Array, [height, width]: readonly [number, number]) {
  const labels = fromMemory(ids, { shape: [height, width], dtype: 'uint32', chunkShape: [100, 60] });
  return { labels, lead: [] };
}

const pixelsOf = (runs: readonly EditRun[], width: number) =>
  runs.flatMap(({ y, x0, x1 }) => Array.from({ length: x1 - x0 }, (_, i) => y * width + x0 + i));

/** A picture of one letter a pixel as ids: `.` is 0, `a` is 1. */
function drawn(rows: readonly string[]) {
  const ids = Uint32Array.from(rows.join(''), (letter) => (letter === '.' ? 0 : letter.charCodeAt(0) - 96));
  return { ...slice(ids, [rows.length, rows[0]!.length]), width: rows[0]!.length };
}

describe('flood fill', () => {
  it('finds the connected component of the seed, whatever windows it crosses', async () => {
    const random = createRandom(23);
    // Larger than a window of 256 pixels in both directions.
    const size = [300, 410] as const;
    for (let n = 0; n < 6; n++) {
      const ids = randomIds(n, [1, ...size], { most: 2, share: 0.75, grain: 1 + (n % 3) * 2 });
      const components = floodComponents(ids, [1, ...size], 1);
      for (let k = 0; k < 4; k++) {
        const seed = { y: Math.floor(random() * size[0]), x: Math.floor(random() * size[1]) };
        const at = seed.y * size[1] + seed.x;
        if (ids[at] === 0) continue;
        const { id, runs, pixels } = await flood(slice(ids, size), seed);
        const expected = [...components.keys()].filter((i) => components[i] === components[at]);
        expect(id).toBe(ids[at]);
        expect(pixelsOf(runs, size[1])).toEqual(expected);
        expect(pixels).toBe(expected.length);
      }
    }
  });

  it('refuses what is outside, and what is larger than anybody means', async () => {
    const labels = slice(new Uint32Array(100), [10, 10]);
    await expect(flood(labels, { y: 3, x: 10 })).rejects.toThrow(/outside the labels of 10 × 10/);
    await expect(flood(labels, { y: 0, x: 0 }, { pixelLimit: 99 })).rejects.toThrow(/more than 99 pixels/);
    await expect(idAtPixel(labels, { y: -1, x: 0 })).rejects.toThrow(/outside/);
  });
});

describe('splitting by a line', () => {
  it('cuts an object in two: the larger keeps its id, the line goes to what is beside it', async () => {
    const { width, ...labels } = drawn([
      '..........', //
      '.aaaaaaaa.',
      '.aaaaaaaa.',
      '.aaaaaaaa.',
      '..........',
    ]);
    // Down column 3: two columns to its left, five to its right; the line's own pixels join one of them.
    const [piece, ...more] = await splitByLine(labels, [3.5, 0.5, 3.5, 4.5]);
    expect(more).toEqual([]);
    const xs = new Set(pixelsOf(piece!, width).map((at) => at % width));
    expect(xs.has(1) && xs.has(2)).toBe(true);
    expect([...xs].every((x) => x <= 3)).toBe(true);
    expect(new Set(pixelsOf(piece!, width).map((at) => Math.floor(at / width)))).toEqual(new Set([1, 2, 3]));
  });

  it('cuts only the object that most of the line lies on, and along slanted lines too', async () => {
    const { width, ...labels } = drawn([
      'aaaaaaaabb', //
      'aaaaaaaabb',
      'aaaaaaaabb',
      'aaaaaaaabb',
      'aaaaaaaabb',
      'aaaaaaaabb',
    ]);
    const pieces = await splitByLine(labels, [0.5, 5.5, 5.5, 0.5]);
    expect(pieces).toHaveLength(1);
    for (const at of pixelsOf(pieces[0]!, width)) expect(at % width).toBeLessThan(8);
    // The corner above the line, where x + y < 5, and perhaps pixels of the line itself.
    const piece = new Set(pixelsOf(pieces[0]!, width));
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 8; x++) {
        if (x + y < 5) expect(piece.has(y * width + x)).toBe(true);
        if (x + y > 5) expect(piece.has(y * width + x)).toBe(false);
      }
    }
  });

  it('says that a line does not cut through, or lies on nothing', async () => {
    const { width: _, ...labels } = drawn(['......', '.aaaa.', '.aaaa.', '......']);
    await expect(splitByLine(labels, [1.5, 1.5, 2.5, 1.5])).rejects.toThrow(
      /does not cut through the object 1/,
    );
    await expect(splitByLine(labels, [0.5, 0.5, 5.5, 0.5])).rejects.toThrow(/no object under the line/);
  });
});
