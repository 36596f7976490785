import { css, html, LitElement, nothing } from 'lit';
import { type Workspace, WorkspaceController } from './contexts.ts';
import { sizeAlong } from './display.ts';
import { showUnreviewed, toggleReviewed } from './reviewed.ts';
import { theme } from './theme.ts';

/** Sliders along z and t, for those the image has. */
export class AlibiZarrSlices extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: grid; gap: 2px; }
      label { display: grid; grid-template-columns: 14px 1fr 64px; gap: 8px; align-items: center; }
      .count { text-align: right; color: var(--az-muted); }
      .review { display: flex; gap: 8px; align-items: center; justify-content: flex-end; font-size: 12px; }
      .review span { flex: 1; color: var(--az-muted); }
      .review button { height: 24px; padding: 0 8px; font-size: 12px; }
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
    return [...this.#sliders(workspace), this.#review(workspace)];
  }

  #sliders({ session, display }: Workspace) {
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

  #review(workspace: Workspace) {
    const { session, display } = workspace;
    const { slices, total } = session.review;
    const isReviewed = session.review.has(display.state);
    return html`<div class="review">
      <span id="reviewed" role="status">${slices.length} of ${total} slices reviewed</span>
      <button
        id="toggle-reviewed"
        aria-pressed=${isReviewed}
        title="The segmentation of this slice is right (K). The project keeps it, and suggests no place to label here"
        @click=${() => toggleReviewed(workspace)}
      >Reviewed</button>
      <button
        id="next-unreviewed"
        ?disabled=${slices.length === total}
        title="Show the next slice that is not reviewed (J)"
        @click=${() => showUnreviewed(workspace)}
      >Next</button>
    </div>`;
  }
}
