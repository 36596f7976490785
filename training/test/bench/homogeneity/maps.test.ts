import { describe, expect, it } from 'vitest';
import { clusterMap } from '../../../src/bench/homogeneity/cluster-maps.ts';
import { componentMaps } from '../../../src/bench/homogeneity/component-maps.ts';
import { similarityMaps } from '../../../src/bench/homogeneity/similarity-maps.ts';
import type { TokenGrid } from '../../../src/bench/tokens.ts';
import { noiseTokens } from '../noise.ts';

const { signal } = new AbortController();
const shape = { rows: 16, cols: 16, dim: 8 };

/** Noise, and `amount` times the column in every channel. */
function sloped(amount: number): TokenGrid {
  const noise = noiseTokens(3, shape);
  const data = noise.data.map((value, i) => value + amount * (Math.floor(i / shape.dim) % 16));
  return { ...noise, data };
}

describe('maps of a homogeneous image', () => {
  it('find position where it is, and none in noise', async () => {
    const [noise, slope] = [sloped(0), sloped(1)];
    const gradient = async (tokens: TokenGrid) => (await componentMaps(tokens, { signal })).gradient;
    expect(await gradient(noise)).toBeLessThan(0.05);
    expect(await gradient(slope)).toBeGreaterThan(0.85);
    const clusters = (tokens: TokenGrid) => clusterMap(tokens, { k: 2, seed: 1, signal });
    expect((await clusters(noise)).position).toBeLessThan(0.05);
    expect((await clusters(noise)).information).toBeLessThan(0.05);
    // Two clusters of a slope are its halves; a step is explained by a line to 3/4.
    expect((await clusters(slope)).position).toBeGreaterThan(0.65);
    expect((await clusters(slope)).information).toBeGreaterThan(0.8);
    for (const { position } of similarityMaps(noise)) expect(Math.abs(position)).toBeLessThan(0.1);
  });

  it('measure similarity to the token in the middle and to the first', () => {
    // Tokens (1, col): the cosine to the first, (1, 0), is 1 / √(1 + col²).
    const data = Float32Array.from({ length: 16 * 16 * 2 }, (_, i) => (i % 2 === 0 ? 1 : (i >> 1) % 16));
    const [centre, corner] = similarityMaps({ rows: 16, cols: 16, dim: 2, data });
    expect(centre).toMatchObject({ to: 'centre', row: 8, col: 8 });
    expect(corner).toMatchObject({ to: 'corner', row: 0, col: 0 });
    const bytes = Buffer.from(corner?.map.data ?? '', 'base64');
    const value = (t: number) =>
      (corner?.map.low ?? 0) + ((corner?.map.high ?? 0) - (corner?.map.low ?? 0)) * ((bytes[t] ?? 0) / 255);
    for (const col of [0, 1, 5, 15]) expect(value(col)).toBeCloseTo(1 / Math.sqrt(1 + col ** 2), 2);
    expect(corner?.map).toMatchObject({ rows: 16, cols: 16 });
  });

  it('give three components of falling variance whose shares are of all variance', async () => {
    const { maps, variance } = await componentMaps(sloped(0.2), { signal });
    expect(maps).toHaveLength(3);
    expect([...variance].sort((a, b) => b - a)).toEqual(variance);
    expect(variance.reduce((sum, share) => sum + share, 0)).toBeLessThan(1);
  });
});
