import { describe, expect, it } from 'vitest';
import { fillArea } from '../../src/segment/fill-area.ts';
import { interpolateStrokes } from '../../src/segment/interpolate-strokes.ts';
import { paintedClass, paintedWindow } from '../../src/segment/painted-window.ts';
import { paintStrokes } from '../../src/segment/strokes.ts';
import type { Stroke } from '../../src/segment/types.ts';

const image = { widthPx: 100, heightPx: 80 };
let made = 0;

function line(classIndex: number | null, points: number[], radiusPx = 1): Stroke {
  return { id: `s${++made}`, classIndex, points, radiusPx, z: 0, t: 0 };
}
function area(classIndex: number | null, rings: number[][], z = 0): Stroke {
  return { id: `s${++made}`, classIndex, points: [], rings, radiusPx: 1, z, t: 0 };
}
const square = (x0: number, y0: number, x1: number, y1: number) => [x0, y0, x1, y0, x1, y1, x0, y1];
const disc = (x: number, y: number, radius: number) =>
  Array.from({ length: 64 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 64;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  }).flat();
/** Painted pixels of a whole slice. */
const slice = (strokes: readonly Stroke[], z = 0) =>
  paintedWindow(
    strokes.filter((stroke) => stroke.z === z),
    { x0: 0, y0: 0, widthPx: image.widthPx, heightPx: image.heightPx, scale: 1 },
  );
const count = (values: Uint16Array, value: number) => values.filter((each) => each === value).length;

describe('areas', () => {
  it('are painted like strokes: in order, and an eraser takes away what lies beneath it', () => {
    const strokes = [
      area(0, [square(10, 10, 30, 30)]),
      area(1, [square(20, 20, 40, 40)]),
      area(null, [square(0, 0, 100, 15)]),
    ];
    const values = slice(strokes);
    expect([count(values, 1), count(values, 2)]).toEqual([20 * 15 - 100, 400]);
    expect(paintedClass(strokes, { x: 25, y: 25, z: 0, t: 0 })).toBe(1);
    expect(paintedClass(strokes, { x: 12, y: 12, z: 0, t: 0 })).toBeNull();
    expect(paintedClass(strokes, { x: 25, y: 25, z: 1, t: 0 })).toBeNull();
    const total = paintStrokes(strokes, { ...image, scaleX: 1, scaleY: 1 }).reduce(
      (sum, { mask }) => sum + mask.filter((label) => label > 0).length,
      0,
    );
    expect(total).toBe(20 * 15 - 100 + 400);
  });
});

describe('fillArea', () => {
  const at = (x: number, y: number) => ({ x, y, z: 0, t: 0 });
  /** A ring of class 0 around [20, 60) × [20, 60), one pixel beyond it on each side. */
  const ring = line(0, [19.5, 19.5, 60.5, 19.5, 60.5, 60.5, 19.5, 60.5, 19.5, 19.5], 0.5);

  it('fills what strokes enclose, around what is painted inside', () => {
    const island = area(1, [square(30, 30, 40, 40)]);
    const rings = fillArea([ring, island], at(25, 25), image);
    const filled = area(1, rings);
    expect(count(slice([filled]), 2)).toBe(40 * 40 - 100);
    const after = slice([ring, island, filled]);
    expect(count(after, 1)).toBe(count(slice([ring]), 1));
  });

  it('fills a painted area with another class, and stays in its slice', () => {
    const elsewhere = area(0, [square(0, 0, 100, 80)], 3);
    const rings = fillArea([area(0, [square(5, 5, 9, 9)]), elsewhere], at(6, 6), image);
    expect(rings).toEqual([[9, 5, 9, 9, 5, 9, 5, 5]].map((each) => expect.arrayContaining(each)));
    expect(count(slice([area(2, rings)]), 3)).toBe(16);
  });

  it('counts the border of the image as one, and says where nothing encloses a place', () => {
    const corner = line(0, [30.5, 0.5, 30.5, 30.5, 0.5, 30.5], 0.5);
    expect(count(slice([area(1, fillArea([corner], at(3, 3), image))]), 2)).toBe(900);
    for (const outside of [at(70, 70), at(31.5, 31.5)])
      expect(() => fillArea([corner], outside, image)).toThrow(/do not enclose this place.*x \d+, y \d+/s);
    expect(() => fillArea([], at(1, 1), image)).toThrow(/do not enclose/);
  });
});

describe('interpolateStrokes', () => {
  const stack = (...strokes: Stroke[]) => interpolateStrokes(strokes, { classIndex: 0, t: 0 }, image);

  it('blends a disc into a larger one, in place and size', () => {
    const result = stack(area(0, [disc(30, 40, 8)], 2), area(0, [disc(60, 40, 16)], 6));
    expect(result.map(({ z }) => z)).toEqual([3, 4, 5]);
    result.forEach((stroke, i) => {
      const share = (i + 1) / 4;
      const values = slice([{ ...stroke, id: 'x' }], stroke.z);
      const radius = 8 + 8 * share;
      // Area of a disc, to the width of a pixel along its border.
      expect(Math.abs(count(values, 1) - Math.PI * radius ** 2)).toBeLessThan(2 * Math.PI * radius * 0.5);
      let sumX = 0;
      values.forEach((value, pixel) => {
        if (value === 1) sumX += (pixel % image.widthPx) + 0.5;
      });
      expect(sumX / count(values, 1)).toBeCloseTo(30 + 30 * share, 0);
    });
  });

  it('leaves painted slices and slices without a neighbour alone', () => {
    expect(stack(area(0, [disc(30, 40, 8)], 2), area(0, [disc(30, 40, 8)], 3))).toEqual([]);
    expect(stack(area(0, [disc(30, 40, 8)], 2))).toEqual([]);
    expect(stack(area(1, [disc(30, 40, 8)], 2), area(1, [disc(30, 40, 8)], 6))).toEqual([]);
  });

  it('lets one of two pieces fade where the other goes on', () => {
    const both = area(0, [disc(20, 40, 8), disc(70, 40, 8)], 0);
    const result = stack(both, area(0, [disc(20, 40, 8)], 4));
    const kept = result.map((stroke) => {
      const values = slice([{ ...stroke, id: 'x' }], stroke.z);
      return [values[40 * image.widthPx + 20], values[40 * image.widthPx + 70]];
    });
    expect(kept.map(([first]) => first)).toEqual([1, 1, 1]);
    expect(kept.at(-1)?.[1]).toBe(0);
  });

  it('does not count what was erased', () => {
    const result = stack(
      area(0, [disc(30, 40, 8), disc(70, 40, 8)], 0),
      area(null, [square(50, 0, 100, 80)], 0),
      area(0, [disc(30, 40, 8)], 2),
    );
    expect(count(slice([{ ...result[0]!, id: 'x' }], 1), 1)).toBe(
      count(slice([area(0, [disc(30, 40, 8)])]), 1),
    );
  });
});
