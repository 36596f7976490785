import { describe, expect, it } from 'vitest';
import type { LazyArray } from '../../../src/array/lazy-array.ts';
import { fromMemory } from '../../../src/array/memory.ts';
import { createRandom } from '../../../src/array/random.ts';
import { readRegion } from '../../../src/array/region.ts';
import type { Reach, Size3 } from '../../../src/raster/volume.ts';
import { fitInstances } from '../../../src/segment/instances/fit-instances.ts';
import type { Size4 } from '../../../src/segment/instances/label-volumes.ts';
import { instancesLayer } from '../../../src/segment/instances/layer.ts';
import type { InstanceRecipe, WatershedRecipe } from '../../../src/segment/instances/types.ts';
import { floodComponents, randomBalls, randomIds } from '../../raster/volumes.ts';

const components: InstanceRecipe = { dims: 3, reach: 3, tracking: 'none' };

function volume(ids: Uint32Array, size: Size3, chunkShape: Size3 = size, scale: Size3 = [1, 1, 1]) {
  const transform = { scale, translation: [0, 0, 0] };
  return fromMemory(ids, { shape: size, dtype: 'uint32', chunkShape, transform });
}

async function whole(array: LazyArray): Promise<number[]> {
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return Array.from(data, Number);
}

async function instances(labels: LazyArray, recipe: InstanceRecipe | WatershedRecipe, blockShape?: Size4) {
  const fit = await fitInstances(labels, recipe, blockShape && { blockShape });
  return { fit, ids: await whole(instancesLayer(labels, fit, 'uint32')) };
}

describe('components of labels of any chunks', () => {
  it('are those of the whole image, numbers included', async () => {
    const random = createRandom(7);
    const below = (n: number) => 1 + Math.floor(random() * n);
    for (let n = 0; n < 60; n++) {
      const size: Size3 = [n % 3 === 0 ? 1 : below(9), below(24), below(24)];
      const reach = below(3) as Reach;
      const ids = randomIds(n, size, { most: 1 + (n % 3), share: 0.3 + 0.1 * (n % 5), grain: below(3) });
      const chunk: Size3 = [below(size[0]), below(size[1]), below(size[2])];
      const block: Size4 = [1, below(size[0]), below(size[1]), below(size[2])];
      const found = await instances(volume(ids, size, chunk), { ...components, reach }, block);
      expect(found.ids).toEqual([...floodComponents(ids, size, reach)]);
      expect(found.fit.count).toBe(Math.max(0, ...found.ids));
    }
  });

  it('keep slices apart where objects are planes', async () => {
    const ids = new Uint32Array(2 * 3 * 3).fill(1);
    const found = await instances(volume(ids, [2, 3, 3]), { ...components, dims: 2, reach: 2 }, [1, 1, 2, 2]);
    expect(found.ids).toEqual([...new Array(9).fill(1), ...new Array(9).fill(2)]);
  });

  it('take one id only where one is named, of 64 bits too', async () => {
    const far = 2n ** 60n + 1n;
    const data = BigUint64Array.of(far, far + 1n, far, 0n, 5n, far);
    const labels = fromMemory(data, { shape: [2, 3], dtype: 'uint64' });
    expect((await instances(labels, { ...components, reach: 1 })).ids).toEqual([1, 2, 3, 0, 4, 3]);
    expect((await instances(labels, { ...components, reach: 1, only: String(far) })).ids).toEqual([
      1, 0, 2, 0, 0, 2,
    ]);
    const wide = instancesLayer(labels, await fitInstances(labels, components), 'uint64');
    expect((await wide.getChunk([0, 0], {})).data).toBeInstanceOf(BigUint64Array);
  });

  it('leave out what is not of the size asked for, measured in physical units', async () => {
    // Objects of 1, 2 and 3 elements of 0.5 × 0.2 = 0.1.
    const ids = Uint32Array.of(1, 0, 1, 1, 0, 1, 1, 1);
    const labels = volume(ids, [1, 1, 8], [1, 1, 3], [1, 0.5, 0.2]);
    const sized = { ...components, dims: 2, minSize: 0.2, maxSize: 0.3 } as const;
    expect((await instances(labels, sized)).ids).toEqual([0, 0, 1, 1, 0, 2, 2, 2]);
    expect((await instances(labels, { ...sized, maxSize: 0.25 })).ids).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect((await instances(labels, { ...sized, minSize: 0.4, maxSize: 1 })).fit.count).toBe(0);
  });

  it('have a fit that is plain data, named by all it holds', async () => {
    const labels = volume(randomIds(1, [1, 20, 20]), [1, 20, 20]);
    const fit = await fitInstances(labels, components, { source: { labels: 'a' } });
    const again = await fitInstances(labels, components, { source: { labels: 'a' } });
    expect(again.id).toBe(fit.id);
    expect(fit.id).toMatch(/^[0-9a-f]{64}$/);
    expect((await fitInstances(labels, components, { source: { labels: 'b' } })).id).not.toBe(fit.id);
    expect((await fitInstances(labels, { ...components, reach: 1 })).id).not.toBe(fit.id);
    const copy = structuredClone(fit);
    expect(await whole(instancesLayer(labels, copy, 'uint32'))).toEqual(
      await whole(instancesLayer(labels, fit, 'uint32')),
    );
  });

  it('end with the abort of their caller, before and during the work', async () => {
    const labels = volume(randomIds(1, [1, 40, 40]), [1, 40, 40]);
    await expect(fitInstances(labels, components, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    const controller = new AbortController();
    const reports: number[] = [];
    const running = fitInstances(labels, components, {
      signal: controller.signal,
      blockShape: [1, 1, 10, 10],
      onProgress: (_, { done }) => {
        reports.push(done);
        if (done === 3) controller.abort();
      },
    });
    await expect(running).rejects.toThrow(/abort/i);
    expect(reports).toEqual([0, 1, 2, 3]);
  });

  it('refuse labels of several channels', async () => {
    const labels = fromMemory(new Uint8Array(8), {
      shape: [2, 2, 2],
      dtype: 'uint8',
      axes: [{ name: 'c' }, { name: 'y' }, { name: 'x' }],
    });
    await expect(fitInstances(labels, components)).rejects.toThrow(/axis c has 2 elements/);
  });
});

describe('a watershed of labels of any chunks', () => {
  const recipe: WatershedRecipe = { dims: 3, reach: 3, tracking: 'none', depth: 0.75, halo: 24 };

  it('is that of the whole image where the halo is large enough', async () => {
    const random = createRandom(11);
    const below = (n: number) => 1 + Math.floor(random() * n);
    let objects = 0;
    for (let n = 0; n < 12; n++) {
      const volumes = n % 3 === 0;
      const size: Size3 = volumes ? [10, 40, 44] : [1, 90, 110];
      const scale: Size3 = n % 2 === 0 ? [1, 1, 1] : [2, 0.5, 0.5];
      const ids = randomBalls(n, size, { count: volumes ? 16 : 40, radius: 6 });
      const scaled = { ...recipe, depth: recipe.depth * scale[2], halo: recipe.halo * scale[2] };
      const one = await instances(volume(ids, size, size, scale), scaled, [1, ...size]);
      const block: Size4 = [1, below(size[0]), 14 + below(30), 14 + below(30)];
      const found = await instances(volume(ids, size, [1, 16, 16], scale), scaled, block);
      if (found.fit.kind !== 'watershed' || one.fit.kind !== 'watershed') throw new Error('another fit');
      expect(one.fit.unsure).toHaveLength(0);
      // An object that is not reported is the same object, element for element.
      const unsure = new Set(found.fit.unsure);
      const pairs = new Set(found.ids.map((id, i) => `${id} ${one.ids[i]}`));
      const sure = [...pairs].map((pair) => pair.split(' ').map(Number)).filter(([id]) => !unsure.has(id!));
      expect(new Set(sure.map(([id]) => id)).size).toBe(sure.length);
      expect(new Set(sure.map(([, expected]) => expected)).size).toBe(sure.length);
      if (unsure.size === 0) expect(found.ids).toEqual(one.ids);
      objects += sure.length - 1;
    }
    expect(objects).toBeGreaterThan(100);
  });

  it('reports objects that are larger than the halo, and only those', async () => {
    const size: Size3 = [1, 60, 60];
    const ids = new Uint32Array(3600);
    // A band through everything, and a square that lies well inside one block.
    for (let i = 0; i < 3600; i++) {
      const [y, x] = [Math.floor(i / 60), i % 60];
      if ((y >= 40 && y < 50) || (y >= 5 && y < 10 && x >= 5 && x < 10)) ids[i] = 1;
    }
    const small = await instances(volume(ids, size), { ...recipe, halo: 8 }, [1, 1, 20, 20]);
    if (small.fit.kind !== 'watershed') throw new Error('another fit');
    const square = small.ids[5 * 60 + 5]!;
    expect(square).toBeGreaterThan(0);
    expect([...small.fit.unsure]).not.toContain(square);
    expect([...small.fit.unsure]).toContain(small.ids[45 * 60 + 30]);
    const large = await instances(volume(ids, size), { ...recipe, halo: 60 }, [1, 1, 20, 20]);
    expect(large.fit).toMatchObject({ unsure: new Uint32Array(0), count: 2 });
  });
});
