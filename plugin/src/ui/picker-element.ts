import { css, html, LitElement, nothing } from 'lit';
import { type AlibiError, asAlibiError, isAbort } from '../errors.ts';
import type { OmePlate, OmeWellRef } from '../ome/plate.ts';
import { type Collection, type CollectionItem, wellItems } from './collection.ts';
import { theme } from './theme.ts';
import { sentence } from './words.ts';

type WellState =
  | { readonly kind: 'none' }
  | { readonly kind: 'reading'; readonly well: OmeWellRef; readonly abort: AbortController }
  | { readonly kind: 'read'; readonly well: OmeWellRef; readonly items: readonly CollectionItem[] }
  | { readonly kind: 'failed'; readonly well: OmeWellRef; readonly error: AlibiError };

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/**
 * A plate's wells and fields, or a list of images, to choose one from. Arrow keys move between wells.
 *
 * @fires az-pick  detail: CollectionItem
 */
export class AlibiZarrPicker extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 14px; justify-items: center; max-width: 100%; }
      h2 { font-size: 17px; font-weight: 600; overflow-wrap: anywhere; }
      .plate { max-width: 100%; overflow: auto; padding: 3px; }
      table { border-spacing: 4px; }
      th { font-weight: 500; color: var(--az-muted); font-size: 12px; padding: 0 4px; }
      td button { width: 44px; height: 44px; padding: 0; border-radius: 50%; font-size: 12px; color: var(--az-muted); }
      table.many td button { width: 26px; height: 26px; font-size: 0; }
      ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; max-width: 720px; }
      .fields { min-height: 60px; display: grid; gap: 8px; justify-items: center; align-content: start; }
      .bad { color: var(--az-bad); }
    `,
  ];
  static override properties = { collection: { attribute: false }, well: { state: true } };
  declare collection: Collection | null;
  declare well: WellState;

  constructor() {
    super();
    this.collection = null;
    this.well = { kind: 'none' };
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('collection') && changed.get('collection') !== undefined) this.#forget();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forget();
  }

  #forget(): void {
    if (this.well.kind === 'reading') this.well.abort.abort();
    this.well = { kind: 'none' };
  }

  async #read(plate: OmePlate, well: OmeWellRef): Promise<void> {
    this.#forget();
    const abort = new AbortController();
    this.well = { kind: 'reading', well, abort };
    try {
      const items = await wellItems(plate, well.path, abort.signal);
      if (abort.signal.aborted) return;
      this.well = { kind: 'read', well, items };
      const [only, ...more] = items;
      if (only !== undefined && more.length === 0) this.#pick(only);
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLButtonElement>('.fields button')?.focus();
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      this.well = { kind: 'failed', well, error: asAlibiError(error, well.path) };
    }
  }

  #pick(item: CollectionItem): void {
    this.dispatchEvent(new CustomEvent<CollectionItem>('az-pick', { detail: item }));
  }

  /** To the next well in a direction, over places without one. */
  #move(event: KeyboardEvent, plate: OmePlate, well: OmeWellRef): void {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    let row = well.rowIndex + step[0];
    let column = well.columnIndex + step[1];
    while (row >= 0 && column >= 0 && row < plate.rows.length && column < plate.columns.length) {
      const next = this.renderRoot.querySelector<HTMLButtonElement>(`[data-well='${row}/${column}']`);
      if (next !== null) {
        next.focus();
        return;
      }
      row += step[0];
      column += step[1];
    }
  }

  protected override render() {
    if (this.collection === null) return nothing;
    const { name, content } = this.collection;
    if (content.kind === 'plate') {
      return html`
        <h2>${name}</h2>
        <p class="muted">A plate of ${content.plate.wells.length} wells. Choose one.</p>
        ${this.#plate(content.plate)}
        <div class="fields" aria-live="polite">${this.#fields()}</div>
      `;
    }
    const { of, items } = content;
    return html`
      <h2>${name}</h2>
      <p class="muted">${items.length === 0 ? `It lists no ${of}.` : `${items.length} ${of}. Choose one.`}</p>
      ${this.#list(items)}
    `;
  }

  #plate(plate: OmePlate) {
    const wells = new Map(plate.wells.map((well) => [`${well.rowIndex}/${well.columnIndex}`, well]));
    const chosen = this.well.kind === 'none' ? plate.wells[0] : this.well.well;
    return html`<div class="plate">
      <table class=${plate.columns.length > 12 ? 'many' : ''} aria-label="Wells">
        <tr><td></td>${plate.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr>
        ${plate.rows.map(
          (row, rowIndex) => html`<tr>
            <th scope="row">${row}</th>
            ${plate.columns.map((_, columnIndex) => {
              const well = wells.get(`${rowIndex}/${columnIndex}`);
              return html`<td>${well === undefined ? nothing : this.#well(plate, well, well === chosen)}</td>`;
            })}
          </tr>`,
        )}
      </table>
    </div>`;
  }

  #well(plate: OmePlate, well: OmeWellRef, isStop: boolean) {
    const isChosen = this.well.kind !== 'none' && this.well.well === well;
    return html`<button
      data-well=${`${well.rowIndex}/${well.columnIndex}`}
      tabindex=${isStop ? 0 : -1}
      aria-pressed=${isChosen}
      aria-label=${`Well ${well.row} ${well.column}`}
      title=${`Well ${well.row}${well.column}`}
      @keydown=${(event: KeyboardEvent) => this.#move(event, plate, well)}
      @click=${() => this.#read(plate, well)}
    >${well.row}${well.column}</button>`;
  }

  #fields() {
    switch (this.well.kind) {
      case 'none':
        return nothing;
      case 'reading':
        return html`<p class="muted">Reading well ${this.well.well.path}…</p>`;
      case 'failed':
        return html`<p class="bad" role="alert">${sentence(this.well.error.what)} (${this.well.error.where}). ${this.well.error.remedy}</p>`;
      case 'read': {
        const { well, items } = this.well;
        if (items.length === 0)
          return html`<p class="muted">Well ${well.row}${well.column} lists no fields.</p>`;
        return html`<p class="muted">Well ${well.row}${well.column}</p>${this.#list(items)}`;
      }
    }
  }

  #list(items: readonly CollectionItem[]) {
    return html`<ul>
      ${items.map((item) => html`<li><button title=${item.path} @click=${() => this.#pick(item)}>${item.title}</button></li>`)}
    </ul>`;
  }
}
