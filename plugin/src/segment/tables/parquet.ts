import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column } from '../measure/columns.ts';
import type { ByteSink, TableWriter } from './table-writer.ts';

/**
 * A Parquet file, one row group a batch: ids as unsigned 64-bit integers, whole numbers as 64-bit integers, others as doubles;
 * null where there is no value. The file's metadata hold the columns with their units as JSON, under `alibi-zarr`.
 */
export function createParquetTable(columns: readonly Column[], sink: ByteSink): TableWriter {
  const bytes = new ByteWriter();
  const drain = async (): Promise<void> => {
    const part = bytes.getBytes().slice();
    bytes.index = 0;
    if (part.length > 0) await sink(part);
  };
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(elementOf)],
    kvMetadata: [{ key: 'alibi-zarr', value: JSON.stringify({ format: 'alibi-zarr/objects/1', columns }) }],
    createdBy: 'alibi-zarr',
  });
  return {
    async write({ ids, columns: values }) {
      if (ids.length === 0) return;
      const columnData = columns.map(({ name, type }, n) => ({ name, data: cells(type, ids, values[n]!) }));
      await writer.write({ columnData, rowGroupSize: ids.length });
      await drain();
    },
    async finish() {
      await writer.finish();
      await drain();
    },
  };
}

function elementOf({ name, type }: Column) {
  if (type === 'number') return { name, type: 'DOUBLE', repetition_type: 'OPTIONAL' } as const;
  const whole = { name, type: 'INT64', repetition_type: 'REQUIRED' } as const;
  return type === 'integer' ? whole : ({ ...whole, converted_type: 'UINT_64' } as const);
}

function cells(type: Column['type'], ids: readonly (number | bigint)[], values: Float64Array) {
  if (type === 'id') return ids.map((id) => BigInt.asIntN(64, BigInt(id)));
  if (type === 'integer') return Array.from(values, BigInt);
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}
