import { describe, expect, it } from 'vitest';
import { Edits } from '../../src/array/edited.ts';
import type { LazyArray } from '../../src/array/lazy-array.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { createRandom } from '../../src/array/random.ts';
import { readRegion } from '../../src/array/region.ts';
import { strided } from '../../src/array/strided.ts';

async function whole(array: LazyArray): Promise<number[]> {
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return Array.from(data, Number);
}

const row = (y: number, x0: number, x1: number) => ({ y, x0, x1 });

describe('edits over a lazy array', () => {
  it('are what the same operations do to a dense array, undo and redo included', async () => {
    const random = createRandom(17);
    const below = (n: number) => Math.floor(random() * n);
    const [depth, height, width] = [2, 150, 280];
    const start = Uint16Array.from({ length: depth * height * width }, () => below(6));
    const base = fromMemory(start, {
      shape: [depth, height, width],
      dtype: 'uint16',
      chunkShape: [1, 64, 100],
    });
    const edits = new Edits(base);
    // The whole array after every operation, and where in that list it stands.
    let states = [Array.from(start)];
    let at = 0;
    for (let n = 0; n < 120; n++) {
      const kind = below(5);
      const now = states[at]!;
      if (kind <= 1) {
        const [z, id] = [below(depth), below(9)];
        const runs = Array.from({ length: 1 + below(20) }, () => {
          const x0 = below(width);
          return row(below(height), x0, Math.min(width, x0 + 1 + below(90)));
        });
        const next = [...now];
        for (const { y, x0, x1 } of runs)
          next.fill(id, (z * height + y) * width + x0, (z * height + y) * width + x1);
        edits.write([z], [{ runs, id }]);
        states = [...states.slice(0, at + 1), next];
        at++;
      } else if (kind === 2) {
        const [from, to] = [below(9), below(9)];
        const before = edits.revision;
        edits.replace(from, to);
        // Nothing is done where 0 or the id itself is meant, or where no element can have the id any more.
        if (edits.revision !== before) {
          states = [...states.slice(0, at + 1), now.map((id) => (id === from ? to : id))];
          at++;
        } else if (from !== 0 && from !== to) expect(now).not.toContain(from);
      } else if (kind === 3 && at > 0) {
        edits.undo();
        at--;
      } else if (kind === 4 && at < states.length - 1) {
        edits.redo();
        at++;
      }
      expect(edits.canUndo).toBe(at > 0);
      expect(edits.canRedo).toBe(at < states.length - 1);
      if (n % 6 === 0 || n > 110) expect(await whole(edits.array)).toEqual(states[at]);
    }
    while (edits.canUndo) edits.undo();
    expect(await whole(edits.array)).toEqual(Array.from(start));
    // Nothing that was written is left: only what redo needs.
    while (edits.canRedo) edits.redo();
    expect(await whole(edits.array)).toEqual(states.at(-1));
  }, 60_000);

  it('show on a coarser level what was written at the middle of its elements', async () => {
    const base = fromMemory(new Uint8Array(40 * 40).fill(1), {
      shape: [40, 40],
      dtype: 'uint8',
      chunkShape: [16, 16],
    });
    const edits = new Edits(base);
    const coarse = edits.over(strided(base, 4));
    edits.write([], [{ runs: Array.from({ length: 20 }, (_, y) => row(y + 3, 5, 30)), id: 7 }]);
    edits.replace(1, 2);
    expect(await whole(coarse)).toEqual(await whole(strided(edits.array, 4)));
  });

  it('have a revision that grows with every change, of the array and of its levels', () => {
    const base = fromMemory(new Uint8Array(16), { shape: [4, 4], dtype: 'uint8' });
    const edits = new Edits(base);
    const level = edits.over(strided(base, 2));
    edits.write([], [{ runs: [row(0, 0, 2)], id: 3 }]);
    expect([edits.array.revision, level.revision]).toEqual([1, 1]);
    edits.undo();
    edits.redo();
    expect(edits.array.revision).toBe(3);
    edits.replace(3, 3);
    expect(edits.array.revision).toBe(3);
  });

  it('drop the oldest steps of undo when they take too many bytes, and count them', async () => {
    const base = fromMemory(new Uint8Array(100), { shape: [10, 10], dtype: 'uint8' });
    // A step of ten elements takes 10 · 11 + 64 bytes: five of them fit.
    const edits = new Edits(base, { undoByteLimit: 5 * 174 });
    for (let n = 0; n < 8; n++) edits.write([], [{ runs: [row(n, 0, 10)], id: n + 1 }]);
    expect(edits.dropped).toBe(3);
    while (edits.canUndo) edits.undo();
    const left = await whole(edits.array);
    expect([0, 1, 2, 3].map((y) => left[10 * y])).toEqual([1, 2, 3, 0]);
  });

  it('refuse ids that do not fit, and more edits than fit, and change nothing then', async () => {
    const base = fromMemory(new Uint8Array(300 * 300), { shape: [300, 300], dtype: 'uint8' });
    const edits = new Edits(base, { byteLimit: 2 * 5 * 128 * 128 });
    expect(() => edits.write([], [{ runs: [row(0, 0, 1)], id: 256 }])).toThrow(/does not fit.*uint8/);
    expect(() => edits.replace(1, 999)).toThrow(/does not fit/);
    // Two tiles fit, three do not.
    expect(() => edits.write([], [{ runs: [row(0, 0, 300)], id: 1 }])).toThrow(/more edits than fit/);
    expect(edits.revision).toBe(0);
    edits.write([], [{ runs: [row(0, 0, 256)], id: 1 }]);
    expect((await whole(edits.array)).reduce((sum, id) => sum + id, 0)).toBe(256);
  });
});
