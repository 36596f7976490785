import { describe, expect, it } from 'vitest';
import * as zarr from 'zarrita';
import type { LazyArray } from '../../../src/array/lazy-array.ts';
import { readRegion } from '../../../src/array/region.ts';
import { transposed } from '../../../src/array/transposed.ts';
import { openImage } from '../../../src/ome/open-image.ts';
import { openLabel } from '../../../src/ome/open-label.ts';
import { validateAttributes } from '../../../src/ome/validate.ts';
import type { ReadStore } from '../../../src/stores/store.ts';
import { asZarrStore, type ZarrLayer } from '../../../src/views/zarr/as-zarr-store.ts';
import { blobs, labelsOf, MemoryStore, writeImage } from '../../labels/image-fixture.ts';

/** Three values a position, telling the place: x, y and 100 + z. */
function colours(base: LazyArray): LazyArray<'uint8'> {
  const order = [...base.axes.map((axis) => axis.name), 'c'];
  const shape = [...base.shape, 3];
  const chunkShape = [...base.chunkShape, 3];
  const z = order.indexOf('z');
  return {
    axes: [...base.axes, { name: 'c', type: 'channel' }],
    shape,
    chunkShape,
    dtype: 'uint8',
    fillValue: 0,
    transform: { scale: [...base.transform.scale, 1], translation: [...base.transform.translation, 0] },
    revision: 0,
    async getChunk(index) {
      const start = index.map((position, axis) => position * chunkShape[axis]!);
      const size = start.map((begin, axis) => Math.min(chunkShape[axis]!, shape[axis]! - begin));
      const data = new Uint8Array(size.reduce((a, b) => a * b, 1));
      for (let i = 0; i < data.length / 3; i++) {
        const [h, w] = size.slice(-3);
        const x = start.at(-2)! + (i % w!);
        const y = start.at(-3)! + (Math.floor(i / w!) % h!);
        data.set([x, y, 100 + (z === -1 ? 0 : start[z]! + Math.floor(i / (w! * h!)))], 3 * i);
      }
      return { data, shape: size };
    },
  };
}

async function whole(array: LazyArray): Promise<number[]> {
  const { data } = await readRegion(array, { start: array.shape.map(() => 0), stop: array.shape }, {});
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

const cases = [
  {
    zarrFormat: 2,
    axes: 'tczyx',
    levels: [
      [1, 2, 3, 37, 51],
      [1, 2, 3, 18, 25],
    ],
  },
  {
    zarrFormat: 3,
    axes: 'yx',
    levels: [
      [37, 51],
      [18, 25],
    ],
  },
  { zarrFormat: 3, axes: 'czyx', levels: [[2, 3, 20, 20]] },
  { zarrFormat: 2, axes: 'zxy', levels: [[2, 20, 33]] },
] as const;

describe('asZarrStore', () => {
  for (const spec of cases) {
    it(`opens again as what it was made of: v${spec.zarrFormat}, ${spec.axes}`, async () => {
      const inner = new MemoryStore();
      const image = await writeImage(inner, '/A/1/0', spec);
      const pyramid = spec.levels.map((_, level) => labelsOf(image, 'uint16', 16, blobs, level));
      const coloured = pyramid.map(colours);
      const layers: ZarrLayer[] = [
        {
          kind: 'labels',
          name: 'clusters',
          levels: pyramid,
          classes: [{ id: 1, name: 'one', color: '102030' }],
        },
        {
          kind: 'image',
          name: 'features',
          levels: coloured,
          channels: ['ff0000', '00ff00', '0000ff'].map((color) => ({
            label: color,
            color,
            active: true,
            window: { start: 0, end: 255, min: 0, max: 255 },
          })),
        },
      ];
      const store = asZarrStore({ image, layers });
      const root = await openImage({ store, path: '', location: 'virtual' });
      expect(root.labels.map((label) => label.name)).toEqual(['clusters']);
      expect(root.levels).toEqual(image.levels);
      const label = await openLabel(root, 'clusters');
      const order = image.axes.map((axis) => axis.name).filter((name) => name !== 'c');
      for (const [n, level] of pyramid.entries()) {
        expect(await whole(label.pyramid[n]!)).toEqual(await whole(transposed(level, order)));
      }
      expect(label.colors.get(1)).toEqual([16, 32, 48, 255]);
      const features = await openImage({ store, path: '/alibi-zarr/features', location: 'virtual' });
      const names = features.axes.map((axis) => axis.name);
      expect(names).toEqual(spec.axes.includes('c') ? [...spec.axes] : ['c', ...spec.axes]);
      expect(await whole(features.pixels[0]!)).toEqual(await whole(transposed(coloured[0]!, names)));
      for (const path of ['labels/clusters', 'alibi-zarr/features', 'labels'] as const) {
        const key = spec.zarrFormat === 2 ? ('.zattrs' as const) : ('zarr.json' as const);
        const document: unknown = JSON.parse(new TextDecoder().decode(await store.get(`/${path}/${key}`)));
        const version = spec.zarrFormat === 2 ? '0.4' : '0.5';
        expect(validateAttributes(document, { version, strict: false })).toMatchObject({ valid: true });
      }
    });

    it(`is a store to zarrita, which knows nothing of us: v${spec.zarrFormat}, ${spec.axes}`, async () => {
      const image = await writeImage(new MemoryStore(), '', spec);
      const labels = labelsOf(image, 'uint16', 16, blobs);
      const store = asZarrStore({
        image,
        layers: [{ kind: 'labels', name: 'l', levels: [labels], classes: [] }],
      });
      const array = await zarr.open(zarr.root(asReadable(store)).resolve('labels/l/0'), { kind: 'array' });
      const { data } = await zarr.get(array);
      const order = image.axes.map((axis) => axis.name).filter((name) => name !== 'c');
      expect(Array.from(data as Uint16Array)).toEqual(await whole(transposed(labels, order)));
    });
  }

  it('pads chunks at the edge to their full size', async () => {
    const image = await writeImage(new MemoryStore(), '', { zarrFormat: 3, axes: 'yx', levels: [[20, 20]] });
    const levels = [labelsOf(image, 'uint8', 16, () => 9)];
    const store = asZarrStore({ image, layers: [{ kind: 'labels', name: 'l', levels, classes: [] }] });
    const bytes = (await store.get('/labels/l/0/c/1/1'))!;
    expect(bytes).toHaveLength(256);
    expect(bytes.reduce((sum, value) => sum + value, 0)).toBe(16 * 9);
    expect([...bytes.slice(0, 5)]).toEqual([9, 9, 9, 9, 0]);
    expect(await store.get('/labels/l/0/c/2/0')).toBeUndefined();
    expect(await store.get('/labels/l/0/c/01/0')).toBeUndefined();
    expect(await store.getRange!('/labels/l/0/c/1/1', { offset: 2, length: 3 })).toEqual(bytes.slice(2, 5));
    expect(await store.getRange!('/labels/l/0/c/1/1', { suffixLength: 4 })).toEqual(bytes.slice(-4));
  });

  it('lists its labels beside the stored ones, hides consolidated metadata, passes the rest through', async () => {
    const inner = new MemoryStore();
    const image = await writeImage(inner, '', { zarrFormat: 3, axes: 'yx', levels: [[20, 20]] });
    const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    inner.values.set(
      '/labels/zarr.json',
      encode({
        zarr_format: 3,
        node_type: 'group',
        attributes: { ome: { version: '0.5', labels: ['stored'] }, mine: 1 },
      }),
    );
    const root = inner.json('/zarr.json') as object;
    inner.values.set(
      '/zarr.json',
      encode({ ...root, consolidated_metadata: { kind: 'inline', metadata: {} } }),
    );
    inner.values.set('/other', new Uint8Array([1, 2, 3]));
    const again = await openImage({ store: inner, path: '', location: 'memory' });
    const store = asZarrStore({
      image: again,
      layers: [{ kind: 'labels', name: 'l', levels: [labelsOf(image, 'uint8', 16, blobs)], classes: [] }],
    });
    const listing: unknown = JSON.parse(new TextDecoder().decode(await store.get('/labels/zarr.json')));
    expect(listing).toMatchObject({
      attributes: { ome: { labels: ['stored', 'l'] }, labels: ['stored', 'l'], mine: 1 },
    });
    const document: unknown = JSON.parse(new TextDecoder().decode(await store.get('/zarr.json')));
    expect(document).not.toHaveProperty('consolidated_metadata');
    expect(await store.get('/other')).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('passes signals to the layer and to the store', async () => {
    const inner = new MemoryStore();
    const image = await writeImage(inner, '', { zarrFormat: 3, axes: 'yx', levels: [[20, 20]] });
    const lazy = labelsOf(image, 'uint8', 16, blobs);
    const seen: (AbortSignal | undefined)[] = [];
    const watched: typeof lazy = {
      ...lazy,
      getChunk(index, o) {
        seen.push(o.signal);
        return lazy.getChunk(index, o);
      },
    };
    const store = asZarrStore({
      image,
      layers: [{ kind: 'labels', name: 'l', levels: [watched], classes: [] }],
    });
    const { signal } = new AbortController();
    await store.get('/labels/l/0/c/0/0', { signal });
    expect(seen).toEqual([signal]);
    const aborted = AbortSignal.abort();
    await expect(store.get('/labels/l/0/c/0/0', { signal: aborted })).rejects.toThrow(/abort/i);
    await expect(store.get('/0/zarr.json', { signal: aborted })).rejects.toThrow(/abort/i);
  });

  it('refuses two layers of one name', async () => {
    const image = await writeImage(new MemoryStore(), '', { zarrFormat: 3, axes: 'yx', levels: [[20, 20]] });
    const layer = {
      kind: 'labels',
      name: 'l',
      levels: [labelsOf(image, 'uint8', 16, blobs)],
      classes: [],
    } as const;
    expect(() => asZarrStore({ image, layers: [layer, layer] })).toThrow(/two layers/);
  });
});

/** zarrita wants what we have; its options type is a RequestInit. */
function asReadable(store: ReadStore): zarr.AsyncReadable {
  return { get: (key, o) => store.get(key, o?.signal ? { signal: o.signal } : {}) };
}
