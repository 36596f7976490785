import { html, type Markup } from '../markup.ts';
import { dashOf, marker, slotClass } from './marker.ts';

/** What the marks and lines of charts stand for, as a list above them. */
export function legend(entries: readonly { readonly slot: number; readonly label: string }[]): Markup {
  return html`<ul class="legend">${entries.map(
    ({ slot, label }) =>
      html`<li><svg aria-hidden="true" viewBox="0 0 34 14" width="34" height="14"><path class="line ${slotClass(slot)}" stroke-dasharray="${dashOf(slot)}" d="M1 7H33"/>${marker(slot, { x: 17, y: 7, r: 4 })}</svg>${label}</li>`,
  )}</ul>`;
}
