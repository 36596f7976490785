import type { Column, TableBatch } from '../measure/columns.ts';

/** Name of the column that says which unit the lengths of a row are in. */
const unitColumn = 'unit';

/** The header line of a table as CSV (RFC 4180). */
export function csvHeader(columns: readonly Column[]): string {
  return [...columns.map(({ name }) => field(name)), unitColumn].join(',');
}

/**
 * The lines of some rows. Numbers are written so that they read back exactly; what has no value is empty; the last column names
 * the unit of length, `pixel` where the image states none.
 */
export function csvLines(
  columns: readonly Column[],
  unit: string | undefined,
  { ids, columns: values }: TableBatch,
): string[] {
  const last = field(unit ?? 'pixel');
  return ids.map((id, row) => {
    const fields = columns.map(({ type }, n) => {
      if (type === 'id') return String(id);
      const value = values[n]![row]!;
      return Number.isNaN(value) ? '' : String(value);
    });
    return `${fields.join(',')},${last}`;
  });
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows as objects by column, for JSON: null where there is no value, ids beyond 2⁵³ as text. */
export function jsonRows(columns: readonly Column[], { ids, columns: values }: TableBatch) {
  return ids.map((id, row) =>
    Object.fromEntries(
      columns.map(({ name, type }, n): [string, number | string | null] => {
        if (type === 'id') return [name, Number.isSafeInteger(Number(id)) ? Number(id) : String(id)];
        const value = values[n]![row]!;
        return [name, Number.isFinite(value) ? value : null];
      }),
    ),
  );
}
