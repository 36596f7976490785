import { css, html, LitElement, nothing } from 'lit';
import { WorkspaceController } from './contexts.ts';
import { icons } from './icons.ts';
import { theme } from './theme.ts';

export type ViewCommand = 'zoom-in' | 'zoom-out' | 'fit' | 'panel';

/**
 * Buttons over the picture.
 *
 * @fires az-view  detail: ViewCommand
 */
export class AlibiZarrToolbar extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: flex; flex-direction: column; gap: 2px; padding: 3px; border-radius: 8px; border: 1px solid var(--az-line); background: color-mix(in srgb, var(--az-surface) 92%, transparent); box-shadow: 0 4px 16px rgb(0 0 0 / 35%); }
      hr { border: 0; border-top: 1px solid var(--az-line); margin: 2px 4px; width: auto; }
      button.icon { width: 30px; height: 30px; border-radius: 5px; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    return html`
      ${this.#button('zoom-in', 'Zoom in (+)', icons.plus)} ${this.#button('zoom-out', 'Zoom out (−)', icons.minus)}
      ${this.#button('fit', 'Show everything (0)', icons.fit)}
      <hr />
      ${this.#button('panel', 'Show or hide the panel (H)', icons.panel)}
    `;
  }

  #button(command: ViewCommand, title: string, icon: unknown) {
    return html`<button
      class="icon"
      aria-label=${title.replace(/ \(.*/, '')}
      title=${title}
      @click=${() => this.dispatchEvent(new CustomEvent('az-view', { detail: command, bubbles: true, composed: true }))}
    >${icon}</button>`;
  }
}
