import { css, html, LitElement, nothing } from 'lit';
import { WorkspaceController } from './contexts.ts';
import { sizeAlong } from './display.ts';
import { theme } from './theme.ts';

/** Sliders along z and t, for those the image has. */
export class AlibiZarrSlices extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 2px; }
      label { display: grid; grid-template-columns: 14px 1fr 64px; gap: 8px; align-items: center; }
      .count { text-align: right; color: var(--az-muted); }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  protected override willUpdate(): void {
    const image = this.#workspace.workspace?.session.image;
    this.hidden = image === undefined || (sizeAlong(image, 'z') < 2 && sizeAlong(image, 't') < 2);
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { session, display } = workspace;
    return (['z', 't'] as const).map((axis) => {
      const size = sizeAlong(session.image, axis);
      if (size < 2) return nothing;
      const value = display.state[axis];
      return html`<label>
        <b>${axis}</b>
        <input
          type="range"
          min="0"
          max=${size - 1}
          aria-label=${axis === 'z' ? 'Slice along z' : 'Point in time'}
          .value=${String(value)}
          @input=${(event: Event) =>
            event.target instanceof HTMLInputElement &&
            display.update({ [axis]: Number(event.target.value) })}
        />
        <span class="count">${value + 1} / ${size}</span>
      </label>`;
    });
  }
}
