import { css, html, LitElement, nothing } from 'lit';
import type { KeptOffer, StrokeKeeper } from '../session-stroke-keeper.ts';
import type { Session } from '../session-types.ts';
import { WorkspaceController } from './contexts.ts';
import { icons } from './icons.ts';
import { theme } from './theme.ts';
import { sentence } from './words.ts';

/** Asks whether to go on with the strokes that an earlier visit of the image has left; nothing while there are none. */
export class AlibiZarrKeptStrokes extends LitElement {
  static override styles = [
    theme,
    css`
      :host { display: block; outline: none; }
      .offer { display: grid; gap: 8px; margin: 10px 12px; padding: 10px; border: 1px solid color-mix(in srgb, var(--az-accent) 45%, transparent); border-radius: var(--az-radius); background: color-mix(in srgb, var(--az-accent) 10%, var(--az-surface)); }
      .damaged { border-color: color-mix(in srgb, var(--az-warn) 45%, transparent); background: color-mix(in srgb, var(--az-warn) 10%, var(--az-surface)); }
      .buttons { display: flex; flex-wrap: wrap; gap: 6px; }
      .buttons button { height: auto; min-height: 28px; padding: 4px 10px; white-space: normal; text-align: start; }
      p { overflow-wrap: anywhere; }
    `,
  ];
  readonly #workspace = new WorkspaceController(this);

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = -1;
  }

  protected override render() {
    const { workspace } = this.#workspace;
    if (workspace === null) return nothing;
    const { keeper, session } = workspace;
    const { offer } = keeper;
    if (isOfProject(session, offer)) return nothing;
    switch (offer.kind) {
      case 'none':
        return nothing;
      case 'damaged':
        return html`<div class="offer damaged" role="status">
          <p class="small">${sentence(offer.error.what)}.</p>
          <div class="buttons">${this.#discard(keeper)}</div>
        </div>`;
      case 'strokes': {
        const { strokes, reviewed, savedMs } = offer.kept;
        const date = new Date(savedMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
        const parts = [counted(strokes.length, 'stroke'), counted(reviewed.length, 'reviewed slice')];
        const did = strokes.length === 0 ? 'reviewed slices of' : 'painted on';
        return html`<div class="offer" role="status">
          <p class="small">You have ${did} this image before.</p>
          <div class="buttons">
            <button id="continue-strokes" class="primary" @click=${() => this.#answer(keeper.accept())}>
              Continue with ${parts.filter((part) => part !== null).join(' and ')} from ${date}
            </button>
            ${this.#discard(keeper)}
          </div>
        </div>`;
      }
    }
  }

  /** The button that was clicked goes: with the focus here, the viewer's keys go on working. */
  #answer(answered: Promise<void>): void {
    this.focus();
    void answered;
  }

  #discard(keeper: StrokeKeeper) {
    return html`<button id="discard-strokes" @click=${() => this.#answer(keeper.discard())}>${icons.remove} Discard</button>`;
  }
}

/** What an image has of its project is what is kept, or later. */
function isOfProject({ project }: Session, offer: KeptOffer): boolean {
  const marksOnly = offer.kind === 'strokes' && offer.kept.strokes.length === 0;
  return project.images.some(
    ({ isOnShow, strokes, reviewed }) => isOnShow && (marksOnly ? reviewed !== 0 : strokes > 0),
  );
}

function counted(count: number, what: string): string | null {
  if (count === 0) return null;
  return count === 1 ? `the ${what}` : `the ${count} ${what}s`;
}
