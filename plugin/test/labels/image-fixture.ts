import {
  type Axis,
  createData,
  elementCount,
  type LabelType,
  type LazyArray,
} from '../../src/array/lazy-array.ts';
import { chunkRegion } from '../../src/array/region.ts';
import type { OmeImage } from '../../src/ome/ome-image.ts';
import { openImage } from '../../src/ome/open-image.ts';
import { imageAttributes, jsonBytes } from '../../src/ome/write.ts';
import { createArrayWriter } from '../../src/stores/array-writer.ts';
import type { StoreOptions, WriteStore } from '../../src/stores/store.ts';

/** A store in memory that counts and can be told to fail. */
export class MemoryStore implements WriteStore {
  readonly values = new Map<string, Uint8Array>();
  sets = 0;
  /** Runs before every `set`, with its number from 1. */
  beforeSet: (n: number, key: string) => void = () => {};
  list?: NonNullable<WriteStore['list']>;

  constructor({ canList = true }: { readonly canList?: boolean } = {}) {
    if (canList) this.list = (prefix) => this.#list(prefix);
  }
  async get(key: `/${string}`, { signal }: StoreOptions = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    return this.values.get(key);
  }
  async set(key: `/${string}`, value: Uint8Array, { signal }: StoreOptions = {}): Promise<void> {
    this.beforeSet(++this.sets, key);
    signal?.throwIfAborted();
    this.values.set(key, value.slice());
  }
  async delete(key: `/${string}`): Promise<void> {
    this.values.delete(key);
  }
  copy(): MemoryStore {
    const copy = new MemoryStore({ canList: this.list !== undefined });
    for (const [key, value] of this.values) copy.values.set(key, value);
    return copy;
  }
  json(key: string): unknown {
    const bytes = this.values.get(key);
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  }
  async *#list(prefix: string): AsyncGenerator<`/${string}`> {
    for (const key of [...this.values.keys()]) if (key.startsWith(prefix)) yield `/${key.slice(1)}`;
  }
}

export interface ImageSpec {
  readonly zarrFormat: 2 | 3;
  /** One letter an axis, as stored. */
  readonly axes: string;
  /** Shapes of the levels, finest first. */
  readonly levels: readonly (readonly number[])[];
  readonly shards?: boolean;
}

const types: Readonly<Record<string, Axis>> = {
  t: { name: 't', type: 'time', unit: 'second' },
  c: { name: 'c', type: 'channel' },
  z: { name: 'z', type: 'space', unit: 'micrometer' },
  y: { name: 'y', type: 'space', unit: 'micrometer' },
  x: { name: 'x', type: 'space', unit: 'micrometer' },
};

/** Pixel sizes of the finest level; a level's scale is this times the ratio of the sizes, rounded to halves. */
const finest: Readonly<Record<string, number>> = { t: 2, c: 1, z: 0.5, y: 0.25, x: 0.25 };

/** Write a small image of the values 0, 1, 2, … and open it. */
export async function writeImage(store: WriteStore, path: string, spec: ImageSpec): Promise<OmeImage> {
  const axes = [...spec.axes].map((name) => types[name]!);
  const base = spec.levels[0]!;
  for (const [n, shape] of spec.levels.entries()) {
    const chunkShape = shape.map((size) => Math.min(size, 64));
    const writer = createArrayWriter(store, `${path}/${n}`, {
      zarrFormat: spec.zarrFormat,
      shape,
      chunkShape,
      ...(spec.shards ? { shardShape: chunkShape } : {}),
      dtype: 'uint8',
      compression: 'none',
    });
    await writer.finish();
  }
  const attributes = imageAttributes({
    version: spec.zarrFormat === 2 ? '0.4' : '0.5',
    name: 'test',
    axes,
    datasets: spec.levels.map((shape, n) => {
      const factors = shape.map((size, axis) => Math.round((2 * base[axis]!) / size) / 2);
      return {
        path: String(n),
        transform: {
          scale: axes.map(({ name }, axis) => finest[name]! * factors[axis]!),
          translation: axes.map(({ name }, axis) => (finest[name]! * (factors[axis]! - 1)) / 2),
        },
      };
    }),
    downscaling: { type: 'none', metadata: {} },
  });
  const prefix: `/${string}` | '' = path === '' ? '' : `/${path.replace(/^\//, '')}`;
  if (spec.zarrFormat === 2) {
    await store.set(`${prefix}/.zgroup`, jsonBytes({ zarr_format: 2 }));
    await store.set(`${prefix}/.zattrs`, jsonBytes(attributes));
  } else {
    await store.set(`${prefix}/zarr.json`, jsonBytes({ zarr_format: 3, node_type: 'group', attributes }));
  }
  return openImage({ store, path: prefix, location: 'memory' });
}

/** Labels from a function of the canonical position, in chunks of `chunkPx` in y and x and 1 elsewhere. */
export function labelsOf<T extends LabelType>(
  image: OmeImage,
  dtype: T,
  chunkPx: number,
  id: (position: Readonly<Record<string, number>>) => number,
  level = 0,
): LazyArray<T> {
  const order = ['t', 'z', 'y', 'x'].filter((name) => image.axes.some((axis) => axis.name === name));
  const pick = (values: readonly number[]) =>
    order.map((name) => values[image.axes.findIndex((axis) => axis.name === name)]!);
  const shape = pick(image.levels[level]!.shape);
  const geometry = { shape, chunkShape: order.map((name) => (name === 'y' || name === 'x' ? chunkPx : 1)) };
  const { scale, translation } = image.levels[level]!.transform;
  const zero = createData(dtype, 1)[0]!;
  return {
    ...geometry,
    axes: order.map((name) => types[name]!),
    dtype,
    // The zero of the type, bigint or number.
    fillValue: zero as LazyArray<T>['fillValue'],
    transform: { scale: pick(scale), translation: pick(translation) },
    revision: 0,
    async getChunk(index, { signal }) {
      signal?.throwIfAborted();
      const { start, stop } = chunkRegion(geometry, index);
      const size = start.map((begin, axis) => stop[axis]! - begin);
      const data = createData(dtype, elementCount(size));
      const wide = data instanceof BigUint64Array;
      for (let i = 0; i < data.length; i++) {
        const position: Record<string, number> = {};
        let rest = i;
        for (let axis = size.length - 1; axis >= 0; axis--) {
          position[order[axis]!] = start[axis]! + (rest % size[axis]!);
          rest = Math.floor(rest / size[axis]!);
        }
        data[i] = wide ? BigInt(id(position)) : id(position);
      }
      return { data, shape: size };
    },
  };
}

/** Blobs that differ along every axis, with plenty of 0. */
export function blobs({ t = 0, z = 0, y = 0, x = 0 }: Readonly<Record<string, number>>): number {
  const cell = Math.floor(y / 5) * 7 + Math.floor(x / 6) + 3 * z + 11 * t;
  return cell % 3 === 0 ? 0 : (cell % 11) + 1;
}
