import type { Json } from '../../array/json.ts';
import type { WriteStore } from '../../stores/store.ts';
import type { Column, TableBatch } from '../measure/columns.ts';
import { chunkRows, floats, integers, texts, writeJson, writeText, writeTexts } from './anndata-arrays.ts';
import type { TableWriter } from './table-writer.ts';

/**
 * An AnnData table in Zarr v2, as `anndata.read_zarr` reads it: measurements in `X` [objects, variables] with their units in
 * `var`, id, time point and slice in `obs`, centroids (x, y[, z]) in `obsm/spatial`.
 *
 * Source: https://anndata.readthedocs.io/en/stable/fileformat-prose.html (AnnData 0.1.0)
 */
export function createAnnDataTable(
  columns: readonly Column[],
  store: WriteStore,
  { source, unit }: { readonly source: string; readonly unit: string | undefined },
): TableWriter {
  const places = columns.filter(({ name, type }) => type === 'id' || name === 't' || name === 'z');
  const variables = columns.filter((column) => !places.includes(column));
  const centroids = ['x', 'y', 'z'].map((axis) =>
    columns.findIndex(({ name }) => name === `centroid_${axis}`),
  );
  const axes = centroids.filter((n) => n !== -1);
  let rows = 0;
  let pending: TableBatch[] = [];

  const arrays = {
    X: floats(store, '/X', variables.length),
    spatial: floats(store, '/obsm/spatial', axes.length),
  };
  const obs = places.map((column) =>
    integers(store, `/obs/${column.name}`, column.type === 'id' ? 'uint64' : 'int64'),
  );
  const names = texts(store, '/obs/_index');

  /** Store whole chunks; at the end also what is left. */
  const flush = async (isLast: boolean): Promise<void> => {
    const { ids, columns: values } = joined(pending, columns.length);
    let start = 0;
    for (; ids.length - start >= (isLast ? 1 : chunkRows); start += chunkRows) {
      const stop = Math.min(start + chunkRows, ids.length);
      const number = Math.floor(rows / chunkRows);
      const cut = values.map((column) => column.subarray(start, stop));
      const cutIds = ids.slice(start, stop);
      await arrays.X.write(number, interleaved(variables.map((column) => cut[columns.indexOf(column)]!)));
      await arrays.spatial.write(number, interleaved(axes.map((n) => cut[n]!)));
      for (const [i, column] of places.entries()) {
        const cells = column.type === 'id' ? cutIds : cut[columns.indexOf(column)]!;
        await obs[i]!.write(
          number,
          Array.from(cells, (cell) => BigInt(cell)),
        );
      }
      await names.write(
        number,
        cutIds.map((id, row) => rowName(id, places, cut, columns, row)),
      );
      rows += stop - start;
    }
    pending = [{ ids: ids.slice(start), columns: values.map((column) => column.slice(start)) }];
  };

  return {
    async write(batch) {
      pending.push(batch);
      if (pending.reduce((sum, { ids }) => sum + ids.length, 0) >= chunkRows) await flush(false);
    },
    async finish() {
      await flush(true);
      const all = [arrays.X, arrays.spatial, ...obs, names];
      for (const array of all) await array.finish(rows);
      await writeVariables(store, variables);
      await writeGroups(store, { places, variables, source, unit });
    },
  };
}

/** Unique over time points and slices: `7`, `t2-7`, `z4-7`. */
function rowName(
  id: number | bigint,
  places: readonly Column[],
  values: readonly Float64Array[],
  columns: readonly Column[],
  row: number,
): string {
  const where = places.filter(({ type }) => type !== 'id');
  return [...where.map((column) => `${column.name}${values[columns.indexOf(column)]![row]}`), id].join('-');
}

function joined(batches: readonly TableBatch[], count: number): TableBatch {
  const ids = batches.flatMap((batch) => [...batch.ids]);
  const columns = Array.from({ length: count }, (_, n) => {
    const total = batches.reduce((sum, batch) => sum + (batch.columns[n]?.length ?? 0), 0);
    const column = new Float64Array(total);
    let at = 0;
    for (const batch of batches) {
      column.set(batch.columns[n]!, at);
      at += batch.columns[n]!.length;
    }
    return column;
  });
  return { ids, columns };
}

function interleaved(columns: readonly Float64Array[]): Float64Array {
  const width = columns.length;
  const out = new Float64Array((columns[0]?.length ?? 0) * width);
  columns.forEach((column, n) => {
    column.forEach((value, row) => {
      out[row * width + n] = value;
    });
  });
  return out;
}

async function writeVariables(store: WriteStore, variables: readonly Column[]): Promise<void> {
  await writeTexts(
    store,
    '/var/_index',
    variables.map(({ name }) => name),
  );
  await writeTexts(
    store,
    '/var/unit',
    variables.map(({ unit }) => unit ?? ''),
  );
  await writeTexts(
    store,
    '/var/description',
    variables.map(({ description }) => description),
  );
}

async function writeGroups(
  store: WriteStore,
  table: {
    readonly places: readonly Column[];
    readonly variables: readonly Column[];
    readonly source: string;
    readonly unit: string | undefined;
  },
): Promise<void> {
  const group = async (
    path: `/${string}` | '',
    attributes: { readonly [key: string]: Json },
  ): Promise<void> => {
    await writeJson(store, `${path}/.zattrs`, attributes);
    await writeJson(store, `${path}/.zgroup`, { zarr_format: 2 });
  };
  const frame = (order: string[]) => ({
    'encoding-type': 'dataframe',
    'encoding-version': '0.2.0',
    _index: '_index',
    'column-order': order,
  });
  const dict = { 'encoding-type': 'dict', 'encoding-version': '0.1.0' };
  await group('/obs', frame(table.places.map(({ name }) => name)));
  await group('/var', frame(['unit', 'description']));
  for (const name of ['layers', 'obsm', 'obsp', 'uns', 'varm', 'varp'] as const)
    await group(`/${name}`, dict);
  await writeText(store, '/uns/source', table.source);
  await writeText(store, '/uns/spatial_unit', table.unit ?? '');
  // Last: it makes the whole an AnnData.
  await group('', { 'encoding-type': 'anndata', 'encoding-version': '0.1.0' });
}
