import { expect, it } from 'vitest';
import { keepRows } from '../../src/pipeline/block-cache.ts';

const normalisation = { channels: [0], black: [0], white: [1] };
/** Two features: the pixels as they are, of two channels. */
const recipe = {
  tokens: [],
  classical: {
    normalisation: { channels: [0, 1], black: [0, 0], white: [1, 1] },
    sigmas: [0],
    unit: 'pixel' as const,
    kinds: ['gaussian' as const],
    zContext: false,
  },
};
const tile = (x0: number) => ({
  ...{ t: 0, z: 0, y0: 0, x0, heightPx: 128, widthPx: 128 },
  ...{ mask: new Uint16Array(0), groups: new Int32Array(0) },
});

/** Remembers what it was asked for; a pixel's features are its position and minus that. */
function computing() {
  const asked: number[][] = [];
  const compute = async (pixels: Int32Array) => {
    asked.push([...pixels]);
    return Float32Array.from([...pixels].flatMap((pixel) => [pixel, -pixel]));
  };
  return { asked, compute };
}

it('computes the pixels of a further stroke alone, and gives rows in the order asked for', async () => {
  const { asked, compute } = computing();
  const read = await keepRows()(recipe, normalisation, { level: 0 }, () => 0);
  await read(tile(0), Int32Array.of(5, 9), compute);
  const rows = await read(tile(0), Int32Array.of(2, 5, 7, 9, 11), compute);
  expect([...rows]).toEqual([2, -2, 5, -5, 7, -7, 9, -9, 11, -11]);
  // Some of the strokes were taken back: nothing is left to compute.
  expect([...(await read(tile(0), Int32Array.of(7, 9), compute))]).toEqual([7, -7, 9, -9]);
  expect(asked).toEqual([
    [5, 9],
    [2, 7, 11],
  ]);
});

it('keeps apart tiles, levels, recipes and states of the image', async () => {
  const { asked, compute } = computing();
  const rowsFor = keepRows();
  let revision = 0;
  const read = await rowsFor(recipe, normalisation, { level: 0 }, () => revision);
  const pixels = Int32Array.of(3);
  await read(tile(0), pixels, compute);
  await read(tile(128), pixels, compute);
  await (await rowsFor(recipe, normalisation, { level: 1 }, () => 0))(tile(0), pixels, compute);
  const brighter = { ...normalisation, white: [2] };
  await (await rowsFor(recipe, brighter, { level: 0 }, () => 0))(tile(0), pixels, compute);
  revision = 1;
  await read(tile(0), pixels, compute);
  expect(asked).toHaveLength(5);
});
