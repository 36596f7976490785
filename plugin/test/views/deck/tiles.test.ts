import { describe, expect, it } from 'vitest';
import { coverView } from '../../../src/views/deck/cover-view.ts';
import { derivedPlacement, drawLevel, imagePlacements, sliceOf } from '../../../src/views/deck/draw-level.ts';
import { imageDrawLevels, labelDrawLevels } from '../../../src/views/deck/layer-levels.ts';
import { planTiles, type TileRef, tileKey } from '../../../src/views/deck/plan-tiles.ts';
import { functionArray } from '../../ui/fake-session.ts';

function level(size: number, scale: number, translation = 0, chunk = 100) {
  return functionArray({
    dtype: 'uint8',
    axes: ['y', 'x'],
    shape: [size, size],
    chunkShape: [chunk, chunk],
    transform: { scale: [scale, scale], translation: [translation, translation] },
    value: () => 0,
  });
}

const flat = { scaleZ: 1, offsetZ: 0 };

describe('placement', () => {
  it('takes any factor between levels from the transforms', () => {
    const places = imagePlacements({ pixels: [level(600, 0.5), level(200, 1.5), level(50, 6)] });
    expect(places.map(({ scaleX, offsetX }) => [scaleX, offsetX])).toEqual([
      [1, 0],
      [3, 0],
      [12, 0],
    ]);
  });

  it('takes it from the shapes where no level says its scale', () => {
    const places = imagePlacements({ pixels: [level(600, 1), level(200, 1)] });
    expect(places[1]).toEqual({ scaleX: 3, scaleY: 3, offsetX: 0, offsetY: 0, ...flat });
  });

  it('keeps a translation that the file gives', () => {
    // Levels of 2 µm on 1 µm whose first element's centre is at 0.5 µm: it covers [-0.5, 1.5) around the
    // centres 0 and 1, which are the finest pixels' edges 0 and 2.
    const [, coarse] = imagePlacements({ pixels: [level(600, 1), level(300, 2, 0.5)] });
    expect(coarse).toEqual({ scaleX: 2, scaleY: 2, offsetX: 0, offsetY: 0, ...flat });
  });

  it('puts tokens on the level they were made from', () => {
    // A token covers pixels 0 to 14 of a level; its centre is at pixel centre 6.5, so at 6.5 · 3 µm.
    const base = level(200, 3);
    const tokens = level(15, 42, 19.5);
    const placement = derivedPlacement(tokens, base, {
      scaleX: 3,
      scaleY: 3,
      offsetX: 0,
      offsetY: 0,
      ...flat,
    });
    expect(placement).toEqual({ scaleX: 42, scaleY: 42, offsetX: 0, offsetY: 0, ...flat });
  });

  it('keeps the physical proportion of pixels that are not square', () => {
    // Pixels of 0.5 µm by 1.5 µm and a level of 2 × 2 of them: the unit is 0.5 µm.
    const oblong = (size: number, y: number, x: number) =>
      functionArray({
        dtype: 'uint8',
        axes: ['y', 'x'],
        shape: [size, size],
        chunkShape: [100, 100],
        transform: { scale: [y, x], translation: [0, 0] },
        value: () => 0,
      });
    const levels = imageDrawLevels([oblong(200, 1.5, 0.5), oblong(100, 3, 1)]);
    expect(levels.map(({ scaleX, scaleY, pixelScale }) => [scaleX, scaleY, pixelScale])).toEqual([
      [1, 3, 1],
      [2, 6, 2],
    ]);
  });

  it('lets labels that are finer than the image share its corner', () => {
    const [labels] = labelDrawLevels([{ pixels: level(400, 0.25), imageLevel: 0 }], [level(100, 1)]);
    expect(labels).toMatchObject({ scaleX: 0.25, scaleY: 0.25, offsetX: 0, offsetY: 0, pixelScale: 0.25 });
  });

  it('finds the slice of a level that is coarser along z', () => {
    const stack = (slices: number, scaleZ: number) =>
      functionArray({
        dtype: 'uint8',
        axes: ['z', 'y', 'x'],
        shape: [slices, 8, 8],
        chunkShape: [1, 8, 8],
        transform: { scale: [scaleZ, 1, 1], translation: [0, 0, 0] },
        value: () => 0,
      });
    // Five slices, three of twice the thickness: 0 and 1 lie in the first, 2 and 3 in the second, 4 in the third.
    const levels = imageDrawLevels([stack(5, 0.5), stack(3, 1)]);
    expect([0, 1, 2, 3, 4].map((z) => sliceOf(levels[1]!, z))).toEqual([0, 0, 1, 1, 2]);
    expect([0, 1, 2, 3, 4].map((z) => sliceOf(levels[0]!, z))).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('planning', () => {
  const levels = imageDrawLevels([level(4096, 1, 0, 256), level(1024, 4, 0, 256), level(128, 32, 0, 128)]);

  it('joins small chunks into tiles and cuts large ones', () => {
    expect(levels[0]?.tileWidthPx).toBe(512);
    const large = drawLevel(
      level(4096, 1, 0, 4096),
      0,
      { scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0, ...flat },
      { tilePx: 512 },
    );
    expect([large.tileWidthPx, large.cols]).toEqual([1024, 4]);
  });

  it('picks the coarsest level whose pixels are not larger than a screen pixel', () => {
    const at = (zoom: number) =>
      planTiles(
        levels,
        { box: [0, 0, 4096, 4096], zoom },
        { through: 'ends', tileLimit: 999, prefetch: false },
      ).target;
    expect([0, -1, -2, -4.9, -8].map(at)).toEqual([0, 0, 1, 2, 2]);
  });

  it('asks for coarse tiles first, then the nearest to the centre', () => {
    const view = { box: [1000, 1000, 2200, 2200], zoom: 0 } as const;
    const { wanted, visible } = planTiles(levels, view, { through: 'ends', tileLimit: 999, prefetch: true });
    expect(wanted[0]?.level).toBe(2);
    // The centre, 1600, lies in tile 3 of 512 pixels.
    expect([visible[0]?.col, visible[0]?.row]).toEqual([3, 3]);
    expect(visible).toHaveLength(16);
    // The ring around columns 1 to 4 is 0 to 5: 36 tiles less the 16 seen.
    expect(wanted).toHaveLength(1 + 36);
    expect(new Set(wanted.map(tileKey)).size).toBe(37);
  });

  it('moves to a coarser level where the view holds too many tiles', () => {
    const view = { box: [0, 0, 4096, 4096], zoom: 0 } as const;
    expect(planTiles(levels, view, { through: 'ends', tileLimit: 10, prefetch: false }).target).toBe(1);
  });
});

describe('two levels of one size', () => {
  it('aim at the first, and load the second before it to stand in', () => {
    const [one] = imageDrawLevels([level(600, 1)]);
    const view = { box: [0, 0, 600, 600], zoom: -3 } as const;
    const plan = planTiles([one!, one!], view, { through: 'ends', tileLimit: 99, prefetch: false });
    expect(plan.target).toBe(0);
    expect(plan.wanted.map((tile) => tile.level)).toEqual(
      plan.visible.map(() => 1).concat(plan.visible.map(() => 0)),
    );
    expect(plan.visible.length).toBeGreaterThan(0);
  });
});

describe('covering', () => {
  // Factor 3: a coarse tile of 100 elements covers 300 finest pixels, three fine tiles of 100.
  const placements = imagePlacements({ pixels: [level(600, 1), level(200, 3)] });
  const levels = [level(600, 1), level(200, 3)].map((array, i) =>
    drawLevel(array, i, placements[i]!, { tilePx: 1 }),
  );
  const plan = planTiles(
    levels,
    { box: [0, 0, 600, 600], zoom: 0 },
    { through: 'all', tileLimit: 999, prefetch: false },
  );
  const area = (box: readonly number[]) => (box[2]! - box[0]!) * (box[3]! - box[1]!);

  it('fills what is missing from the coarser level, without gap or overlap', () => {
    const isReady = (tile: TileRef) => tile.level === 1 || (tile.col + tile.row) % 2 === 0;
    const quads = coverView(levels, plan, { isReady, clip: [0, 0, 600, 600] });
    expect(quads.reduce((sum, { box }) => sum + area(box), 0)).toBe(600 * 600);
    const filled = quads.find(({ tile, box }) => tile.level === 1 && box[0] === 100 && box[1] === 0);
    // The second third of the coarse tile's columns, the first of its rows.
    expect(filled?.uv.map((value) => Number(value.toFixed(6)))).toEqual([0.333333, 0, 0.666667, 0.333333]);
  });

  it('draws nothing outside the image', () => {
    const quads = coverView(levels, plan, { isReady: () => true, clip: [0, 0, 250, 600] });
    expect(Math.max(...quads.map(({ box }) => box[2]))).toBe(250);
    const last = quads.find(({ box }) => box[0] === 200);
    expect(last?.uv[2]).toBe(0.5);
  });
});
