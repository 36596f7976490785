import { AlibiError } from '../../errors.ts';
import type { Column, TableBatch } from '../measure/columns.ts';

/** A table of objects in memory, to be looked at, sorted and written out. Rows are numbered from 0 in the order they came. */
export interface MemoryTable {
  readonly columns: readonly Column[];
  /** Unit of length of its rows; absent: pixels. */
  readonly unit?: string | undefined;
  readonly rows: number;
  idAt(row: number): number | bigint;
  /** NaN where there is no value; of the column `label` the id as a number. */
  valueAt(row: number, column: number): number;
  /** Position of a column, -1 where there is none of that name. */
  column(name: string): number;
  /** The row of an object in a time point and slice (those the table tells apart), -1 where there is none. */
  rowOf(id: number | bigint, at: { readonly t: number; readonly z: number }): number;
  /** Rows by rising or falling values of a column; those without a value come last. */
  sorted(column: number, order: 'rising' | 'falling'): Uint32Array;
  /** Least and greatest value of a column but for the given share at each end; null where there are no values. */
  range(column: number, beyond: number): readonly [number, number] | null;
  /** All rows, to be written. */
  batches(): Iterable<TableBatch>;
}

/** Bytes the values of a table may take. */
const defaultByteLimit = 256 * 2 ** 20;

/**
 * Takes batches until it is full.
 *
 * @throws AlibiError InvalidInput  by `add`: more rows than fit
 */
export function createMemoryTable(
  columns: readonly Column[],
  { unit, byteLimit = defaultByteLimit }: { readonly unit?: string | undefined; readonly byteLimit?: number },
) {
  const batches: TableBatch[] = [];
  /** First row of each batch. */
  const starts: number[] = [];
  const rowLimit = Math.floor(byteLimit / (8 * columns.length));
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    add(batch: TableBatch): void {
      if (rows + batch.ids.length > rowLimit) {
        throw new AlibiError('InvalidInput', {
          what: `there are more than ${rowLimit.toLocaleString('en')} objects, too many for a table in memory`,
          where: 'measurements',
          remedy: 'Leave small objects out, or measure from the command line: alibi-zarr measure.',
        });
      }
      starts.push(rows);
      batches.push(batch);
      rows += batch.ids.length;
    },
    finish: (): MemoryTable => asTable(columns, unit, { batches, starts, rows }),
  };
}

interface Rows {
  readonly batches: readonly TableBatch[];
  readonly starts: readonly number[];
  readonly rows: number;
}

function asTable(
  columns: readonly Column[],
  unit: string | undefined,
  { batches, starts, rows }: Rows,
): MemoryTable {
  const batchOf = (row: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const idAt = (row: number) => {
    const batch = batchOf(row);
    return batches[batch]!.ids[row - starts[batch]!]!;
  };
  const column = (name: string) => columns.findIndex((candidate) => candidate.name === name);
  /** All values of a column in one piece. */
  const values = (n: number): Float64Array => {
    const all = new Float64Array(rows);
    batches.forEach(({ ids, columns: parts }, batch) => {
      if (columns[n]?.type === 'id') all.set(Float64Array.from(ids, Number), starts[batch]!);
      else all.set(parts[n]!, starts[batch]!);
    });
    return all;
  };
  const [time, slice] = [column('t'), column('z')];
  let places: Map<string, number> | null = null;
  const placeOf = (id: number | bigint, t: number, z: number) =>
    `${id}/${time === -1 ? 0 : t}/${slice === -1 ? 0 : z}`;
  const valueAt = (row: number, n: number): number => {
    if (columns[n]?.type === 'id') return Number(idAt(row));
    const batch = batchOf(row);
    return batches[batch]!.columns[n]![row - starts[batch]!]!;
  };
  return {
    columns,
    unit,
    rows,
    idAt,
    valueAt,
    column,
    rowOf(id, { t, z }) {
      if (places === null) {
        places = new Map();
        for (let row = 0; row < rows; row++) {
          const [at, on] = [time, slice].map((n) => (n === -1 ? 0 : valueAt(row, n)));
          places.set(placeOf(idAt(row), at!, on!), row);
        }
      }
      return places.get(placeOf(id, t, z)) ?? -1;
    },
    sorted(n, order) {
      const all = values(n);
      const sign = order === 'rising' ? 1 : -1;
      return Uint32Array.from(all, (_, row) => row).sort((a, b) => {
        const [x, y] = [all[a]!, all[b]!];
        if (Number.isNaN(x) || Number.isNaN(y))
          return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
        return sign * (x - y) || a - b;
      });
    },
    range(n, beyond) {
      const known = values(n)
        .filter((value) => Number.isFinite(value))
        .sort();
      if (known.length === 0) return null;
      const at = (share: number) => known[Math.round(share * (known.length - 1))]!;
      return [at(beyond), at(1 - beyond)];
    },
    batches: () => batches,
  };
}
