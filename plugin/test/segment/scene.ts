import type { LazyArray } from '../../src/array/lazy-array.ts';
import { fromMemory } from '../../src/array/memory.ts';
import { reflectIndex } from '../../src/array/reflect.ts';
import { fitPca } from '../../src/features/pca.ts';
import { defaultKinds, defaultSigmasPx, type FeatureRecipe } from '../../src/segment/recipe.ts';
import type { FeatureInput, ReadPlanes, Stroke } from '../../src/segment/types.ts';
import { unit } from '../features/reference.ts';

export const patchPx = 14;
export const dim = 6;

/**
 * An image whose left half is dark and right half bright, with noise, and tokens that say the same: what a
 * classifier should learn is known.
 */
export function scene(heightPx: number, widthPx: number, chunkTokens: number) {
  const rows = Math.ceil(heightPx / patchPx);
  const cols = Math.ceil(widthPx / patchPx);
  const values = Float32Array.from({ length: rows * cols * dim }, (_, i) => {
    const col = Math.floor(i / dim) % cols;
    return unit(i) + ((col + 0.5) * patchPx < widthPx / 2 ? 0 : 2) * +(i % dim === 0);
  });
  const reads: string[] = [];
  const stored = fromMemory(values, {
    shape: [rows, cols, dim],
    chunkShape: [chunkTokens, chunkTokens, dim],
    dtype: 'float32',
    axes: [{ name: 'y' }, { name: 'x' }, { name: 'c' }],
    transform: { scale: [patchPx, patchPx, 1], translation: [6.5, 6.5, 0] },
  });
  const tokens: LazyArray<'float32'> = {
    ...stored,
    getChunk: (index, options) => {
      reads.push(index.join(','));
      return stored.getChunk(index, options);
    },
  };
  const pixel = (y: number, x: number) => (x < widthPx / 2 ? 0.3 : 0.7) + 0.2 * (unit(y * widthPx + x) - 0.5);
  const readPlanes: ReadPlanes = async ({ y0, y1, x0, x1 }, _, { signal }) => {
    signal?.throwIfAborted();
    return Float32Array.from({ length: (y1 - y0) * (x1 - x0) }, (_, i) =>
      pixel(
        reflectIndex(y0 + Math.floor(i / (x1 - x0)), heightPx),
        reflectIndex(x0 + (i % (x1 - x0)), widthPx),
      ),
    );
  };
  const pixels = fromMemory(new Uint8Array(heightPx * widthPx), {
    shape: [heightPx, widthPx],
    dtype: 'uint8',
  });
  const input: FeatureInput = { tokens: () => tokens, patchPx, pixels, readPlanes };
  return { input, values, reads, finest: pixels };
}

export function basis(values: Float32Array, components: number) {
  return fitPca(values, { dim, components, source: {} });
}

export const twoStrokes: readonly Stroke[] = [
  { id: 'dark', classIndex: 0, radiusPx: 4, points: [20, 20, 40, 60], z: 0, t: 0 },
  { id: 'bright', classIndex: 2, radiusPx: 4, points: [150, 20, 170, 60], z: 0, t: 0 },
];

export const threeClasses = [
  { name: 'dark', color: '112233' },
  { name: 'nobody painted', color: '445566' },
  { name: 'bright', color: '778899' },
];

export const normalisation = { channels: [0], black: [0], white: [1] };

/** Tokens of the basis and the default classical features. */
export async function recipeOf(
  values: Float32Array,
  components: number,
  guided = true,
): Promise<FeatureRecipe> {
  return {
    tokens: [{ scale: 1, pca: await basis(values, components), guided }],
    classical: {
      normalisation,
      sigmas: defaultSigmasPx,
      unit: 'pixel',
      kinds: defaultKinds,
      zContext: false,
    },
  };
}
