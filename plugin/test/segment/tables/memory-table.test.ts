import { describe, expect, it } from 'vitest';
import type { Column } from '../../../src/segment/measure/columns.ts';
import { createMemoryTable } from '../../../src/segment/tables/memory-table.ts';

const column = (name: string, type: Column['type']): Column => ({ name, type, unit: '', description: '' });
const columns = [column('label', 'id'), column('t', 'integer'), column('area', 'number')];

function table() {
  const building = createMemoryTable(columns, { unit: 'micrometer' });
  const none = new Float64Array();
  building.add({ ids: [4, 9], columns: [none, Float64Array.of(0, 0), Float64Array.of(3, Number.NaN)] });
  building.add({ ids: [4, 2n ** 60n], columns: [none, Float64Array.of(1, 1), Float64Array.of(1, 3)] });
  return building.finish();
}

describe('a table in memory', () => {
  it('gives cells of any batch, and ids as they are', () => {
    const { rows, idAt, valueAt } = table();
    expect(rows).toBe(4);
    expect([0, 1, 2, 3].map(idAt)).toEqual([4, 9, 4, 2n ** 60n]);
    expect([0, 1, 2, 3].map((row) => valueAt(row, 2))).toEqual([3, Number.NaN, 1, 3]);
    expect(valueAt(2, 0)).toBe(4);
  });

  it('sorts by a column, ties in the order of rows and rows without a value last', () => {
    const { sorted } = table();
    expect([...sorted(2, 'falling')]).toEqual([0, 3, 2, 1]);
    expect([...sorted(2, 'rising')]).toEqual([2, 0, 3, 1]);
    expect([...sorted(0, 'falling')]).toEqual([3, 1, 0, 2]);
  });

  it('finds the row of an object in a time point', () => {
    const { rowOf } = table();
    expect(rowOf(4, { t: 0, z: 5 })).toBe(0);
    expect(rowOf(4, { t: 1, z: 0 })).toBe(2);
    expect(rowOf(2n ** 60n, { t: 1, z: 0 })).toBe(3);
    expect(rowOf(9, { t: 1, z: 0 })).toBe(-1);
  });

  it('tells the range of a column without its outliers', () => {
    const building = createMemoryTable([column('area', 'number')], {});
    building.add({
      ids: Array.from({ length: 101 }, (_, i) => i),
      columns: [Float64Array.from({ length: 101 }, (_, i) => 100 - i)],
    });
    const { range } = building.finish();
    expect(range(0, 0)).toEqual([0, 100]);
    expect(range(0, 0.01)).toEqual([1, 99]);
    expect(createMemoryTable(columns, {}).finish().range(2, 0)).toBe(null);
  });

  it('refuses more rows than fit, naming the command line', () => {
    // Two rows of three columns of 8 bytes each.
    const building = createMemoryTable(columns, { byteLimit: 48 });
    const one = { ids: [1], columns: [new Float64Array(), new Float64Array(1), new Float64Array(1)] };
    building.add(one);
    building.add(one);
    expect(() => building.add(one)).toThrow(/more than 2 objects.*alibi-zarr measure/);
    expect(building.rows).toBe(2);
  });
});
