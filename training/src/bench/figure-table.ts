import type { BenchResult } from './run-bench.ts';

/** One result as lines `name: value (note)`; several as a table, a row for each checkpoint. */
export function figureTable(results: readonly BenchResult[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  if (results.length === 1) {
    return first.figures.map(({ name, value, note }) =>
      note === undefined ? `${name}: ${value}` : `${name}: ${value} (${note})`,
    );
  }
  const names = [...new Set(results.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const rows = results.map(({ model, figures }) => [
    model.name,
    model.position,
    model.precision,
    ...names.map((name) => String(figures.find((figure) => figure.name === name)?.value ?? '–')),
  ]);
  const table = [['checkpoint', 'position', 'weights', ...names], ...rows];
  const widths = (table[0] ?? []).map((_, c) => Math.max(...table.map((row) => row[c]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = table;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)];
}
