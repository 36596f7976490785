import { describe, expect, it } from 'vitest';
import { nearStrokes, strokesPerClass } from '../../src/segment/near-strokes.ts';

describe('near strokes', () => {
  const at = (x: number, y: number, z = 0) => ({ x, y, z, t: 0 });

  it('is what lies no further from the line than asked, on its slice', () => {
    // Along x from 10 to 50 at y 20, then down to y 60.
    const isNear = nearStrokes([{ points: [10, 20, 50, 20, 50, 60], z: 1, t: 0 }], 5);
    expect(isNear(at(30, 25, 1))).toBe(true);
    expect(isNear(at(30, 25.1, 1))).toBe(false);
    // Beyond the end by 3 and 4 pixels: 5 away; by 4 and 4: more.
    expect(isNear(at(7, 16, 1))).toBe(true);
    expect(isNear(at(6, 16, 1))).toBe(false);
    expect(isNear(at(54, 40, 1))).toBe(true);
    expect(isNear(at(30, 25, 0))).toBe(false);
  });

  it('is around a single point', () => {
    const isNear = nearStrokes([{ points: [10, 10], z: 0, t: 0 }], 5);
    expect(isNear(at(13, 14))).toBe(true);
    expect(isNear(at(14, 14))).toBe(false);
  });

  it('is inside an area and beside its border, the last side too, and not in the middle of a wide hole', () => {
    const ring = [0, 0, 100, 0, 100, 100, 0, 100];
    const hole = [20, 20, 80, 20, 80, 80, 20, 80];
    const isNear = nearStrokes([{ points: [], rings: [ring, hole], z: 0, t: 0 }], 5);
    expect(isNear(at(10, 50))).toBe(true);
    expect(isNear(at(-4, 50))).toBe(true);
    expect(isNear(at(-6, 50))).toBe(false);
    expect(isNear(at(24, 50))).toBe(true);
    expect(isNear(at(50, 50))).toBe(false);
  });

  it('is nowhere without strokes', () => {
    expect(nearStrokes([], 5)(at(0, 0))).toBe(false);
  });
});

it('counts what was painted at once as one, and no eraser', () => {
  const strokes = [
    { id: '1', classIndex: 0 },
    { id: '2', classIndex: 1, group: 'g' },
    { id: '3', classIndex: 1, group: 'g' },
    { id: '4', classIndex: 1 },
    { id: '5', classIndex: null },
  ];
  expect(strokesPerClass(strokes, 3)).toEqual([1, 2, 0]);
});
