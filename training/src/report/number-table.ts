import { type Content, html, type Markup } from './markup.ts';
import { numberText } from './number-text.ts';

export type NumberCell = number | string | null | Markup;

export interface NumberTable {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly NumberCell[])[];
}

/** A table of numbers; null is a dash. A column of words alone is set from the left. */
export function numberTable({ caption, columns, rows }: NumberTable): Markup {
  const isText = columns.map((_, c) => rows.every((row) => isWords(row[c] ?? null)));
  const text = (c: number): Content => (isText[c] === true ? html` class="text"` : null);
  return html`<div class="scroll"><table class="numbers"><caption>${caption}</caption><thead><tr>${columns.map(
    (name, c) => html`<th scope="col"${text(c)}>${name}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([name = '', ...cells]) =>
      html`<tr><th scope="row">${cellOf(name)}</th>${cells.map((cell, c) => html`<td${text(c + 1)}>${cellOf(cell)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** The numbers of a drawing, folded away below it. */
export function numbersBelow(...tables: readonly NumberTable[]): Markup {
  return html`<details><summary>The numbers as a table</summary>${tables.map(numberTable)}</details>`;
}

function isWords(cell: NumberCell): boolean {
  return typeof cell === 'string' && !/^[−\d.–]+$/.test(cell);
}

function cellOf(cell: NumberCell): Content {
  return typeof cell === 'number' || cell === null ? numberText(cell) : cell;
}
