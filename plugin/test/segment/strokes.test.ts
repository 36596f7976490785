import { describe, expect, it } from 'vitest';
import { paintStrokes, strokeHistory } from '../../src/segment/strokes.ts';
import type { Stroke } from '../../src/segment/types.ts';

const level = { heightPx: 300, widthPx: 300, scaleY: 1, scaleX: 1 };

function stroke(id: string, classIndex: number | null, points: number[], radiusPx = 2, z = 0): Stroke {
  return { id, classIndex, points, radiusPx, z, t: 0 };
}

function labelAt(strokes: readonly Stroke[], y: number, x: number): number {
  for (const tile of paintStrokes(strokes, level)) {
    const row = y - tile.y0;
    const col = x - tile.x0;
    if (row >= 0 && row < tile.heightPx && col >= 0 && col < tile.widthPx)
      return tile.mask[row * tile.widthPx + col]!;
  }
  return 0;
}

describe('strokeHistory', () => {
  const a = stroke('a', 0, [1, 1]);
  const b = stroke('b', 2, [5, 5]);
  const two = strokeHistory.add(strokeHistory.add(strokeHistory.empty, a), b);

  it('undoes and redoes, and a new stroke ends what could be redone', () => {
    const undone = strokeHistory.undo(two);
    expect(undone.strokes).toEqual([a]);
    expect(strokeHistory.canRedo(undone)).toBe(true);
    expect(strokeHistory.redo(undone).strokes).toEqual([a, b]);
    expect(strokeHistory.canRedo(strokeHistory.add(undone, a))).toBe(false);
    expect(two.strokes).toEqual([a, b]);
  });

  it('gives itself back where there is nothing to undo or redo', () => {
    expect(strokeHistory.undo(strokeHistory.empty)).toBe(strokeHistory.empty);
    expect(strokeHistory.redo(two)).toBe(two);
    expect(strokeHistory.clear(strokeHistory.empty)).toBe(strokeHistory.empty);
  });

  it('brings cleared strokes back', () => {
    const cleared = strokeHistory.clear(two);
    expect(cleared.strokes).toEqual([]);
    expect(strokeHistory.undo(cleared).strokes).toEqual([a, b]);
  });

  it('drops a removed class for good and moves later ones up', () => {
    const removed = strokeHistory.removeClass(two, 0);
    expect(removed.strokes).toEqual([{ ...b, classIndex: 1 }]);
    expect(strokeHistory.undo(removed).strokes).toEqual([]);
  });
});

describe('paintStrokes', () => {
  it('lets later strokes win and erasers clear what lies beneath, not what comes after', () => {
    const first = stroke('a', 0, [20, 20, 60, 20]);
    const over = stroke('b', 1, [40, 10, 40, 30]);
    expect(labelAt([first, over], 20, 40)).toBe(2);
    expect(labelAt([over, first], 20, 40)).toBe(1);
    const eraser = stroke('e', null, [30, 20, 60, 20], 4);
    expect(labelAt([first, eraser], 20, 50)).toBe(0);
    expect(labelAt([first, eraser], 20, 22)).toBe(1);
    expect(labelAt([first, eraser, over], 20, 40)).toBe(2);
  });

  it('crosses tiles, keeps slices apart and holds only tiles with labels', () => {
    const across = stroke('a', 0, [100, 64, 299, 64], 1.5);
    const tiles = paintStrokes([across, stroke('b', 0, [5, 5], 2, 3), stroke('e', null, [5, 290], 9)], level);
    expect(tiles.map(({ z, y0, x0, widthPx }) => [z, y0, x0, widthPx])).toEqual([
      [0, 0, 0, 128],
      [0, 0, 128, 128],
      [0, 0, 256, 44],
      [3, 0, 0, 128],
    ]);
    // Rows 63 and 64 have their centres within 1.5 of y = 64, as do 62 (1.5 exactly) and 65.
    expect(labelAt([across], 62, 200)).toBe(1);
    expect(labelAt([across], 65, 200)).toBe(1);
    expect(labelAt([across], 66, 200)).toBe(0);
  });
});
