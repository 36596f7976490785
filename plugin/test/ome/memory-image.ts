/** Small OME-Zarr groups in memory: a `Map` of keys to bytes is a store. */
import type { GroupLocation } from '../../src/ome/metadata-file.ts';
import type { ReadStore } from '../../src/stores/store.ts';

export type Files = Readonly<Record<`/${string}`, unknown>>;

/** A store of JSON values, texts and bytes. */
export function memory(files: Files): GroupLocation & { readonly store: MemoryStore } {
  const bytes = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(files)) {
    if (value instanceof Uint8Array) bytes.set(key, value);
    else bytes.set(key, new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
  }
  const store: MemoryStore = {
    get: async (key) => bytes.get(key),
    put: (key, value) => {
      bytes.set(key, value);
    },
  };
  return { store, path: '', location: 'memory' };
}

export interface MemoryStore extends ReadStore {
  put(key: `/${string}`, value: Uint8Array): void;
}

/** `.zarray` of an uncompressed array in one chunk. */
export function zarray(shape: readonly number[], dtype = '|u1', chunks = shape): Record<string, unknown> {
  return {
    zarr_format: 2,
    shape,
    chunks,
    dtype,
    fill_value: 0,
    order: 'C',
    compressor: null,
    filters: null,
    dimension_separator: '/',
  };
}

export function axis(name: string): Record<string, string> {
  return { name, type: name === 't' ? 'time' : name === 'c' ? 'channel' : 'space' };
}

/** A 0.4 image; `levels` are the shapes, finest first, with the scale their ratio says. */
export function image04(
  axes: string,
  levels: readonly (readonly number[])[],
  { dtype = '|u1', more = {} }: { dtype?: string; more?: Record<string, unknown> } = {},
): Files {
  const datasets = levels.map((shape, i) => ({
    path: String(i),
    coordinateTransformations: [{ type: 'scale', scale: shape.map((v, a) => levels[0]![a]! / v) }],
  }));
  return {
    '/.zgroup': { zarr_format: 2 },
    '/.zattrs': { multiscales: [{ version: '0.4', axes: [...axes].map(axis), datasets }], ...more },
    ...Object.fromEntries(levels.map((shape, i) => [`/${i}/.zarray`, zarray(shape, dtype)])),
  };
}

/** `zarr.json` of an uncompressed uint8 array in one chunk. */
export function v3array(shape: readonly number[]): unknown {
  return {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: 'uint8',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: shape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [{ name: 'bytes' }],
    attributes: {},
  };
}
