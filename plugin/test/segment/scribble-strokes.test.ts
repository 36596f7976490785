import { describe, expect, it } from 'vitest';
import { scribbleStrokes } from '../../src/segment/scribble-strokes.ts';
import { paintStrokes } from '../../src/segment/strokes.ts';
import { unit } from '../features/reference.ts';

function plane(rows: readonly string[]) {
  const widthPx = rows[0]!.length;
  const data = Uint8Array.from(rows.join(''), (letter) => Number(letter.replace('.', '0')));
  return { data, heightPx: rows.length, widthPx };
}

describe('scribbleStrokes', () => {
  it('cover exactly the painted pixels, whatever they are', () => {
    const data = Uint8Array.from({ length: 60 * 45 }, (_, i) => Math.max(0, Math.floor(unit(i) * 6) - 2));
    const painted = { data, heightPx: 45, widthPx: 60 };
    const tiles = paintStrokes(scribbleStrokes(painted, { z: 0, t: 0 }), {
      heightPx: 45,
      widthPx: 60,
      scaleY: 1,
      scaleX: 1,
    });
    expect(tiles).toHaveLength(1);
    expect([...tiles[0]!.mask]).toEqual([...data]);
  });

  it('group pixels that touch, corners too, and keep classes and slices apart', () => {
    const rows = ['11..1', '..1..', '.2..1', '2...1'];
    const groups = scribbleStrokes(plane(rows), { z: 3, t: 0 }).map(({ group }) => group);
    // Rows of class 1: 0–1 touches 2 of the next row, which touches 4 of the first by… no: 4 is two away. Two of class 2 touch at a corner.
    const [a, b, c, d, e, f, g] = groups;
    expect(b).not.toBe(a);
    expect(c).toBe(a);
    expect(f).not.toBe(d);
    // Class 2 has a single group, so that it is cut into halves.
    expect(new Set([d, f]).size).toBe(2);
    expect(d!.slice(0, -1)).toBe(f!.slice(0, -1));
    expect(g).toBe(e);
    expect(groups.every((group) => group?.startsWith('t0z3-'))).toBe(true);
  });
});
