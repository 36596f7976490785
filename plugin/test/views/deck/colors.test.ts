import { describe, expect, it } from 'vitest';
import { aroundTile, type ColorPixels, withBorder } from '../../../src/views/deck/color-border.ts';
import { colorTable, hashedColor } from '../../../src/views/deck/id-colors.ts';

describe('colours of ids', () => {
  it('gives ids that a float cannot tell apart different colours', () => {
    expect(hashedColor(16_777_217)).not.toEqual(hashedColor(16_777_216));
    expect(hashedColor(1, 1)).not.toEqual(hashedColor(1, 0));
  });

  it('puts id n at entry n of the table and marks the others', () => {
    const { data, widthPx, heightPx } = colorTable(new Map([[1025, [1, 2, 3]]]));
    expect([widthPx, heightPx]).toEqual([1024, 2]);
    expect([...data.subarray(1025 * 4, 1025 * 4 + 4)]).toEqual([1, 2, 3, 255]);
    expect(data[1024 * 4 + 3]).toBe(0);
  });
});

describe('borders of colour tiles', () => {
  const tile = (value: number): ColorPixels => ({
    kind: 'colors',
    data: new Uint8Array(2 * 2 * 4).fill(value),
    widthPx: 2,
    heightPx: 2,
  });
  const reds = ({ data, widthPx }: ColorPixels) =>
    Array.from({ length: data.length / 4 / widthPx }, (_, y) =>
      Array.from({ length: widthPx }, (_, x) => data[(y * widthPx + x) * 4]),
    );

  it('takes neighbours where they are, its own edge elsewhere', () => {
    const neighbours = aroundTile.map(([dx, dy]) => (dx === 1 && dy === 0 ? tile(9) : null));
    const { pixels, uv } = withBorder(tile(5), neighbours, [0, 0, 1, 1]);
    expect(reds(pixels)).toEqual([
      [5, 5, 5, 5],
      [5, 5, 5, 9],
      [5, 5, 5, 9],
      [5, 5, 5, 5],
    ]);
    expect(uv).toEqual([0.25, 0.25, 0.75, 0.75]);
  });

  it('is the same object until a neighbour arrives', () => {
    const centre = tile(5);
    const none = aroundTile.map(() => null);
    const first = withBorder(centre, none, [0, 0, 1, 1]).pixels;
    expect(withBorder(centre, [...none], [0, 0, 1, 1]).pixels).toBe(first);
    expect(withBorder(centre, [tile(1), ...none.slice(1)], [0, 0, 1, 1]).pixels).not.toBe(first);
  });
});
