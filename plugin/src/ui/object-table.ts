import { css, html, LitElement, nothing } from 'lit';
import type { Column } from '../segment/measure/columns.ts';
import type { MemoryTable } from '../segment/tables/memory-table.ts';
import { WorkspaceController } from './contexts.ts';
import { selectObject, shownTable } from './object-view.ts';
import { theme } from './theme.ts';

const rowPx = 24;
/** Rows drawn beyond the edges of what is seen. */
const marginRows = 8;

/**
 * The objects of the table on show, however many: only the rows in sight are there. A row that is clicked, or reached by the arrow
 * keys, is selected and shown in the picture; one selected in the picture scrolls into sight.
 */
export class AlibiZarrObjectTable extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; }
      .scroll { height: 260px; overflow: auto; border: 1px solid var(--az-line); border-radius: var(--az-radius); resize: vertical; scrollbar-width: thin; scrollbar-color: var(--az-line) transparent; outline-offset: -2px; }
      .grid { position: relative; min-width: max-content; font-size: 12px; }
      .line, .head { display: grid; grid-template-columns: 72px repeat(var(--columns), 92px); height: 24px; align-items: center; }
      .head { position: sticky; top: 0; z-index: 2; background: var(--az-raised); border-bottom: 1px solid var(--az-line); }
      .head button { height: 23px; padding: 0 6px; border: 0; border-radius: 0; background: none; font-size: 11.5px; justify-content: flex-end; color: var(--az-muted); min-width: 0; gap: 2px; }
      .head button span { overflow: hidden; text-overflow: ellipsis; }
      .head button[data-sorted] { color: var(--az-accent); }
      .line { position: absolute; left: 0; right: 0; cursor: pointer; }
      .line > * { padding: 0 6px; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .line:hover { background: var(--az-raised); }
      .line[aria-selected='true'] { background: color-mix(in srgb, var(--az-accent) 26%, var(--az-surface)); }
      .line > :first-child, .head > :first-child { position: sticky; left: 0; background: inherit; font-weight: 600; }
      .line { background: var(--az-surface); }
    `,
  ];
  static override properties = { sort: { state: true }, top: { state: true } };
  declare sort: { readonly column: number; readonly order: 'rising' | 'falling' } | null;
  /** First row in sight. */
  declare top: number;
  readonly #workspace = new WorkspaceController(this);
  #shown: {
    readonly table: MemoryTable;
    readonly sort: AlibiZarrObjectTable['sort'];
    readonly rows: Uint32Array;
  } | null = null;
  #revealed: number | null = null;

  constructor() {
    super();
    this.sort = null;
    this.top = 0;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    const shown = workspace === null ? null : shownTable(workspace);
    if (workspace === null || shown === null) return nothing;
    const { table } = shown;
    const rows = this.#rows(table);
    const selected = workspace.display.state.objects.row;
    const count = Math.ceil(this.#heightPx / rowPx) + 2 * marginRows;
    const first = Math.max(0, Math.min(this.top - marginRows, rows.length - count));
    const visible = rows.subarray(first, first + count);
    return html`<div
      class="scroll"
      role="grid"
      tabindex="0"
      aria-label="Objects"
      aria-rowcount=${rows.length + 1}
      aria-colcount=${table.columns.length}
      aria-activedescendant=${selected === null ? nothing : `row-${selected}`}
      @scroll=${(event: Event) => this.#scrolled(event)}
      @keydown=${(event: KeyboardEvent) => this.#keyDown(event)}
    >
      <div class="grid" .style=${`height:${(rows.length + 1) * rowPx}px; --columns:${table.columns.length - 1}`}>
        <div class="head" role="row" aria-rowindex="1">
          ${table.columns.map((column, index) => this.#head(column, index, table))}
        </div>
        ${Array.from(visible, (row, i) => this.#row(table, row, first + i, row === selected))}
      </div>
    </div>`;
  }

  protected override updated(): void {
    const row = this.#workspace.workspace?.display.state.objects.row ?? null;
    if (row !== this.#revealed) this.#reveal(row);
  }

  get #scroll(): HTMLElement | null {
    return this.renderRoot.querySelector('.scroll');
  }

  get #heightPx(): number {
    return this.#scroll?.clientHeight ?? 260;
  }

  #head(column: Column, index: number, table: MemoryTable) {
    const { sort } = this;
    const isSorted = sort?.column === index;
    const order = isSorted ? (sort.order === 'rising' ? 'ascending' : 'descending') : 'none';
    return html`<div role="columnheader" aria-sort=${order}>
      <button
        .style=${'width:100%'}
        ?data-sorted=${isSorted}
        title=${`${column.description}${unitText(column, table)}. Sort by it`}
        @click=${() => this.#sortBy(index)}
      ><span>${column.name}</span>${isSorted ? (sort.order === 'rising' ? '▲' : '▼') : ''}</button>
    </div>`;
  }

  #row(table: MemoryTable, row: number, position: number, isSelected: boolean) {
    return html`<div
      class="line"
      role="row"
      id=${`row-${row}`}
      aria-rowindex=${position + 2}
      aria-selected=${isSelected}
      .style=${`top:${(position + 1) * rowPx}px`}
      @click=${() => this.#select(row)}
    >
      ${table.columns.map((column, n) => html`<span role="gridcell">${cellText(table, row, n, column)}</span>`)}
    </div>`;
  }

  /** Rows in the order they are shown in; sorted once for each order. */
  #rows(table: MemoryTable): Uint32Array {
    const { sort } = this;
    if (this.#shown?.table === table && this.#shown.sort === sort) return this.#shown.rows;
    if (this.#shown !== null && this.#shown.table !== table && sort !== null) {
      // Another table may have other columns.
      const name = this.#shown.table.columns[sort.column]?.name ?? '';
      if (table.columns[sort.column]?.name !== name) this.sort = null;
    }
    const rows =
      this.sort === null
        ? Uint32Array.from({ length: table.rows }, (_, row) => row)
        : table.sorted(this.sort.column, this.sort.order);
    this.#shown = { table, sort: this.sort, rows };
    return rows;
  }

  #sortBy(column: number): void {
    const { sort } = this;
    // Large objects are what is looked for first.
    const order = sort?.column === column && sort.order === 'falling' ? 'rising' : 'falling';
    this.sort = { column, order };
    this.#scroll?.scrollTo({ top: 0 });
  }

  #scrolled({ target }: Event): void {
    if (target instanceof HTMLElement) this.top = Math.floor(target.scrollTop / rowPx);
  }

  #select(row: number): void {
    const { workspace } = this.#workspace;
    this.#revealed = row;
    if (workspace !== null) selectObject(workspace, row, true);
  }

  #keyDown(event: KeyboardEvent): void {
    const { workspace } = this.#workspace;
    const rows = this.#shown?.rows;
    if (workspace === null || rows === undefined || rows.length === 0) return;
    const page = Math.max(1, Math.floor(this.#heightPx / rowPx) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { row } = workspace.display.state.objects;
    const at = row === null ? (step > 0 ? -1 : rows.length) : rows.indexOf(row);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))]!;
    this.#select(next);
    this.#reveal(next);
  }

  /** Scroll until a row is in sight. */
  #reveal(row: number | null): void {
    this.#revealed = row;
    const scroll = this.#scroll;
    const position = row === null ? -1 : (this.#shown?.rows.indexOf(row) ?? -1);
    if (scroll === null || position === -1) return;
    const top = position * rowPx;
    // The head covers the first row of what is in sight.
    const inSight = { from: scroll.scrollTop, to: scroll.scrollTop + scroll.clientHeight - 2 * rowPx };
    if (top < inSight.from) scroll.scrollTop = top;
    else if (top > inSight.to) scroll.scrollTop = top - scroll.clientHeight + 3 * rowPx;
  }
}

function unitText({ unit }: Column, table: MemoryTable): string {
  if (unit === '') return '';
  return `, in ${unit ?? table.unit ?? 'pixels'}`;
}

function cellText(table: MemoryTable, row: number, column: number, { type }: Column): string {
  if (type === 'id') return String(table.idAt(row));
  const value = table.valueAt(row, column);
  if (Number.isNaN(value)) return '';
  return type === 'integer' ? String(value) : shortNumber(value);
}

/** Four significant digits, without an exponent where it can be read so. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}
