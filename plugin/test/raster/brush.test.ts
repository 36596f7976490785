import { describe, expect, it } from 'vitest';
import { strokeRuns } from '../../src/raster/brush.ts';

function painted(
  points: readonly number[],
  radius: number,
  level: Parameters<typeof strokeRuns>[2],
): Set<string> {
  return new Set(
    strokeRuns(points, radius, level).flatMap(({ y, x0, x1 }) =>
      Array.from({ length: x1 - x0 }, (_, i) => `${y},${x0 + i}`),
    ),
  );
}

/** Distance of a point from a polyline, by clamped projection on each segment. */
function distance(points: readonly number[], x: number, y: number): number {
  let least = Math.hypot(x - points[0]!, y - points[1]!);
  for (let i = 0; i + 3 < points.length; i += 2) {
    const [ax, ay, bx, by] = points.slice(i, i + 4) as [number, number, number, number];
    const squared = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = squared === 0 ? 0 : ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / squared;
    const s = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - ax - s * (bx - ax), y - ay - s * (by - ay)));
  }
  return least;
}

describe('strokeRuns', () => {
  const strokes = [
    { points: [10.3, 7.2], radius: 3.1 },
    { points: [2, 2, 17.5, 9.1], radius: 2.2 },
    { points: [15.2, 3.3, 4.1, 3.3, 4.1, 18.7, 19, 12], radius: 1.7 },
    { points: [-5, -5, 30, 26], radius: 4 },
  ];
  for (const [scaleY, scaleX] of [
    [1, 1],
    [2, 2],
    [2, 1.5],
  ] as const) {
    it(`paints the pixels whose centres lie within the radius, at scale ${scaleY} × ${scaleX}`, () => {
      const level = { heightPx: Math.floor(20 / scaleY), widthPx: Math.floor(20 / scaleX), scaleY, scaleX };
      for (const { points, radius } of strokes) {
        const expected = new Set<string>();
        for (let y = 0; y < level.heightPx; y++) {
          for (let x = 0; x < level.widthPx; x++) {
            if (distance(points, (x + 0.5) * scaleX, (y + 0.5) * scaleY) <= radius) expected.add(`${y},${x}`);
          }
        }
        expect(painted(points, radius, level)).toEqual(expected);
      }
    });
  }

  it('leaves no gap on a level whose pixels are larger than the brush', () => {
    const level = { heightPx: 10, widthPx: 10, scaleY: 16, scaleX: 16 };
    const runs = painted([3, 5, 150, 120], 1, level);
    for (let s = 0; s <= 1; s += 0.001) {
      const x = Math.floor((3 + 147 * s) / 16);
      const y = Math.floor((5 + 115 * s) / 16);
      expect(runs.has(`${y},${x}`)).toBe(true);
    }
  });

  it('paints nothing outside the level', () => {
    expect(strokeRuns([50, 50], 3, { heightPx: 20, widthPx: 20, scaleY: 1, scaleX: 1 })).toEqual([]);
    expect(strokeRuns([], 3, { heightPx: 20, widthPx: 20, scaleY: 1, scaleX: 1 })).toEqual([]);
  });
});
