import { describe, expect, it } from 'vitest';
import { areaRuns } from '../../src/raster/area.ts';
import { maskPolygons } from '../../src/raster/outline.ts';

const level = { heightPx: 12, widthPx: 12, scaleY: 1, scaleX: 1 };

/** Rows of `#` and `.`. */
function draw(rings: readonly (readonly number[])[], on = level): string[] {
  const rows = Array.from({ length: on.heightPx }, () => Array<string>(on.widthPx).fill('.'));
  for (const { y, x0, x1 } of areaRuns(rings, on)) rows[y]!.fill('#', x0, x1);
  return rows.map((row) => row.join(''));
}

describe('areaRuns', () => {
  it('covers the pixels whose centres lie inside, and not those of a hole', () => {
    const square = [1, 1, 6, 1, 6, 5, 1, 5];
    const hole = [3, 2, 4, 2, 4, 4, 3, 4];
    const on = { ...level, heightPx: 6, widthPx: 7 };
    expect(draw([square, hole], on)).toEqual([
      '.......',
      '.#####.',
      '.##.##.',
      '.##.##.',
      '.#####.',
      '.......',
    ]);
  });

  it('agrees with a test of every centre against a star that crosses itself', () => {
    // Even-odd by ray casting over all corners, written plainly.
    const star = Array.from({ length: 5 }, (_, i) => {
      const angle = (4 * Math.PI * i) / 5 + 0.3;
      return [6.1 + 5.3 * Math.cos(angle), 5.9 + 5.3 * Math.sin(angle)];
    }).flat();
    const inside = (x: number, y: number): boolean => {
      let odd = false;
      for (let i = 0; i < 10; i += 2) {
        const [ax, ay, bx, by] = [star[i]!, star[i + 1]!, star[(i + 2) % 10]!, star[(i + 3) % 10]!];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
      }
      return odd;
    };
    const expected = Array.from({ length: 12 }, (_, y) =>
      Array.from({ length: 12 }, (_, x) => (inside(x + 0.5, y + 0.5) ? '#' : '.')).join(''),
    );
    expect(draw([star])).toEqual(expected);
    expect(expected.join('')).toContain('#');
  });

  it('stays inside the image, and loses nothing on a coarse level', () => {
    expect(draw([[-50, -50, 400, -50, 400, 400, -50, 400]])).toEqual(Array(12).fill('#'.repeat(12)));
    // A pixel of the level is 8 wide; this area holds the centre of none.
    const coarse = { heightPx: 4, widthPx: 4, scaleY: 8, scaleX: 8 };
    expect(draw([[9, 9, 11, 9, 11, 11, 9, 11]], coarse)[1]).toContain('#');
  });

  it('is undone by tracing: what a mask is traced to covers the mask', () => {
    const mask = Uint8Array.from({ length: 144 }, (_, i) => ((i * 7919) % 13 < 6 ? 1 : 0));
    const rings = maskPolygons(mask, 12, 12).flatMap(({ outer, holes }) => [outer, ...holes]);
    const expected = Array.from({ length: 12 }, (_, y) =>
      Array.from(mask.subarray(y * 12, y * 12 + 12), (value) => (value === 1 ? '#' : '.')).join(''),
    );
    expect(draw(rings)).toEqual(expected);
  });
});
