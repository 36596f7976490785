import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AlibiError } from '../errors.ts';
import type { Column } from '../segment/measure/columns.ts';
import { createAnnDataTable } from '../segment/tables/anndata.ts';
import { csvHeader, csvLines } from '../segment/tables/csv.ts';
import { createParquetTable } from '../segment/tables/parquet.ts';
import type { TableWriter } from '../segment/tables/table-writer.ts';
import { createNodeStore } from '../stores/node-fs.ts';
import { openFileSink } from './file-sink.ts';

export type TableFormat = 'csv' | 'parquet' | 'anndata';

const formats: Readonly<Record<string, TableFormat>> = { csv: 'csv', parquet: 'parquet', zarr: 'anndata' };

export interface TableTarget extends TableWriter {
  /** Remove what was written, unless it is finished. */
  abandon(): Promise<void>;
}

export interface TableFacts {
  readonly columns: readonly Column[];
  readonly unit: string | undefined;
  /** Image and label image the table is of. */
  readonly source: string;
  readonly overwrite: boolean;
}

/**
 * The format a file's name asks for.
 *
 * @throws AlibiError InvalidInput  another ending
 */
export function tableFormat(path: string): TableFormat {
  const format = formats[/\.([a-z]+)\/?$/i.exec(path)?.[1]?.toLowerCase() ?? ''];
  if (format !== undefined) return format;
  throw new AlibiError('InvalidInput', {
    what: '--out names no table',
    where: path,
    remedy: 'End the name with .csv, .parquet or .zarr (AnnData).',
  });
}

/**
 * A table in a file or, as AnnData, in a folder; there once it is whole.
 *
 * @throws AlibiError Conflict  something is there and `overwrite` is not set, or it is no table
 */
export async function openTable(path: string, facts: TableFacts): Promise<TableTarget> {
  const format = tableFormat(path);
  if (format === 'anndata') return openAnnData(path.replace(/\/+$/, ''), facts);
  const file = await openFileSink(path, facts);
  const { columns, unit } = facts;
  if (format === 'parquet') {
    const table = createParquetTable(columns, (bytes) => file.write(bytes));
    const finish = async () => {
      await table.finish();
      await file.finish();
    };
    return { write: (batch) => table.write(batch), finish, abandon: () => file.abandon() };
  }
  await file.write(`${csvHeader(columns)}\n`);
  return {
    async write(batch) {
      for (const line of csvLines(columns, unit, batch)) await file.write(`${line}\n`);
    },
    finish: () => file.finish(),
    abandon: () => file.abandon(),
  };
}

async function openAnnData(path: string, facts: TableFacts): Promise<TableTarget> {
  const exists = (await stat(path).catch(() => undefined)) !== undefined;
  if (exists) await assertReplaceable(path, facts.overwrite);
  await mkdir(dirname(resolve(path)), { recursive: true });
  const part = `${path}.part-${process.pid}`;
  const table = createAnnDataTable(facts.columns, createNodeStore(resolve(part)), facts);
  return {
    write: (batch) => table.write(batch),
    async finish() {
      await table.finish();
      if (exists) await rm(path, { recursive: true, force: true });
      await rename(part, path);
    },
    abandon: () => rm(part, { recursive: true, force: true }),
  };
}

/** Only a table is ever replaced by a table: the name may be that of an image. */
async function assertReplaceable(path: string, overwrite: boolean): Promise<void> {
  const attributes = await readFile(join(path, '.zattrs'), 'utf8').catch(() => '');
  const isTable = attributes.includes('"encoding-type"') && attributes.includes('"anndata"');
  if (isTable && overwrite) return;
  throw new AlibiError('Conflict', {
    what: isTable ? 'there is such a table already' : 'something else is there already',
    where: path,
    remedy: isTable
      ? 'Choose another name, or allow it to be overwritten (--overwrite).'
      : 'Choose another name.',
  });
}
