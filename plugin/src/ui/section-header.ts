import { html, type TemplateResult } from 'lit';

/** Title line of a panel section with actions at its right. */
export function sectionHeader(title: string, ...actions: readonly unknown[]): TemplateResult {
  return html`<h2><span class="grow">${title}</span>${actions}</h2>`;
}
