import type { DataType, LazyArray } from '../../array/lazy-array.ts';
import { type ArraySpec, metadataFiles } from '../../stores/array-spec.ts';
import { ChunkEncoder } from '../../stores/chunk-encoder.ts';
import type { WriteStore } from '../../stores/store.ts';

/** Rows of one chunk. */
export const chunkRows = 8192;

const dense = { 'encoding-type': 'array', 'encoding-version': '0.2.0' };
const strings = { 'encoding-type': 'string-array', 'encoding-version': '0.2.0' };

/** An array of rows whose number is known at the end: chunks first, metadata last. */
function growing<T extends DataType>(
  store: WriteStore,
  path: `/${string}`,
  base: Omit<ArraySpec<T>, 'shape'>,
) {
  const encoder = new ChunkEncoder<T>({ ...base, shape: base.chunkShape });
  const tail = base.chunkShape.slice(1);
  return {
    async store(number: number, data: Awaited<ReturnType<LazyArray<T>['getChunk']>>['data']): Promise<void> {
      const width = tail.reduce((product, size) => product * size, 1);
      const bytes = await encoder.encode({ data, shape: [width === 0 ? 0 : data.length / width, ...tail] });
      const key = [number, ...tail.map(() => 0)].join('.');
      if (bytes !== undefined) await store.set(`${path}/${key}`, bytes);
    },
    async finish(rows: number): Promise<void> {
      await writeArray(store, path, { ...base, shape: [rows, ...tail] }, dense);
    },
  };
}

async function writeArray(
  store: WriteStore,
  path: `/${string}`,
  spec: ArraySpec,
  attributes: object,
): Promise<void> {
  await writeJson(store, `${path}/.zattrs`, attributes);
  for (const [name, text] of metadataFiles(spec))
    await store.set(`${path}/${name}`, new TextEncoder().encode(text));
}

const stored = { zarrFormat: 2, compression: 'zstd', dimensionSeparator: '.' } as const;

export function floats(store: WriteStore, path: `/${string}`, width: number) {
  const array = growing(store, path, { ...stored, dtype: 'float64', chunkShape: [chunkRows, width] });
  return { write: (number: number, data: Float64Array) => array.store(number, data), finish: array.finish };
}

export function integers(store: WriteStore, path: `/${string}`, dtype: 'int64' | 'uint64') {
  if (dtype === 'int64') {
    const array = growing(store, path, { ...stored, dtype, chunkShape: [chunkRows] });
    return {
      write: (number: number, cells: bigint[]) => array.store(number, BigInt64Array.from(cells)),
      finish: array.finish,
    };
  }
  const array = growing(store, path, { ...stored, dtype, chunkShape: [chunkRows] });
  return {
    write: (number: number, cells: bigint[]) => array.store(number, BigUint64Array.from(cells)),
    finish: array.finish,
  };
}

/** Strings, as numcodecs' vlen-utf8 stores them: their number, then length and bytes of each. */
export function texts(store: WriteStore, path: `/${string}`) {
  return {
    async write(number: number, cells: readonly string[]): Promise<void> {
      const encoded = cells.map((cell) => new TextEncoder().encode(cell));
      // A chunk is always whole: what lies beyond the last row is empty.
      const bytes = new Uint8Array(4 + 4 * chunkRows + encoded.reduce((sum, { length }) => sum + length, 0));
      const view = new DataView(bytes.buffer);
      view.setUint32(0, chunkRows, true);
      let at = 4;
      for (const cell of encoded) {
        view.setUint32(at, cell.length, true);
        bytes.set(cell, at + 4);
        at += 4 + cell.length;
      }
      await store.set(`${path}/${number}`, bytes);
    },
    async finish(rows: number): Promise<void> {
      const metadata = {
        zarr_format: 2,
        shape: [rows],
        chunks: [chunkRows],
        dtype: '|O',
        fill_value: '',
        order: 'C',
        filters: [{ id: 'vlen-utf8' }],
        compressor: null,
        dimension_separator: '.',
      };
      await writeJson(store, `${path}/.zattrs`, strings);
      await writeJson(store, `${path}/.zarray`, metadata);
    },
  };
}

export async function writeTexts(
  store: WriteStore,
  path: `/${string}`,
  cells: readonly string[],
): Promise<void> {
  const column = texts(store, path);
  if (cells.length > 0) await column.write(0, cells);
  await column.finish(cells.length);
}

/** One string: a Zarr array without axes. */
export async function writeText(store: WriteStore, path: `/${string}`, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const chunk = new Uint8Array(8 + bytes.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, bytes.length, true);
  chunk.set(bytes, 8);
  await store.set(`${path}/0`, chunk);
  await writeJson(store, `${path}/.zattrs`, { 'encoding-type': 'string', 'encoding-version': '0.2.0' });
  await writeJson(store, `${path}/.zarray`, {
    zarr_format: 2,
    shape: [],
    chunks: [],
    dtype: '|O',
    fill_value: '',
    order: 'C',
    filters: [{ id: 'vlen-utf8' }],
    compressor: null,
    dimension_separator: '.',
  });
}

export async function writeJson(store: WriteStore, key: `/${string}`, value: object): Promise<void> {
  await store.set(key, new TextEncoder().encode(JSON.stringify(value, null, 2)));
}
